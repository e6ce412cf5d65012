import type { Clock } from "./clock.js";
import { RoomError } from "./index.js";
import { type Guest, invalid } from "./local-guest.js";
import type { RoomHost } from "./local-host.js";
import type { LocalSocket } from "./local-socket.js";
import type { WayQuality } from "./testing-way.js";
import { Wire } from "./testing-wire.js";
import { inWords } from "./values.js";

/**
 * The network between one client and its room: `room.network(client)`. What it does, it does at this
 * moment of virtual time; what comes of it, `run()` and `advance()` show.
 */
export class TestNetwork {
  readonly #name: string;
  readonly #clock: Clock;
  readonly #quality: WayQuality;
  #wire: Wire | undefined;
  #offlineUntil = 0;

  /** @internal */
  constructor(name: string, clock: Clock, latencyMs: () => number) {
    this.#name = name;
    this.#clock = clock;
    this.#quality = { latencyMs, bytesPerSecond: Number.POSITIVE_INFINITY };
  }

  /** Whether there is a connection, or one is being made. */
  get isConnected(): boolean {
    const socket = this.#wire?.socket;
    return socket !== undefined && socket.readyState < socket.CLOSING;
  }

  /**
   * Breaks the connection. Some of what is under way still arrives, chance says how much; then both
   * sides hear that it is gone. The client connects again.
   *
   * @throws `RoomError` `not-connected`.
   */
  cut(): void {
    const kept = (underWay: number) => Math.floor(this.#clock.random() * (underWay + 1));
    this.#connected("cut").cut(kept);
  }

  /**
   * From now on nothing arrives over this connection, in either direction, and nobody is told. Both
   * sides find out when they have heard nothing for too long.
   *
   * @throws `RoomError` `not-connected`.
   */
  silence(): void {
    this.#connected("silence").silence();
  }

  /**
   * The client reads nothing for so many milliseconds; then it reads all that has come.
   *
   * @throws `RoomError` `not-connected`; `invalid-argument`.
   */
  hold(milliseconds: number): void {
    const until = this.#clock.now() + checkedMs("milliseconds", milliseconds);
    this.#connected("hold").holdUntil(until);
  }

  /**
   * From now on so many bytes go in a second, in either direction; `Infinity` is as fast as before.
   *
   * @throws `RoomError` `invalid-argument`.
   */
  slow(bytesPerSecond: number): void {
    if (!(typeof bytesPerSecond === "number" && bytesPerSecond > 0)) {
      throw invalid(`bytesPerSecond must be above 0, but is ${inWords(bytesPerSecond)}`);
    }
    this.#quality.bytesPerSecond = bytesPerSecond;
  }

  /**
   * Breaks the connection, if there is one, and lets none be made: for so many milliseconds, or until
   * `online()`.
   *
   * @throws `RoomError` `invalid-argument`.
   */
  offline(milliseconds: number = Number.POSITIVE_INFINITY): void {
    this.#offlineUntil = this.#clock.now() + checkedMs("milliseconds", milliseconds);
    if (this.isConnected) {
      this.cut();
    }
  }

  /** Lets connections be made again. The client tries when it is due. */
  online(): void {
    this.#offlineUntil = 0;
  }

  /** @internal Without a host nobody is there. */
  open(host: RoomHost | undefined, guest: Guest): LocalSocket {
    const isOffline = this.#clock.now() < this.#offlineUntil;
    const wire = new Wire(host, this.#clock, this.#quality);
    this.#wire = wire;
    if (isOffline || host === undefined) {
      wire.refuse();
    } else {
      wire.connect(guest);
    }
    return wire.socket;
  }

  /** @internal At once. */
  end(code: number, reason: string): void {
    this.#wire?.end(code, reason);
  }

  #connected(what: string): Wire {
    if (this.#wire === undefined || !this.isConnected) {
      const message = `${inWords(this.#name)} has no connection to ${what}`;
      throw new RoomError("not-connected", message, { hint: CONNECT_HINT });
    }
    return this.#wire;
  }
}

/** Checks a time; endless is a time. */
export function checkedMs(what: string, given: unknown): number {
  if (!(typeof given === "number" && given >= 0)) {
    throw invalid(`${what} must be a number, 0 or more, but is ${inWords(given)}`);
  }
  return given;
}

const CONNECT_HINT = "Connect the client first: await room.run(client.connect()).";

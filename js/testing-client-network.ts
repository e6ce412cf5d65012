import type { Clock } from "./clock.js";
import { RoomError } from "./index.js";
import { type Guest, invalid } from "./local-guest.js";
import type { RoomHost } from "./local-host.js";
import type { LocalSocket } from "./local-socket.js";
import type { TestNetwork } from "./testing-network.js";
import type { WayQuality } from "./testing-way.js";
import { Wire } from "./testing-wire.js";
import { inWords } from "./values.js";

/** The network of one client, over as many connections as it takes. */
export class ClientNetwork implements TestNetwork {
  readonly #name: string;
  readonly #clock: Clock;
  readonly #quality: WayQuality;
  #wire: Wire | undefined;
  #offlineUntil = 0;

  constructor(name: string, clock: Clock, latencyMs: () => number) {
    this.#name = name;
    this.#clock = clock;
    this.#quality = { latencyMs, bytesPerSecond: Number.POSITIVE_INFINITY };
  }

  get isConnected(): boolean {
    const socket = this.#wire?.socket;
    return socket !== undefined && socket.readyState < socket.CLOSING;
  }

  cut(): void {
    const kept = (underWay: number) => Math.floor(this.#clock.random() * (underWay + 1));
    this.#connected("cut").cut(kept);
  }

  silence(): void {
    this.#connected("silence").silence();
  }

  hold(milliseconds: number): void {
    const until = this.#clock.now() + checkedMs("milliseconds", milliseconds);
    this.#connected("hold").holdUntil(until);
  }

  slow(bytesPerSecond: number): void {
    if (!(typeof bytesPerSecond === "number" && bytesPerSecond > 0)) {
      throw invalid(`bytesPerSecond must be above 0, but is ${inWords(bytesPerSecond)}`);
    }
    this.#quality.bytesPerSecond = bytesPerSecond;
  }

  offline(milliseconds: number = Number.POSITIVE_INFINITY): void {
    this.#offlineUntil = this.#clock.now() + checkedMs("milliseconds", milliseconds);
    if (this.isConnected) {
      this.cut();
    }
  }

  online(): void {
    this.#offlineUntil = 0;
  }

  /** Without a host nobody is there. */
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

  /** Ends the connection at once. */
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

import type { Clock } from "./clock.js";
import { LocalCore } from "./local/room_local.js";
import type { Guest } from "./local-guest.js";
import type { LocalSocket, Seat } from "./local-socket.js";
import { later } from "./local-turns.js";

/** What a room is made of. */
export interface HostOptions {
  name: string;
  url: string;
  /** What it lives by. */
  clock: Clock;
  /** Whether there is a network to its members: silence is a loss then. */
  isRemote: boolean;
}

/**
 * The room itself. Nothing here is called while the room works: whoever calls comes in a turn of
 * their own, and what the room says is taken out of it before it is told.
 */
export class RoomHost {
  readonly #clock: Clock;
  #core: LocalCore | undefined;
  readonly #seats = new Map<number, Seat>();
  #alarm: { timer: unknown; at: number } | undefined;

  /** The WebAssembly must have been loaded. */
  constructor({ name, url, clock, isRemote }: HostOptions) {
    this.#clock = clock;
    this.#core = new LocalCore(name, url, clock.newId(), isRemote);
  }

  /** Connects a socket of this page. */
  seat(socket: LocalSocket, guest: Guest): void {
    let line: number | undefined;
    socket.line = {
      send: (bytes) =>
        later(() => {
          this.receive(line, bytes);
          socket.taken(bytes.length);
        }),
      close: (code, reason) =>
        later(() => {
          this.close(line, code);
          socket.ended(code, reason);
        }),
    };
    later(() => {
      line = this.connect(guest, socket);
    });
  }

  /** Gives the connection's number; or `undefined`, and its seat was told why not. */
  connect({ name, role, attributes, resume }: Guest, seat: Seat): number | undefined {
    let line: number | undefined;
    const [id, epoch] = [this.#clock.newId(), this.#clock.newId()];
    const refusal = this.#ask((core, now) => {
      line = core.connect(now, id, name, role, attributes, epoch, resume);
    });
    if (line === undefined) {
      seat.ended(FOR_GOOD, refusal ?? "the room has ended");
      return undefined;
    }
    this.#seats.set(line, seat);
    seat.opened();
    this.#tell();
    return line;
  }

  receive(line: number | undefined, packet: Uint8Array): void {
    if (line !== undefined) {
      this.#ask((core, now) => core.receive(now, line, packet));
      this.#tell();
    }
  }

  /** There was a sign of life. */
  heard(line: number): void {
    this.#ask((core, now) => core.heard(now, line));
  }

  /** So many bytes have arrived. */
  taken(line: number, bytes: number): void {
    this.#ask((core) => core.taken(line, bytes));
    this.#tell();
  }

  /** The connection is closed. Without a goodbye the member may come back for a while. */
  close(line: number | undefined, code: number): void {
    if (line !== undefined) {
      this.#seats.delete(line);
      this.#ask((core, now) => core.close(now, line, code));
      this.#tell();
    }
  }

  /** Ends all connections. */
  end(code: number, reason: string): void {
    this.#core?.free();
    this.#core = undefined;
    this.#setAlarm(undefined);
    const seats = [...this.#seats.values()];
    this.#seats.clear();
    for (const seat of seats) {
      seat.ended(code, reason);
    }
  }

  #tell(): void {
    let outputs: ReturnType<LocalCore["drain"]> = [];
    let wakeup: number | undefined;
    this.#ask((core) => {
      outputs = core.drain();
      wakeup = core.nextWakeup();
    });
    this.#setAlarm(wakeup);
    for (const [line, what, reason] of outputs) {
      const seat = this.#seats.get(line);
      if (what === undefined) {
        seat?.pinged?.();
      } else if (typeof what === "number") {
        this.#seats.delete(line);
        seat?.ended(what, reason ?? "");
      } else {
        seat?.deliver(what);
      }
    }
  }

  #setAlarm(at: number | undefined): void {
    // One that is early is set anew when it fires.
    if (at !== undefined && this.#alarm !== undefined && this.#alarm.at <= at) {
      return;
    }
    this.#clock.clearTimeout(this.#alarm?.timer);
    this.#alarm = undefined;
    if (at !== undefined) {
      const waitMs = Math.min(Math.max(Math.ceil(at - this.#clock.now()), 0), LONGEST_TIMER_MS);
      this.#alarm = { at, timer: this.#clock.setTimeout(() => this.#onAlarm(), waitMs) };
    }
  }

  #onAlarm(): void {
    this.#alarm = undefined;
    this.#ask((core, now) => core.wake(now));
    this.#tell();
  }

  /** Asks the room. Gives why it refused; if it failed, that is the end of everybody. */
  #ask(act: (core: LocalCore, now: number) => void): string | undefined {
    if (this.#core === undefined) {
      return undefined;
    }
    try {
      act(this.#core, this.#clock.now());
      return undefined;
    } catch (error) {
      if (error instanceof Error && !isTrap(error)) {
        return error.message;
      }
      // Its memory is in the middle of something; it is not even freed.
      this.#core = undefined;
      const reason = `the room failed: ${error}; reload the page`;
      this.#clock.setTimeout(() => this.end(FOR_GOOD, reason), 0);
      return reason;
    }
  }
}

function isTrap(error: Error): boolean {
  return error instanceof WebAssembly.RuntimeError || error instanceof RangeError;
}

/** The close code after which nobody comes back. */
export const FOR_GOOD = 1000;

/** A timer of more than 31 bits fires at once. */
const LONGEST_TIMER_MS = 3_600_000;

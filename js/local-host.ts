import { LocalCore } from "./local/room_local.js";
import type { LocalSocket, Seat } from "./local-socket.js";
import { later } from "./local-turns.js";
import { uuid } from "./uuid.js";

/** Who comes in. `attributes` is JSON text of an object. */
export interface Guest {
  name: string;
  role: string;
  attributes: string;
}

/**
 * The room itself. Nothing here is called while the room works: whoever calls comes in a turn of
 * their own, and what the room says is taken out of it before it is told.
 */
export class RoomHost {
  #core: LocalCore | undefined;
  readonly #seats = new Map<number, Seat>();

  /** The WebAssembly must have been loaded. */
  constructor(name: string, url: string) {
    this.#core = new LocalCore(name, url, uuid());
  }

  /** Seats a member of this page. */
  seat(socket: LocalSocket, guest: Guest): void {
    let member: number | undefined;
    socket.line = {
      send: (bytes) =>
        later(() => {
          this.receive(member, bytes);
          socket.taken(bytes.length);
        }),
      close: (code, reason) =>
        later(() => {
          this.leave(member);
          socket.ended(code, reason);
        }),
    };
    later(() => {
      member = this.join(guest, socket);
    });
  }

  /** Gives the member's number; or `undefined`, and its seat was told why not. */
  join({ name, role, attributes }: Guest, seat: Seat): number | undefined {
    let member: number | undefined;
    const refusal = this.#ask((core) => {
      member = core.join(uuid(), name, role, attributes);
    });
    if (member === undefined) {
      seat.ended(FOR_GOOD, refusal ?? "the room has ended");
      return undefined;
    }
    this.#seats.set(member, seat);
    seat.opened();
    this.#tell();
    return member;
  }

  receive(member: number | undefined, packet: Uint8Array): void {
    if (member !== undefined) {
      this.#ask((core) => core.receive(member, packet));
      this.#tell();
    }
  }

  leave(member: number | undefined): void {
    if (member !== undefined) {
      this.#seats.delete(member);
      this.#ask((core) => core.leave(member));
      this.#tell();
    }
  }

  /** Ends all members. */
  end(code: number, reason: string): void {
    this.#core?.free();
    this.#core = undefined;
    const seats = [...this.#seats.values()];
    this.#seats.clear();
    for (const seat of seats) {
      seat.ended(code, reason);
    }
  }

  #tell(): void {
    let outputs: ReturnType<LocalCore["drain"]> = [];
    this.#ask((core) => {
      outputs = core.drain();
    });
    for (const [member, what, reason] of outputs) {
      const seat = this.#seats.get(member);
      if (typeof what === "number") {
        this.#seats.delete(member);
        seat?.ended(what, reason ?? "");
      } else {
        seat?.deliver(what);
      }
    }
  }

  /** Asks the room. Gives why it refused; if it failed, that is the end of everybody. */
  #ask(act: (core: LocalCore) => void): string | undefined {
    if (this.#core === undefined) {
      return undefined;
    }
    try {
      act(this.#core);
      return undefined;
    } catch (error) {
      if (error instanceof Error && !isTrap(error)) {
        return error.message;
      }
      // Its memory is in the middle of something; it is not even freed.
      this.#core = undefined;
      const reason = `the room failed: ${error}; reload the page`;
      later(() => this.end(FOR_GOOD, reason));
      return reason;
    }
  }
}

function isTrap(error: Error): boolean {
  return error instanceof WebAssembly.RuntimeError || error instanceof RangeError;
}

/** The close code after which nobody comes back. */
export const FOR_GOOD = 1000;

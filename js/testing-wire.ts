import type { Clock } from "./clock.js";
import type { Guest } from "./local-guest.js";
import type { RoomHost } from "./local-host.js";
import { LOST, LocalSocket, type Seat } from "./local-socket.js";
import { Way, type WayQuality } from "./testing-way.js";

/** One connection: a socket, the room's end of it, and the ways between them. */
export class Wire implements Seat {
  readonly socket = new LocalSocket();
  readonly #host: RoomHost | undefined;
  readonly #clock: Clock;
  readonly #toRoom: Way;
  readonly #toClient: Way;
  /** The room's number for it. */
  #line: number | undefined;

  constructor(host: RoomHost | undefined, clock: Clock, quality: WayQuality) {
    this.#host = host;
    this.#clock = clock;
    this.#toRoom = new Way(clock, quality);
    this.#toClient = new Way(clock, quality);
    this.socket.line = {
      send: (bytes) => this.#send(bytes),
      close: (code, reason) => this.#close(code, reason),
    };
  }

  connect(guest: Guest): void {
    this.#toRoom.send(0, () => {
      this.#line = this.#host?.connect(guest, this);
    });
  }

  /** Nobody is there to connect to. */
  refuse(): void {
    this.#toRoom.send(0, () => this.#toClient.send(0, () => this.socket.ended(LOST, "")));
  }

  /** Breaks it; both ends hear of that, after some of what was under way. */
  cut(kept: (underWay: number) => number): void {
    this.#toRoom.cut(kept, () => this.#host?.close(this.#line, LOST));
    this.#toClient.cut(kept, () => this.socket.ended(LOST, ""));
  }

  /** Nothing arrives, and nobody is told. */
  silence(): void {
    this.#toRoom.silence();
    this.#toClient.silence();
  }

  /** The client reads nothing before that. */
  holdUntil(at: number): void {
    this.#toClient.holdUntil(at);
  }

  /** Ends it at once, whatever is under way. */
  end(code: number, reason: string): void {
    this.silence();
    this.socket.ended(code, reason);
  }

  // What the room says.

  opened(): void {
    this.#toClient.send(0, () => this.socket.opened());
  }

  deliver(packet: Uint8Array<ArrayBuffer>): void {
    const { length } = packet;
    this.#toClient.send(length, () => {
      this.socket.deliver(packet);
      if (this.#line !== undefined) {
        this.#host?.taken(this.#line, length);
      }
    });
  }

  /** A browser answers by itself. */
  pinged(): void {
    this.#toClient.send(0, () =>
      this.#toRoom.send(0, () => {
        if (this.#line !== undefined) {
          this.#host?.heard(this.#line);
        }
      }),
    );
  }

  ended(code: number, reason: string): void {
    this.#toClient.send(0, () => this.socket.ended(code, reason));
  }

  // What the client says.

  #send(bytes: Uint8Array<ArrayBuffer>): void {
    const { length } = bytes;
    this.#toRoom.send(length, () => {
      this.socket.taken(length);
      this.#host?.receive(this.#line, bytes);
    });
  }

  /** As browsers do it: over when the other side has answered, or does not. */
  #close(code: number, reason: string): void {
    const giveUp = () => this.socket.ended(LOST, "");
    const timer = this.#clock.setTimeout(giveUp, CLOSE_LIMIT_MS);
    this.#toRoom.send(0, () => {
      this.#host?.close(this.#line, code);
      this.#toClient.send(0, () => {
        this.#clock.clearTimeout(timer);
        this.socket.ended(code, reason);
      });
    });
  }
}

const CLOSE_LIMIT_MS = 2000;

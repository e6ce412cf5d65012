/** The other end of a {@link LocalSocket}. What it is told, it does later. */
export interface Line {
  /** The bytes are its own. It says `taken()` when they have arrived. */
  send(bytes: Uint8Array<ArrayBuffer>): void;
  /** Lets go; says `ended()`. */
  close(code: number, reason: string): void;
}

/** What a room says to a member. */
export interface Seat {
  opened(): void;
  deliver(packet: Uint8Array<ArrayBuffer>): void;
  /** Is it there? */
  pinged?(): void;
  ended(code: number, reason: string): void;
}

/** A WebSocket without a network, as far as the core uses one. */
export class LocalSocket extends EventTarget implements Seat {
  readonly CONNECTING = 0;
  readonly OPEN = 1;
  readonly CLOSING = 2;
  readonly CLOSED = 3;
  binaryType = "arraybuffer";
  #readyState: number = this.CONNECTING;
  #bufferedAmount = 0;
  /** Set before anything else is done. */
  line: Line | undefined;

  get readyState(): number {
    return this.#readyState;
  }

  /** What was sent and has not arrived, in bytes. */
  get bufferedAmount(): number {
    return this.#bufferedAmount;
  }

  /** The bytes are copied: they may be in memory that the sender uses again. */
  send(bytes: Uint8Array): void {
    this.#bufferedAmount += bytes.length;
    if (this.#readyState === this.OPEN) {
      this.line?.send(bytes.slice());
    }
  }

  close(code = 1005, reason = ""): void {
    if (this.#readyState < this.CLOSING) {
      this.#readyState = this.CLOSING;
      this.line?.close(code, reason);
    }
  }

  opened(): void {
    if (this.#readyState === this.CONNECTING) {
      this.#readyState = this.OPEN;
      this.dispatchEvent(new Event("open"));
    }
  }

  deliver(packet: Uint8Array<ArrayBuffer>): void {
    if (this.#readyState === this.OPEN) {
      this.dispatchEvent(new MessageEvent("message", { data: packet.buffer }));
    }
  }

  /** So many bytes have arrived. */
  taken(bytes: number): void {
    this.#bufferedAmount -= bytes;
  }

  ended(code: number, reason: string): void {
    if (this.#readyState !== this.CLOSED) {
      this.#readyState = this.CLOSED;
      // Node has CloseEvent only from 23 on.
      const details = { code, reason, wasClean: code !== LOST };
      this.dispatchEvent(Object.assign(new Event("close"), details));
    }
  }
}

/** The close code of a connection that broke. */
export const LOST = 1006;

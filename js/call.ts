import type { Core } from "./core.js";
import type { EngineMessage } from "./engine.js";
import { failure, type RoomError } from "./errors.js";
import { Bell, Ready } from "./ready.js";

/** One end of a duplex stream. Wrapped by `MessagingStream`. Who did not open it is asked first. */
export class Call {
  /** The other side. */
  readonly peer: string;
  readonly #core: Core;
  readonly #key: number;
  readonly #opened = new Ready();
  readonly #over = new Ready();
  readonly #stir = new Bell();
  #streamId: string;
  #isAnswered: boolean;

  constructor(core: Core, key: number, streamId: string, peer: string, isOurs: boolean) {
    this.#core = core;
    this.#key = key;
    this.#streamId = streamId;
    this.peer = peer;
    this.#isAnswered = isOurs;
  }

  /** The same at both ends; empty until it is accepted. */
  get streamId(): string {
    return this.#streamId;
  }

  /** Settles when the other side accepts, refuses, leaves or does not answer in time. */
  opened(): Promise<void> {
    return this.#opened.promise;
  }

  /** Settles when the stream is over; rejects too when a request was withdrawn. */
  closed(): Promise<void> {
    return this.#over.promise;
  }

  /** Takes a request; throws if it was withdrawn or answered before. */
  accept(): void {
    this.#throwIfOver();
    this.#core.command((engine) => engine.acceptCall(this.#key));
    this.#isAnswered = true;
  }

  /** Refuses a request. Does nothing if it is no longer open. */
  reject(reason: string): void {
    if (this.#isAnswered || this.#over.isSettled) {
      return;
    }
    this.#isAnswered = true;
    this.#core.tellOver((engine) => engine.rejectCall(this.#key, reason));
    this.#core.forgetCall(this.#key);
    this.onClosed(failure("aborted", "the stream was refused"));
  }

  /** Sends a message; resolves when the server has taken it, where the server says so. */
  async send(type: string, json: string, attachment: Uint8Array | undefined): Promise<void> {
    this.#throwIfOver();
    await this.#core.request((engine) => engine.sendCall(this.#key, type, json, attachment));
  }

  /** The next message; undefined at the end. One call at a time. */
  async next(): Promise<EngineMessage | undefined> {
    for (;;) {
      const message = this.#read();
      if (message !== undefined) {
        return message ?? undefined;
      }
      await this.#stir.wait();
    }
  }

  /** Ends it for both directions; withdraws a call that is not answered. */
  close(): void {
    this.#core.tellOver((engine) => engine.closeCall(this.#key));
  }

  onOpened(streamId: string, error: RoomError | undefined): void {
    if (error === undefined) {
      this.#streamId = streamId;
      this.#opened.settle();
    } else {
      // A call that was not accepted has no further events.
      this.#core.forgetCall(this.#key);
      this.onClosed(error);
    }
  }

  onStirred(): void {
    this.#stir.ring();
  }

  onClosed(error: RoomError | undefined): void {
    if (error !== undefined) {
      this.#opened.settle(error);
    }
    this.#over.settle(error);
    this.#stir.ring();
  }

  onFailed(error: RoomError): void {
    this.onClosed(error);
  }

  /** `undefined` if there is none yet, `null` at the end. */
  #read(): EngineMessage | undefined | null {
    try {
      return this.#core.command((engine) => engine.readCall(this.#key));
    } catch (error) {
      if (!this.#over.isSettled) {
        throw error;
      }
      // Its end has been read before, or we closed it.
      if (this.#over.error === undefined) {
        return null;
      }
      throw this.#over.error;
    }
  }

  #throwIfOver(): void {
    if (this.#over.isSettled) {
      throw this.#over.error ?? failure("stream-closed", "the stream has been closed");
    }
  }
}

import { RoomError, reasonText, showMistake } from "./errors.js";
import type { RemoteParticipant } from "./participants.js";
import type { IncomingStream } from "./stream-ends.js";
import { MessageStreamReader } from "./streams.js";

/**
 * Takes or refuses an offered stream.
 *
 * Reading from the reader accepts the stream, and so does returning, or fulfilling the promise.
 * Throwing or rejecting before that refuses it, with the error's message as the reason. Throwing
 * or rejecting later cancels it.
 */
export type StreamAcceptCallback = (reader: MessageStreamReader) => unknown;

/** An offered stream until it is answered, and the application's callback after that. */
export class Offer {
  readonly #core: IncomingStream;
  readonly #reader: MessageStreamReader;
  readonly #onAccepted: (reader: MessageStreamReader) => void;
  #isAnswered = false;

  constructor(
    core: IncomingStream,
    from: RemoteParticipant,
    onAccepted: (reader: MessageStreamReader) => void,
  ) {
    this.#core = core;
    this.#onAccepted = onAccepted;
    this.#reader = new MessageStreamReader(core, from, () => this.#accept());
  }

  /** Lets the application answer. */
  ask(callback: StreamAcceptCallback): void {
    let result: unknown;
    try {
      result = callback(this.#reader);
    } catch (error) {
      this.#fail(error);
      return;
    }
    Promise.resolve(result).then(
      () => this.#acceptUnlessWithdrawn(),
      (error) => this.#fail(error),
    );
  }

  /** Throws if the offer was withdrawn. */
  #accept(): void {
    if (!this.#isAnswered) {
      this.#core.accept();
      this.#isAnswered = true;
      this.#onAccepted(this.#reader);
    }
  }

  #acceptUnlessWithdrawn(): void {
    try {
      this.#accept();
    } catch (error) {
      // Whoever reads hears it again.
      if (!(error instanceof RoomError)) {
        throw error;
      }
    }
  }

  /** Before the answer it is a refusal; after it, the stream cannot go on. */
  #fail(error: unknown): void {
    const reason = reasonText(error) || "the stream was refused";
    if (!this.#isAnswered) {
      this.#isAnswered = true;
      this.#core.reject(reason);
      return;
    }
    this.#core.cancel(reason);
    // How a stream ended is told by `stream_closed`; other errors nobody else would see.
    if (!(error instanceof RoomError)) {
      showMistake(error);
    }
  }
}

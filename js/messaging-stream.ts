/// <reference lib="esnext.disposable" preserve="true" />

import type { Call } from "./call.js";
import { failure } from "./errors.js";
import { RoomMessage } from "./messages.js";
import { SendQueue } from "./send-queue.js";
import { abortable, type CallOptions, liveSignal, throwIfAborted } from "./signals.js";
import { type Attachment, attachmentBytes, isObject, jsonObject, nonEmpty } from "./values.js";

/** A message to be sent over a {@link MessagingStream}. */
export interface StreamMessageInit extends CallOptions {
  /** The application's word for the kind of message. */
  type: string;
  /** What `JSON.stringify` makes an object of. */
  message: object;
  /** Bytes that go with it. */
  attachment?: Attachment | undefined;
}

/**
 * A stream of messages in both directions, as agents use it. One side opens it with
 * `messaging.stream()`, the other accepts it in an event `stream_requested`.
 *
 * Read it with `for await` or through `readable`; use one of them. Either side closes it for both.
 *
 * @example
 * ```ts
 * const stream = await room.messaging.stream({ to: agent, type: "chat.ask", message: { text } });
 * for await (const { type, message } of stream) show(type, message);
 * ```
 */
export class MessagingStream {
  readonly #core: Call;
  readonly #queue = new SendQueue();
  #readable: ReadableStream<RoomMessage> | undefined;
  #writable: WritableStream<StreamMessageInit> | undefined;

  /** @internal */
  constructor(core: Call) {
    this.#core = core;
  }

  /** The stream's id, the same at both ends. */
  get streamId(): string {
    return this.#core.streamId;
  }

  /** The id of the other side. */
  get participantId(): string {
    return this.#core.peer;
  }

  /** Resolves when one side has closed; rejects with the `RoomError` if the stream failed. */
  get closed(): Promise<void> {
    return this.#core.closed();
  }

  /**
   * Sends a message. Resolves when the server has taken it, or, at the end that accepted, when it
   * is on its way: the protocol has no answer there.
   *
   * @returns A promise that rejects with a `RoomError`, among others `stream-closed`, `peer-left`.
   */
  send(type: string, message: object, attachment?: Attachment): Promise<void>;
  send(options: StreamMessageInit): Promise<void>;
  async send(
    first: string | StreamMessageInit,
    message?: object,
    attachment?: Attachment,
  ): Promise<void> {
    const options = (
      isObject(first) ? first : { type: first, message, attachment }
    ) as StreamMessageInit;
    const type = nonEmpty("the type of the message", options.type);
    const json = jsonObject("the message", options.message);
    const signal = liveSignal(options);
    const bytes = attachmentBytes(options.attachment);
    const sent = this.#queue.add(bytes, async (read) => {
      throwIfAborted(signal);
      await this.#core.send(type, json, read);
    });
    await abortable(sent, signal);
  }

  /** Ends the stream for both sides, after what was sent before. What came can still be read. */
  async close(): Promise<void> {
    await this.#queue.idle();
    this.#core.close();
  }

  /** What the other side sends. */
  get readable(): ReadableStream<RoomMessage> {
    this.#readable ??= new ReadableStream<RoomMessage>(
      {
        pull: async (controller) => {
          const message = await this.#next();
          if (message === undefined) {
            controller.close();
          } else {
            controller.enqueue(message);
          }
        },
        cancel: () => this.#core.close(),
      },
      { highWaterMark: 0 },
    );
    return this.#readable;
  }

  /** Takes messages; closing or aborting it closes the stream. */
  get writable(): WritableStream<StreamMessageInit> {
    this.#writable ??= new WritableStream<StreamMessageInit>({
      write: (message) => this.send(message),
      close: () => this.#core.close(),
      abort: () => this.#core.close(),
    });
    return this.#writable;
  }

  /** Reads to the end; leaving the loop early closes the stream. */
  async *[Symbol.asyncIterator](): AsyncGenerator<RoomMessage, void, undefined> {
    try {
      for (;;) {
        const message = await this.#next();
        if (message === undefined) {
          return;
        }
        yield message;
      }
    } finally {
      this.#core.close();
    }
  }

  /** Closes it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #next(): Promise<RoomMessage | undefined> {
    const message = await this.#core.next();
    if (message === undefined) {
      return undefined;
    }
    const { type, json, attachment } = message;
    return new RoomMessage(this.#core.peer, type, json, attachment);
  }
}

/** Somebody opens a {@link MessagingStream} to us: the event `stream_requested`. */
export class StreamRequestedEvent extends Event {
  /** The message it is opened with; `fromParticipantId` says who opens it. */
  readonly message: RoomMessage;
  readonly #core: Call;
  readonly #onAccepted: (stream: MessagingStream) => void;
  #isAnswered = false;

  /** @internal */
  constructor(core: Call, message: RoomMessage, onAccepted: (stream: MessagingStream) => void) {
    super("stream_requested");
    this.#core = core;
    this.message = message;
    this.#onAccepted = onAccepted;
  }

  /** The stream's id, the same at both ends. */
  get streamId(): string {
    return this.#core.streamId;
  }

  /** Rejects when the request is withdrawn before it is answered. */
  get withdrawn(): Promise<void> {
    return this.#core.closed();
  }

  /**
   * Takes the stream, now or later.
   *
   * @throws `RoomError` `stream-closed` if it was withdrawn or answered before.
   */
  accept(): MessagingStream {
    this.#answer();
    this.#core.accept();
    const stream = new MessagingStream(this.#core);
    this.#onAccepted(stream);
    return stream;
  }

  /** Refuses the stream; the other side gets the reason. */
  reject(reason = "the stream was refused"): void {
    this.#answer();
    this.#core.reject(String(reason));
  }

  #answer(): void {
    if (this.#isAnswered) {
      throw failure("invalid-argument", "the request has been answered before");
    }
    this.#isAnswered = true;
  }
}

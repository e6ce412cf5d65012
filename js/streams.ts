/// <reference lib="esnext.disposable" preserve="true" />

import type { DuplexWriter } from "./duplex-writer.js";
import { reasonText } from "./errors.js";
import type { RemoteParticipant } from "./participants.js";
import { abortable, type CallOptions, liveSignal } from "./signals.js";
import { chunkParts, type MessageStreamChunkInit } from "./sinks.js";
import type { IncomingStream, OutgoingStream } from "./stream-ends.js";
import { type Bytes, bytesOf, type OwnBytes } from "./values.js";

export type { MessageStreamChunkInit };

/** One piece of a stream: bytes, and what the writer says about them. */
export class MessageStreamChunk {
  /** Any JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: the shape is the application's
  readonly header: any;
  /**
   * The bytes, which may be none. Those that were received are a view of what the browser received,
   * uncopied: the `buffer` may be larger, and other chunks may be in it. Before you transfer it to a
   * worker, take `data.slice()`.
   */
  readonly data: Uint8Array;

  constructor(header: unknown, data: Bytes) {
    this.header = header;
    this.data = bytesOf("the data of a chunk", data);
  }
}

/**
 * The writing end of a stream. Made by `createStream()` when the other side has accepted.
 *
 * Write with `write()` and `close()`, or through `writable` or `bytes()`; use one of them.
 */
export class MessageStreamWriter {
  /** What was said about the stream when it was opened. */
  // biome-ignore lint/suspicious/noExplicitAny: the shape is the application's
  readonly header: any;
  readonly #core: OutgoingStream | DuplexWriter;

  /** @internal */
  constructor(core: OutgoingStream | DuplexWriter, header: unknown) {
    this.#core = core;
    this.header = header;
  }

  /** The stream's id on the wire, the same at both ends. */
  get streamId(): string {
    return this.#core.streamId;
  }

  /** The id of the participant that reads it. */
  get to(): string {
    return this.#core.to;
  }

  /** Resolves when the stream has ended cleanly; rejects with the `RoomError` if it failed. */
  get closed(): Promise<void> {
    return this.#core.closed();
  }

  /** How many bytes may be written without waiting. */
  get desiredSize(): number {
    return this.#core.desiredSize;
  }

  /**
   * Writes a chunk. Resolves when there is room for another: await it, and a slow reader slows
   * the writer instead of filling memory.
   *
   * @throws `RoomError` `stream-aborted` if the reader cancelled, `peer-left`, `connection-lost`,
   * `stream-closed`, `too-large`, `invalid-argument`, and `aborted` if the signal ended the wait for
   * room; the chunk is on its way then.
   */
  async write(chunk: MessageStreamChunkInit, options?: CallOptions): Promise<void> {
    const [header, data] = chunkParts(chunk);
    const signal = liveSignal(options);
    await abortable(this.#core.write(header, data), signal);
  }

  /** Ends the stream cleanly. Resolves when the server has taken all of it. */
  async close(options?: CallOptions): Promise<void> {
    const signal = liveSignal(options);
    await abortable(this.#core.close(), signal);
  }

  /** Ends the stream as incomplete; the reader gets an error with the reason. */
  async abort(reason?: unknown): Promise<void> {
    this.#core.abort(reasonText(reason));
  }

  /** The stream as the platform has it. `pipeTo()` it. */
  get writable(): WritableStream<MessageStreamChunkInit> {
    return this.#core.writable;
  }

  /** The same for bare bytes, which are cut to fit. */
  bytes(): WritableStream<Bytes> {
    return this.#core.bytes();
  }

  /** Ends it as incomplete, unless it has been closed. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.abort("the writer was disposed of");
  }
}

/**
 * The reading end of a stream. Handed to the callback of `enable()`.
 *
 * Read it through `readable`, `bytes()` or `for await`; use one of them. What is not read makes
 * the writer wait.
 */
export class MessageStreamReader {
  /** Who writes it. */
  readonly from: RemoteParticipant;
  readonly #core: IncomingStream;
  readonly #accept: () => void;
  #header: { value: unknown } | undefined;

  /** @internal */
  constructor(core: IncomingStream, from: RemoteParticipant, accept: () => void) {
    this.#core = core;
    this.from = from;
    this.#accept = accept;
  }

  /** The stream's id on the wire, the same at both ends. */
  get streamId(): string {
    return this.#core.streamId;
  }

  /** What the opener said about the stream: any JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: the shape is the application's
  get header(): any {
    this.#header ??= { value: JSON.parse(this.#core.header) };
    return this.#header.value;
  }

  /**
   * Resolves when the stream has ended cleanly; rejects with the `RoomError` if it failed. While
   * the callback of `enable()` has not answered, that tells of an offer that was withdrawn.
   */
  get closed(): Promise<void> {
    return this.#core.closed();
  }

  /** The stream as the platform has it. Asking for it accepts the stream. */
  get readable(): ReadableStream<MessageStreamChunk> {
    this.#accept();
    return this.#core.readable;
  }

  /**
   * The data without the headers; see `MessageStreamChunk.data` for what each piece is. Asking for it
   * accepts the stream.
   */
  bytes(): ReadableStream<OwnBytes> {
    this.#accept();
    return this.#core.bytes() as ReadableStream<OwnBytes>;
  }

  /** Ends the stream; the writer gets an error with the reason. */
  async cancel(reason?: unknown): Promise<void> {
    this.#core.cancel(reasonText(reason));
  }

  /** Reads to the end; leaving the loop early cancels the stream. */
  async *[Symbol.asyncIterator](): AsyncGenerator<MessageStreamChunk, void, undefined> {
    const reader = this.readable.getReader();
    let isOver = false;
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) {
          isOver = true;
          return;
        }
        yield value;
      }
    } catch (error) {
      isOver = true;
      throw error;
    } finally {
      if (!isOver) {
        await reader.cancel("the reader has had enough");
      }
      reader.releaseLock();
    }
  }
}

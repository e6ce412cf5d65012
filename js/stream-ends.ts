import type { Core } from "./core.js";
import type { EngineChunk } from "./engine.js";
import { failure, type RoomError, reasonText } from "./errors.js";
import { Bell, Ready } from "./ready.js";
import { byteSink, type ChunkWriter, type Controller, chunkSink } from "./sinks.js";
import { MessageStreamChunk } from "./streams.js";

/**
 * One end of a stream: what the engine says of it, and who waits for that.
 *
 * The core lets go of it with the stream's last event. `over` stays, so that whoever comes later
 * hears how it ended.
 */
export abstract class StreamEnd {
  readonly streamId: string;
  protected readonly core: Core;
  protected readonly key: number;
  /** How the stream ended. */
  protected readonly over = new Ready();
  /** Rings when there is something to read, or room to write, or neither will ever be. */
  protected readonly stir = new Bell();

  constructor(core: Core, key: number, streamId: string) {
    this.core = core;
    this.key = key;
    this.streamId = streamId;
  }

  /** Settles when the stream is over; rejects too when an offer was withdrawn. */
  closed(): Promise<void> {
    return this.over.promise;
  }

  onStirred(): void {
    this.stir.ring();
  }

  onOpened(error: RoomError | undefined): void {
    if (error !== undefined) {
      // A stream that was not accepted has no further events.
      this.core.forgetStream(this.key);
      this.onClosed(error);
    }
  }

  onClosed(error: RoomError | undefined): void {
    this.over.settle(error);
    this.stir.ring();
  }

  /** The end of all streams, and nothing that came before can be read any more. */
  onFailed(error: RoomError): void {
    this.onClosed(error);
  }

  /** Ends it as incomplete: the writer's abort, the reader's cancel. */
  abort(reason: string): void {
    this.core.tellOver((engine) => engine.abortStream(this.key, reason));
    this.stir.ring();
  }

  /** Throws why it failed, which says more than the engine's word that it is closed. */
  protected throwIfFailed(): void {
    if (this.over.error !== undefined) {
      throw this.over.error;
    }
  }
}

/** The end that writes. Wrapped by `MessageStreamWriter`. */
export class OutgoingStream extends StreamEnd implements ChunkWriter {
  readonly to: string;
  readonly #opened = new Ready();
  /** The platform's ends of our sinks, to fail them while nothing is being written. */
  readonly #sinks = new Set<Controller>();
  #writable: WritableStream | undefined;

  constructor(core: Core, key: number, streamId: string, to: string) {
    super(core, key, streamId);
    this.to = to;
  }

  /** Settles when the other side accepts, refuses, leaves or does not answer in time. */
  opened(): Promise<void> {
    return this.#opened.promise;
  }

  /** Writes a chunk; gives a promise only if there is no room for another. */
  put(headerJson: string, data: Uint8Array): Promise<void> | undefined {
    this.throwIfFailed();
    const room = this.core.command((engine) => engine.writeStream(this.key, headerJson, data));
    const mayGoOn = room > 0 && !this.over.isSettled && !this.core.isSocketFull;
    return mayGoOn ? undefined : this.#room();
  }

  async write(headerJson: string, data: Uint8Array): Promise<void> {
    await this.put(headerJson, data);
  }

  /** Ends the stream cleanly; resolves when the server has taken all of it. */
  async close(): Promise<void> {
    this.throwIfFailed();
    await this.core.request((engine) => engine.closeStream(this.key));
  }

  override abort(reason: string): void {
    super.abort(reason);
    this.#opened.settle(failure("aborted", "the offer was withdrawn"));
  }

  /** How many bytes may be written without waiting. */
  get desiredSize(): number {
    if (this.over.isSettled || this.core.isSocketFull) {
      return 0;
    }
    try {
      return this.#writableBytes();
    } catch {
      return 0;
    }
  }

  /** What the next chunk of bare bytes carries: little where windows are small, since others wait behind it. */
  get pieceBytes(): number {
    return this.core.pieceBytes(this.desiredSize);
  }

  /** Chunks `{header, data}`. One for each stream. */
  get writable(): WritableStream {
    this.#writable ??= chunkSink(this);
    return this.#writable;
  }

  /** Bare bytes, cut to fit. */
  bytes(): WritableStream {
    return byteSink(this);
  }

  addSink(sink: Controller): void {
    if (!this.over.isSettled) {
      this.#sinks.add(sink);
    }
  }

  override onOpened(error: RoomError | undefined): void {
    super.onOpened(error);
    this.#opened.settle(error);
  }

  override onClosed(error: RoomError | undefined): void {
    super.onClosed(error);
    if (error !== undefined) {
      this.#opened.settle(error);
      for (const sink of this.#sinks) {
        sink.error(error);
      }
    }
    this.#sinks.clear();
  }

  /** Resolves when the session and the socket have room for another chunk. */
  async #room(): Promise<void> {
    while (!this.over.isSettled) {
      if (this.core.isSocketFull) {
        // No event tells of a socket's buffer.
        await this.core.pause(SOCKET_POLL_MS);
        continue;
      }
      let room: number;
      try {
        room = this.#writableBytes();
      } catch {
        // It was closed meanwhile; how that ends says what became of the chunk.
        return this.over.promise;
      }
      if (room > 0) {
        return;
      }
      await this.stir.wait();
    }
    this.throwIfFailed();
  }

  #writableBytes(): number {
    return this.core.ask((engine) => engine.writableBytes(this.key));
  }
}

/** The end that reads. Wrapped by `MessageStreamReader`. It starts as an offer. */
export class IncomingStream extends StreamEnd {
  readonly from: string;
  /** What the opener says about it: JSON text of any value. */
  readonly header: string;
  readonly #sources = new Set<Controller>();
  #isAnswered = false;
  #readable: ReadableStream<MessageStreamChunk> | undefined;

  constructor(core: Core, key: number, streamId: string, from: string, header: string) {
    super(core, key, streamId);
    this.from = from;
    this.header = header;
  }

  /** Takes the offer; throws if it was withdrawn or answered before. */
  accept(): void {
    this.throwIfFailed();
    this.core.command((engine) => engine.acceptStream(this.key));
    this.#isAnswered = true;
  }

  /** Refuses the offer. Does nothing if it is no longer open. */
  reject(reason: string): void {
    if (this.#isAnswered || this.over.isSettled) {
      return;
    }
    this.#isAnswered = true;
    this.core.tellOver((engine) => engine.rejectStream(this.key, reason));
    this.core.forgetStream(this.key);
    this.onClosed(failure("aborted", "the offer was refused"));
  }

  /** Ends the stream; the writer hears the reason. An offer is refused. */
  cancel(reason: string): void {
    if (this.#isAnswered) {
      this.abort(reason);
    } else {
      this.reject(reason);
    }
  }

  /** One for each stream. */
  get readable(): ReadableStream<MessageStreamChunk> {
    this.#readable ??= this.#source(
      ({ header, data }) => new MessageStreamChunk(JSON.parse(header), data),
    );
    return this.#readable;
  }

  /** The data of the same chunks. Takes them from the same place: use either. */
  bytes(): ReadableStream<Uint8Array> {
    // A stream of bytes has no use for an empty piece.
    return this.#source(({ data }) => (data.byteLength === 0 ? undefined : data));
  }

  override onFailed(error: RoomError): void {
    super.onFailed(error);
    for (const source of this.#sources) {
      source.error(error);
    }
    this.#sources.clear();
  }

  /**
   * It has no queue of its own: a chunk is taken when somebody reads, and that is what grants the
   * writer new credit.
   */
  #source<T>(make: (chunk: EngineChunk) => T | undefined): ReadableStream<T> {
    return new ReadableStream<T>(
      {
        start: (controller) => void this.#sources.add(controller),
        pull: (controller) => this.#pull(controller, make),
        cancel: (reason) => this.abort(reasonText(reason)),
      },
      { highWaterMark: 0 },
    );
  }

  /** Gives one chunk, the end, or the error; a promise only if that takes time. */
  #pull<T>(
    controller: ReadableStreamDefaultController<T>,
    make: (chunk: EngineChunk) => T | undefined,
  ): Promise<void> | undefined {
    for (;;) {
      const chunk = this.#next();
      if (chunk === undefined) {
        return this.stir.wait().then(() => this.#pull(controller, make));
      }
      const made = chunk === null ? undefined : make(chunk);
      if (chunk === null || made !== undefined) {
        give(controller, made);
        return undefined;
      }
    }
  }

  /** The next chunk; `undefined` if there is none yet, `null` at the end. */
  #next(): EngineChunk | undefined | null {
    let chunk: EngineChunk | undefined | null;
    try {
      chunk = this.core.command((engine) => engine.readStream(this.key));
    } catch (error) {
      this.throwIfFailed();
      throw error;
    }
    if (chunk === undefined && this.over.isSettled) {
      this.throwIfFailed();
      return null;
    }
    return chunk;
  }
}

/** Gives one chunk to the platform, or the end. */
function give<T>(controller: ReadableStreamDefaultController<T>, chunk: T | undefined): void {
  try {
    if (chunk === undefined) {
      controller.close();
    } else {
      controller.enqueue(chunk);
    }
  } catch {
    // The reader cancelled meanwhile; nobody wants it.
  }
}

/** How long a writer waits before it looks at the socket's buffer again. */
const SOCKET_POLL_MS = 10;

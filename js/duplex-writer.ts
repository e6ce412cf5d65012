import type { Call } from "./call.js";
import { failure, type RoomError } from "./errors.js";
import { byteSink, type ChunkWriter, type Controller, chunkSink } from "./sinks.js";

/** What the messages of a stream of chunks over a duplex stream are called. */
export const CHUNK_STREAM = {
  open: "room-messaging.stream",
  chunk: "room-messaging.chunk",
  end: "room-messaging.end",
  abort: "room-messaging.abort",
} as const;

/**
 * The writing end of a stream of chunks to somebody who takes duplex streams only.
 *
 * Every chunk is a message, of which the attachment is the data; the last message says whether it
 * was all. `README.md` shows the reading end.
 */
export class DuplexWriter implements ChunkWriter {
  readonly pieceBytes = 64 * 1024;
  readonly #call: Call;
  readonly #over: Promise<void>;
  /** How it ended at this end, if it did. */
  #end: RoomError | "clean" | undefined;
  #closing: Promise<void> | undefined;
  #writing = 0;
  #writable: WritableStream | undefined;

  constructor(call: Call) {
    this.#call = call;
    this.#over = this.#watch();
    // It is for whoever asks for `closed()`.
    this.#over.catch(() => {});
    void this.#discard();
  }

  get streamId(): string {
    return this.#call.streamId;
  }

  get to(): string {
    return this.#call.peer;
  }

  get desiredSize(): number {
    return this.#end === undefined ? Math.max(this.pieceBytes - this.#writing, 0) : 0;
  }

  opened(): Promise<void> {
    return this.#call.opened();
  }

  put(headerJson: string, data: Uint8Array): Promise<void> {
    return this.write(headerJson, data);
  }

  async write(headerJson: string, data: Uint8Array): Promise<void> {
    this.#checkOpen();
    this.#writing += data.byteLength;
    try {
      await this.#call.send(CHUNK_STREAM.chunk, `{"header":${headerJson}}`, data);
    } catch (error) {
      throw this.#asEnd(error);
    } finally {
      this.#writing -= data.byteLength;
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  closed(): Promise<void> {
    return this.#over;
  }

  abort(reason: string): void {
    if (this.#end !== undefined) {
      return;
    }
    const error = reason || "the stream was aborted";
    this.#end = failure("aborted", error);
    // Nobody waits for it; whoever is gone need not be told.
    this.#call.send(CHUNK_STREAM.abort, JSON.stringify({ error }), undefined).catch(() => {});
    this.#call.close();
  }

  get writable(): WritableStream {
    this.#writable ??= chunkSink(this);
    return this.#writable;
  }

  bytes(): WritableStream {
    return byteSink(this);
  }

  addSink(sink: Controller): void {
    this.closed().catch((error) => sink.error(error));
  }

  async #close(): Promise<void> {
    this.#checkOpen();
    try {
      await this.#call.send(CHUNK_STREAM.end, "{}", undefined);
    } catch (error) {
      throw this.#asEnd(error);
    }
    this.#end ??= "clean";
    this.#call.close();
  }

  async #watch(): Promise<void> {
    try {
      await this.#call.closed();
      // The answer to our end may have come with it.
      await this.#closing?.catch(() => {});
      this.#end ??= failure("stream-aborted", "the other side closed the stream");
    } catch (error) {
      this.#end ??= error as RoomError;
    }
    if (this.#end !== "clean") {
      throw this.#end;
    }
  }

  /** What the reader says is not for anybody; unread it would fill memory. */
  async #discard(): Promise<void> {
    try {
      while ((await this.#call.next()) !== undefined) {}
    } catch {
      // `closed` tells why.
    }
  }

  #checkOpen(): void {
    if (this.#end !== undefined) {
      throw this.#end === "clean"
        ? failure("stream-closed", "the stream has been closed")
        : this.#end;
    }
  }

  /** What ended it first is what everybody hears. */
  #asEnd(error: unknown): unknown {
    return this.#end instanceof Error ? this.#end : error;
  }
}

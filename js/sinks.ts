import { failure, RoomError, reasonText } from "./errors.js";
import { type Bytes, bytesOf, jsonText } from "./values.js";

/** The platform's end of a stream. */
export interface Controller {
  error(reason: unknown): void;
  /** Of a writable stream: aborted at once, while `abort()` waits for what is being written. */
  readonly signal?: AbortSignal;
}

/** What chunks can be written to. */
export interface ChunkWriter {
  /** Writes a chunk; gives a promise if there is no room for another. */
  put(headerJson: string, data: Uint8Array): Promise<void> | undefined;
  close(): Promise<void>;
  abort(reason: string): void;
  /** How much one chunk of bare bytes carries. */
  readonly pieceBytes: number;
  /** From now on it fails with the stream. */
  addSink(sink: Controller): void;
}

/** What can be written: a `MessageStreamChunk`, or an object like one. */
export interface MessageStreamChunkInit {
  /** Any JSON; an empty object if it is left out. */
  readonly header?: unknown;
  /** The bytes; they are copied at once. */
  readonly data: Bytes;
}

/** The header as JSON text and the data. The getters of a chunk are foreign code and may throw. */
export function chunkParts(chunk: MessageStreamChunkInit): [string, Uint8Array] {
  if (typeof chunk !== "object" || chunk === null) {
    const found = chunk === null ? "null" : `a ${typeof chunk}`;
    throw failure("invalid-argument", `a chunk must be an object with \`data\`, not ${found}`);
  }
  try {
    const { header = {}, data } = chunk;
    return [jsonText("the header of a chunk", header), bytesOf("the data of a chunk", data)];
  } catch (error) {
    if (error instanceof RoomError) {
      throw error;
    }
    throw failure("invalid-argument", `a chunk cannot be read: ${reasonText(error)}`, error);
  }
}

/** Takes chunks from the platform. */
export function chunkSink(writer: ChunkWriter): WritableStream<MessageStreamChunkInit> {
  return sink(writer, (chunk: MessageStreamChunkInit) => writer.put(...chunkParts(chunk)));
}

/** Takes bare bytes from the platform, and writes them in pieces, each when there is room. */
export function byteSink(writer: ChunkWriter): WritableStream<Bytes> {
  return sink(writer, (given: Bytes) => putPieces(writer, bytesOf("the data of a chunk", given)));
}

function putPieces(writer: ChunkWriter, bytes: Uint8Array): Promise<void> | undefined {
  let from = 0;
  while (from < bytes.byteLength) {
    const to = from + writer.pieceBytes;
    const room = writer.put("{}", bytes.subarray(from, to));
    if (room !== undefined) {
      return room.then(() => putPieces(writer, bytes.subarray(to)));
    }
    from = to;
  }
  return undefined;
}

/**
 * The queue holds one chunk: it counts until its write resolves, so `desiredSize` is 0 for as long as
 * there is no room.
 */
function sink<T>(
  writer: ChunkWriter,
  write: (chunk: T) => Promise<void> | undefined,
): WritableStream<T> {
  const fail = (error: unknown): never => {
    // The platform gives the stream up without calling `abort`.
    writer.abort(reasonText(error));
    throw error;
  };
  return new WritableStream<T>({
    start: (controller: Controller) => {
      writer.addSink(controller);
      const { signal } = controller;
      // Later: the stream is in the middle of it.
      const abort = () => queueMicrotask(() => writer.abort(reasonText(signal?.reason)));
      signal?.addEventListener("abort", abort, { once: true });
    },
    // A promise for each chunk would cost more than the chunk.
    write: (chunk) => {
      try {
        return write(chunk)?.catch(fail);
      } catch (error) {
        return fail(error);
      }
    },
    close: () => writer.close(),
    abort: (reason) => writer.abort(reasonText(reason)),
  });
}

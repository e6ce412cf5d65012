import type { MessageStreamReader } from "./index.js";
import { Snapshot } from "./snapshot.js";

/** What has come over a stream so far. */
export interface StreamProgress {
  /** The data as UTF-8 text. */
  readonly text: string;
  /** How many bytes have come. */
  readonly bytes: number;
  /** Whether that is all: the stream is over, cleanly or not. */
  readonly isDone: boolean;
  /** Why it ended before it was complete, if it did. */
  readonly error: unknown;
}

/** Of a stream that is not there yet. */
export const NOTHING: StreamProgress = { text: "", bytes: 0, isDone: false, error: undefined };

const logs = new WeakMap<MessageStreamReader, StreamLog>();

/**
 * Reads a stream as text, once, however many look at it and however often they come and go. It
 * begins with the first who looks.
 */
export class StreamLog {
  readonly progress: Snapshot<StreamProgress>;
  readonly #reader: MessageStreamReader;
  #now = NOTHING;
  #isReading = false;

  static of(reader: MessageStreamReader): StreamLog {
    const log = logs.get(reader) ?? new StreamLog(reader);
    logs.set(reader, log);
    return log;
  }

  private constructor(reader: MessageStreamReader) {
    this.#reader = reader;
    this.progress = new Snapshot(NOTHING, () => this.#now);
  }

  readonly subscribe = (onChange: () => void): (() => void) => {
    if (!this.#isReading) {
      this.#isReading = true;
      void this.#read();
    }
    return this.progress.subscribe(onChange);
  };

  async #read(): Promise<void> {
    const decoder = new TextDecoder();
    try {
      for await (const { data } of this.#reader) {
        const { text, bytes } = this.#now;
        const more = decoder.decode(data, { stream: true });
        this.#set({ text: text + more, bytes: bytes + data.byteLength });
      }
      this.#set({ text: this.#now.text + decoder.decode(), isDone: true });
    } catch (error) {
      this.#set({ isDone: true, error });
    }
  }

  #set(changed: Partial<StreamProgress>): void {
    this.#now = { ...this.#now, ...changed };
    this.progress.changed();
  }
}

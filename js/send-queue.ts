type Bytes = Uint8Array | undefined;
type Send = (bytes: Bytes) => Promise<void>;

/** Keeps sends in the order of their calls, although some must read a Blob first. */
export class SendQueue {
  /** Settles when the last one is on its way; undefined if there is nothing to wait for. */
  #last: Promise<void> | undefined;

  /** Resolves when all that was added is on its way. */
  async idle(): Promise<void> {
    while (this.#last !== undefined) {
      await this.#last;
    }
  }

  /**
   * Calls `send` with the bytes when it is its turn: at once if nothing has to be waited for.
   * The promise is that of `send`, or the failure to read the bytes.
   */
  add(bytes: Bytes | Promise<Bytes>, send: Send): Promise<void> {
    if (this.#last === undefined && !(bytes instanceof Promise)) {
      return send(bytes);
    }
    // The caller may reuse what it gave while it waits here.
    const own = bytes instanceof Uint8Array ? bytes.slice() : bytes;
    const started = start(own, this.#last, send);
    // A failure to read ends a turn early; those behind still wait for those before.
    const last = Promise.allSettled([started, this.#last]).then(() => {});
    this.#last = last;
    void last.then(() => {
      if (this.#last === last) {
        this.#last = undefined;
      }
    });
    return started.then(({ answer }) => answer);
  }
}

/** Sends when it may. The answer is in an object, so that nobody behind waits for it. */
async function start(
  bytes: Bytes | Promise<Bytes>,
  before: Promise<void> | undefined,
  send: Send,
): Promise<{ answer: Promise<void> }> {
  const [read] = await Promise.all([bytes, before]);
  return { answer: send(read) };
}

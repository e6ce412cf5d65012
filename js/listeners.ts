/** Knows whether anybody listens, which an `EventTarget` does not tell. */
export class Listeners {
  readonly #entries = new Map<string, Set<Entry>>();

  /** Notes a listener that was added. */
  add(type: string, listener: unknown, options: AddEventListenerOptions | boolean = {}): void {
    const { capture = false, once = false, signal } = asOptions(options);
    const entries = this.#entries.get(type) ?? new Set();
    if (listener === null || signal?.aborted || find(entries, listener, capture)) {
      return;
    }
    this.#entries.set(type, entries.add({ listener, capture, once }));
    signal?.addEventListener("abort", () => this.remove(type, listener, options), { once: true });
  }

  /** Notes a listener that was removed. */
  remove(type: string, listener: unknown, options: EventListenerOptions | boolean = {}): void {
    const { capture = false } = asOptions(options);
    const entries = this.#entries.get(type);
    const entry = entries && find(entries, listener, capture);
    if (entry) {
      entries.delete(entry);
    }
  }

  /** Whether anybody listens to the next event; asking counts as that event. */
  take(type: string): boolean {
    const entries = [...(this.#entries.get(type) ?? [])];
    for (const { listener, capture } of entries.filter(({ once }) => once)) {
      this.remove(type, listener, { capture });
    }
    return entries.length > 0;
  }
}

interface Entry {
  listener: unknown;
  capture: boolean;
  once: boolean;
}

function asOptions(options: AddEventListenerOptions | boolean): AddEventListenerOptions {
  return typeof options === "boolean" ? { capture: options } : options;
}

/** The platform adds the same listener once. */
function find(entries: Set<Entry>, listener: unknown, capture: boolean): Entry | undefined {
  return [...entries].find((one) => one.listener === listener && one.capture === capture);
}

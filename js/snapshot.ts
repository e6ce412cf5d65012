/** A value for `useSyncExternalStore`: the same one until something has changed. */
export class Snapshot<T> {
  readonly #first: T;
  readonly #read: (last: T) => T;
  readonly #listeners = new Set<() => void>();
  #value: T;
  #isStale = true;
  #isTelling = false;

  /**
   * @param first What it is on a server, and while a page takes over from one.
   * @param read Gives the present value; the last one if nothing has changed.
   */
  constructor(first: T, read: (last: T) => T) {
    this.#first = first;
    this.#value = first;
    this.#read = read;
  }

  /** Something may have changed. Listeners are told once for all that happens in one task. */
  changed(): void {
    this.#isStale = true;
    if (!this.#isTelling) {
      this.#isTelling = true;
      queueMicrotask(() => this.#tell());
    }
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly get = (): T => {
    if (this.#isStale) {
      this.#isStale = false;
      this.#value = this.#read(this.#value);
    }
    return this.#value;
  };

  readonly getFirst = (): T => this.#first;

  #tell(): void {
    this.#isTelling = false;
    for (const listener of [...this.#listeners]) {
      listener();
    }
  }
}

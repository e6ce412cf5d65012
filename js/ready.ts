import type { RoomError } from "./errors.js";

/** A promise that nobody has to wait for, and that can be looked at. */
export class Ready {
  readonly promise: Promise<void>;
  #isSettled = false;
  #error: RoomError | undefined;
  #resolve!: () => void;
  #reject!: (error: RoomError) => void;

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Whoever waits for it hears it; it may be nobody.
    this.promise.catch(() => {});
  }

  get isSettled(): boolean {
    return this.#isSettled;
  }

  /** Why it was rejected, if it was. */
  get error(): RoomError | undefined {
    return this.#error;
  }

  /** Resolves it, or rejects it with the error. The first time counts. */
  settle(error?: RoomError): void {
    if (this.#isSettled) {
      return;
    }
    this.#isSettled = true;
    this.#error = error;
    if (error === undefined) {
      this.#resolve();
    } else {
      this.#reject(error);
    }
  }
}

/** Wakes all that wait, each time it rings. */
export class Bell {
  #waiting: (() => void)[] = [];

  ring(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) {
      wake();
    }
  }

  /** Resolves at the next ring. */
  wait(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }
}

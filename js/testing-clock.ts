import type { Clock } from "./clock.js";
import { SeededRandom } from "./testing-random.js";

/** Something that will happen. */
interface Due {
  at: number;
  act: () => void;
}

/** Time that passes only when it is told to, and chances that a seed decides. */
export class VirtualClock implements Clock {
  readonly #random: SeededRandom;
  #nowMs = 0;
  /** In the order in which they happen. */
  readonly #queue: Due[] = [];

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
  }

  now = (): number => this.#nowMs;

  date = (): number => BEGINNING + this.#nowMs;

  random = (): number => this.#random.next();

  newId = (): string => this.#random.uuid();

  /** In whole milliseconds. What is due at the same time happens in the order in which it was asked for. */
  setTimeout = (act: () => void, milliseconds: number): Due => {
    const due = { at: this.#nowMs + Math.max(0, Math.ceil(milliseconds)), act };
    let place = this.#queue.length;
    while (place > 0 && (this.#queue[place - 1] as Due).at > due.at) {
      place -= 1;
    }
    this.#queue.splice(place, 0, due);
    return due;
  };

  clearTimeout = (timer: unknown): void => {
    const place = this.#queue.indexOf(timer as Due);
    if (place >= 0) {
      this.#queue.splice(place, 1);
    }
  };

  /** When the next thing happens. */
  get next(): number | undefined {
    return this.#queue[0]?.at;
  }

  /** Lets the next thing happen. */
  step(): void {
    const due = this.#queue.shift();
    if (due !== undefined) {
      this.#nowMs = due.at;
      due.act();
    }
  }

  /** Goes on to a moment before which nothing happens. */
  skipTo(at: number): void {
    this.#nowMs = at;
  }
}

/** Some moment: tests are the same on every day. */
const BEGINNING = Date.UTC(2000, 0, 1);

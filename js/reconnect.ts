import type { Clock } from "./clock.js";
import type { RoomError } from "./errors.js";

/** What is known before another attempt to connect. */
export interface ReconnectContext {
  /** How many attempts there will have been since the connection was lost; 1 for the first. */
  readonly attempt: number;
  /** Why the connection was lost, or why the last attempt failed. */
  readonly error: RoomError;
}

/**
 * Says how many milliseconds to wait before the next attempt to connect, or `undefined` to give
 * up.
 */
export type ReconnectPolicy = (context: ReconnectContext) => number | undefined;

/** What `RoomClient` adds for {@link backoff}. Not public: tests have chances of their own. */
export interface ChanceContext extends ReconnectContext {
  readonly random?: () => number;
}

/** The bounds of {@link backoff}, in milliseconds. */
export interface BackoffOptions {
  /** The longest wait before the first attempt; 500 by default. It doubles with each. */
  readonly baseMs?: number | undefined;
  /** The longest wait of all; 30 000 by default. */
  readonly capMs?: number | undefined;
  /** After so many attempts it gives up; by default never. */
  readonly maxAttempts?: number | undefined;
}

/**
 * Exponential backoff with full jitter: any wait between nothing and a bound that doubles, so that
 * the clients of a server that was restarted do not all come back at the same moment.
 */
export function backoff(options: BackoffOptions = {}): ReconnectPolicy {
  const { baseMs = 500, capMs = 30_000, maxAttempts = Number.POSITIVE_INFINITY } = options;
  return ({ attempt, random = Math.random }: ChanceContext) => {
    if (attempt > maxAttempts) {
      return undefined;
    }
    return random() * Math.min(capMs, baseMs * 2 ** Math.min(attempt - 1, 30));
  };
}

/** A wait that can be cut short, and can be called off. */
export class Pause {
  readonly #clock: Clock;
  #timer: unknown;
  #onOver: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls `onOver` after so long; at the next `hurry()` if there is no time. */
  start(milliseconds: number | undefined, onOver: () => void): void {
    this.stop();
    this.#onOver = onOver;
    if (milliseconds !== undefined) {
      this.#wait(milliseconds);
    }
  }

  /** In pieces: browsers take waits above 31 bits for none at all. */
  #wait(milliseconds: number): void {
    const piece = Math.min(milliseconds, LONGEST_MS);
    this.#timer = this.#clock.setTimeout(
      () => (piece < milliseconds ? this.#wait(milliseconds - piece) : this.hurry()),
      piece,
    );
  }

  /** Ends the wait now, if there is one. */
  hurry(): void {
    const onOver = this.#onOver;
    this.stop();
    onOver?.();
  }

  /** Calls the wait off. */
  stop(): void {
    this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#onOver = undefined;
  }
}

/** A day. */
const LONGEST_MS = 86_400_000;

import type { Clock } from "./clock.js";

/**
 * Says when a token should be replaced: some time before it expires. A token that says nothing
 * about its end is good for ever.
 */
export class Renewal {
  readonly #clock: Clock;
  readonly #onDue: () => void;
  #timer: unknown;
  #expiresAt: number | undefined;

  constructor(clock: Clock, onDue: () => void) {
    this.#clock = clock;
    this.#onDue = onDue;
  }

  /** From now on this is the token in use. */
  watch(token: string): void {
    this.#expiresAt = expiryOf(token);
    this.again();
  }

  /** Waits for most of the time that is left. Does nothing if there is hardly any. */
  again(): void {
    this.stop();
    const leftMs = (this.#expiresAt ?? 0) - this.#clock.date();
    if (leftMs < SHORTEST_MS) {
      return;
    }
    const waitMs = leftMs - Math.min(leftMs / 4, LEAD_MS);
    if (waitMs > LONGEST_TIMER_MS) {
      this.#timer = this.#clock.setTimeout(() => this.again(), LONGEST_TIMER_MS);
    } else {
      this.#timer = this.#clock.setTimeout(this.#onDue, waitMs);
    }
  }

  /** Whether another token is good for longer than the one in use. */
  isLonger(token: string): boolean {
    return (expiryOf(token) ?? Number.POSITIVE_INFINITY) > (this.#expiresAt ?? 0);
  }

  stop(): void {
    this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

/** When a JWT says that it expires, in milliseconds since 1970. Nothing is verified. */
function expiryOf(token: string): number | undefined {
  try {
    const claims = token.split(".")[1] ?? "";
    const { exp } = JSON.parse(atob(claims.replaceAll("-", "+").replaceAll("_", "/")));
    return typeof exp === "number" ? exp * 1000 : undefined;
  } catch {
    return undefined;
  }
}

const LEAD_MS = 60_000;
const SHORTEST_MS = 500;
/** A timer of more than 31 bits fires at once. */
const LONGEST_TIMER_MS = 2_000_000_000;

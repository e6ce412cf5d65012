import type { Clock } from "./clock.js";

/** What travels, and what it does when it arrives. */
interface Parcel {
  at: number;
  bytes: number;
  arrive: () => void;
}

/** How a way is at the moment. */
export interface WayQuality {
  /** How long a parcel takes, in milliseconds. */
  latencyMs(): number;
  /** How many bytes go in a second. */
  bytesPerSecond: number;
}

/** One direction of a connection. Nothing overtakes anything. */
export class Way {
  readonly #clock: Clock;
  readonly #quality: WayQuality;
  #parcels: Parcel[] = [];
  /** When the last byte has been put on the way. */
  #busyUntil = 0;
  #lastAt = 0;
  #heldUntil = 0;
  #isDead = false;
  #timer: unknown;

  constructor(clock: Clock, quality: WayQuality) {
    this.#clock = clock;
    this.#quality = quality;
  }

  send(bytes: number, arrive: () => void): void {
    if (this.#isDead) {
      return;
    }
    const { latencyMs, bytesPerSecond } = this.#quality;
    this.#busyUntil =
      Math.max(this.#busyUntil, this.#clock.now()) + (bytes * 1000) / bytesPerSecond;
    this.#lastAt = Math.max(this.#lastAt, this.#busyUntil + latencyMs());
    this.#parcels.push({ at: this.#lastAt, bytes, arrive });
    this.#watch();
  }

  /** Nothing arrives any more. */
  silence(): void {
    this.#isDead = true;
    this.#parcels = [];
    this.#watch();
  }

  /** Breaks it. The first parcels of those under way still arrive, and then the news. */
  cut(kept: (underWay: number) => number, arrive: () => void): void {
    if (!this.#isDead) {
      this.#isDead = true;
      this.#parcels.length = kept(this.#parcels.length);
      const lastAt = this.#parcels.at(-1)?.at ?? this.#clock.now();
      this.#parcels.push({ at: lastAt, bytes: 0, arrive });
      this.#watch();
    }
  }

  /** Nothing arrives before that. */
  holdUntil(at: number): void {
    this.#heldUntil = at;
    this.#watch();
  }

  /** Waits for the first. */
  #watch(): void {
    this.#clock.clearTimeout(this.#timer);
    const first = this.#parcels[0];
    if (first !== undefined) {
      const waitMs = Math.max(first.at, this.#heldUntil) - this.#clock.now();
      this.#timer = this.#clock.setTimeout(() => this.#arrive(), waitMs);
    }
  }

  #arrive(): void {
    const first = this.#parcels.shift();
    this.#watch();
    first?.arrive();
  }
}

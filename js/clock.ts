import { uuid } from "./uuid.js";

/** What a client knows of time and of chance. Tests have their own. */
export interface Clock {
  /** Milliseconds since some moment; never goes back. */
  now(): number;
  /** Calls `act` once, after so many milliseconds. What it gives, `clearTimeout` takes. */
  setTimeout(act: () => void, milliseconds: number): unknown;
  /** Does nothing for what has been called, or is undefined. */
  clearTimeout(timer: unknown): void;
  /** Milliseconds since 1970. */
  date(): number;
  /** A number from 0 up to, and without, 1. */
  random(): number;
  /** A UUID. */
  newId(): string;
}

/** The platform's. */
export const realClock: Clock = {
  now: () => performance.now(),
  setTimeout: (act, milliseconds) => setTimeout(act, milliseconds),
  clearTimeout: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
  date: () => Date.now(),
  random: () => Math.random(),
  newId: uuid,
};

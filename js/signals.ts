import type { Clock } from "./clock.js";
import { failure, type RoomError, reasonText } from "./errors.js";
import { inWords, isObject } from "./values.js";

/** What every call takes. */
export interface CallOptions {
  /** Ends the call with `aborted`. What was already sent may still arrive. */
  signal?: AbortSignal | undefined;
}

/**
 * The signal of a call's options, if there is one.
 *
 * @throws `RoomError` `aborted` if it is aborted already, `invalid-argument` if it is no signal.
 */
export function liveSignal(options: CallOptions | null | undefined): AbortSignal | undefined {
  const signal: unknown = options?.signal ?? undefined;
  if (signal === undefined) {
    return undefined;
  }
  if (!isObject(signal) || typeof (signal as AbortSignal).addEventListener !== "function") {
    const message = `the signal must be an AbortSignal, but is ${inWords(signal)}`;
    throw failure("invalid-argument", message);
  }
  throwIfAborted(signal as AbortSignal);
  return signal as AbortSignal;
}

/** Throws `aborted` if the signal has been aborted. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) {
    throw aborted(signal);
  }
}

/** The error for a call that its signal ended. */
export function aborted(signal: AbortSignal): RoomError {
  const reason = reasonText(signal.reason);
  return failure("aborted", reason ? `aborted: ${reason}` : "aborted", signal.reason);
}

/**
 * Waits for `promise` as long as the signal lets it. `onAbort` undoes what can be undone; the
 * promise itself goes on, and nobody hears of its end.
 */
export function abortable<T>(
  promise: Promise<T>,
  signal: AbortSignal | undefined,
  onAbort: (error: RoomError) => void = () => {},
): Promise<T> {
  if (signal === undefined) {
    return promise;
  }
  return new Promise((resolve, reject) => {
    const abort = () => {
      const error = aborted(signal);
      reject(error);
      onAbort(error);
    };
    const done = () => signal.removeEventListener("abort", abort);
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(done);
    if (signal.aborted) {
      done();
      abort();
    }
  });
}

/** Waits for `promise` for so long; then `onLate` undoes what can be undone, and says why. */
export function within<T>(
  promise: Promise<T>,
  limitMs: number | undefined,
  clock: Clock,
  onLate: () => RoomError,
): Promise<T> {
  if (limitMs === undefined) {
    return promise;
  }
  return new Promise((resolve, reject) => {
    const timer = clock.setTimeout(() => reject(onLate()), limitMs);
    promise.then(resolve, reject).finally(() => clock.clearTimeout(timer));
  });
}

/** Checks a time limit. The core has the same bounds for its own. */
export function checkedLimitMs(what: string, limitMs: unknown): number | undefined {
  if (limitMs === undefined) {
    return undefined;
  }
  if (typeof limitMs !== "number" || !(limitMs > 0 && limitMs <= LONGEST_MS)) {
    const bounds = `between 0 and ${LONGEST_MS} milliseconds`;
    throw failure("invalid-argument", `${what} must be ${bounds}, but is ${inWords(limitMs)}`);
  }
  return limitMs;
}

/** A day. */
const LONGEST_MS = 86_400_000;

import { failure, reasonText } from "./errors.js";

/** Throws if the signal has been aborted. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) {
    throw aborted(signal);
  }
}

/** The error for a call that its signal ended. */
export function aborted(signal: AbortSignal): Error {
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
  onAbort: (reason: string) => void = () => {},
): Promise<T> {
  if (signal === undefined) {
    return promise;
  }
  return new Promise((resolve, reject) => {
    const abort = () => {
      reject(aborted(signal));
      onAbort(reasonText(signal.reason));
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

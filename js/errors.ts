import { HINTS, RETRYABLE, type RoomErrorCode } from "./error-codes.js";

export type { RoomErrorCode };

/**
 * Every rejection of this package, and everything it throws.
 *
 * `message` says what was wrong, with the value; `cause` is what the platform threw, where there
 * is such a thing.
 *
 * @example
 * ```ts
 * try {
 *   await room.connect();
 * } catch (error) {
 *   if (error instanceof RoomError && error.retryable) {
 *     console.log(error.code, error.message, error.hint);
 *   }
 * }
 * ```
 */
export class RoomError extends Error {
  /** `RoomError`. */
  override readonly name = "RoomError";
  /** What went wrong. */
  readonly code: RoomErrorCode;
  /** What to do about it, in a sentence. */
  readonly hint: string;
  /** Whether the same call may succeed later. */
  readonly retryable: boolean;

  constructor(
    code: RoomErrorCode,
    message: string,
    details: { hint: string; retryable?: boolean; cause?: unknown },
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.hint = details.hint;
    this.retryable = details.retryable ?? false;
  }
}

/** Makes an error of the face's own. */
export function failure(code: RoomErrorCode, message: string, cause?: unknown): RoomError {
  const retryable = RETRYABLE.includes(code);
  return new RoomError(code, message, { hint: HINTS[code], retryable, cause });
}

/** Makes an error of the engine's. */
export function coreError(code: string, message: string): RoomError {
  return failure(code as RoomErrorCode, message);
}

/** Makes a `RoomError` of what must be one already, unless something is broken. */
export function asRoomError(error: unknown): RoomError {
  return error instanceof RoomError ? error : failure("internal", reasonText(error), error);
}

/** Any thrown value in words. Never throws. */
export function reasonText(reason: unknown): string {
  if (reason === undefined) {
    return "";
  }
  try {
    const text = typeof reason === "string" ? reason : (reason as { message?: unknown })?.message;
    return typeof text === "string" ? text : (JSON.stringify(reason) ?? String(reason));
  } catch {
    // Foreign objects can throw wherever they are touched.
    return "";
  }
}

/** Shows a mistake of the application's where it looks for those: on the console. */
export function showMistake(error: unknown): void {
  if (typeof reportError === "function") {
    reportError(error);
  } else {
    // Node has no reportError.
    queueMicrotask(() => {
      throw error;
    });
  }
}

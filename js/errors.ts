/**
 * What can go wrong, for programs. No release rewords a code.
 *
 * The Rust core has the same list (`ErrorCode` in `crates/proto/src/error.rs`).
 */
export type RoomErrorCode =
  | "invalid-argument"
  | "invalid-url"
  | "invalid-token"
  | "not-connected"
  | "closed"
  | "connection-refused"
  | "connection-lost"
  | "dismissed"
  | "timeout"
  | "aborted"
  | "participant-not-found"
  | "permission-denied"
  | "invalid-request"
  | "server-error"
  | "too-large"
  | "not-enabled"
  | "stream-rejected"
  | "stream-closed"
  | "stream-aborted"
  | "peer-left"
  | "protocol-error"
  | "wasm-unavailable"
  | "internal";

/** Every rejection of this package, and everything it throws. */
export class RoomError extends Error {
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

/** For what is refused before the core sees it. */
const HINTS = {
  "invalid-argument":
    "Check the argument that the message names; messages must be plain JSON objects.",
  "invalid-url": "Give a ws:, wss:, http: or https: URL, such as wss://example.org/rooms/lobby.",
  "invalid-token": "Give a token as a string, or a function that returns one or a promise of one.",
  "not-connected": "Await connect() first.",
  closed: "Make a new RoomClient to connect again.",
  aborted: "The signal that was given with the call was aborted.",
  "wasm-unavailable":
    "Serve the .wasm file, allow 'wasm-unsafe-eval' in the Content-Security-Policy, or call init() with its address.",
} as const;

/** Makes an error of the face's own. */
export function failure(code: keyof typeof HINTS, message: string, cause?: unknown): RoomError {
  const retryable = code === "not-connected";
  return new RoomError(code, message, { hint: HINTS[code], retryable, cause });
}

/** Any thrown value in words. */
export function reasonText(reason: unknown): string {
  if (reason === undefined) {
    return "";
  }
  return reason instanceof Error ? reason.message : String(reason);
}

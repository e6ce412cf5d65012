// Made by scripts/errors.mjs from crates/proto/src/error.rs.

/** What can go wrong, for programs. No release rewords a code. */
export type RoomErrorCode =
  /** An argument is missing, of the wrong type or not JSON. */
  | "invalid-argument"
  /** The room's URL is not a WebSocket URL. */
  | "invalid-url"
  /** The token is missing, or the token function failed. */
  | "invalid-token"
  /** `connect()` has not been called, or has not finished. */
  | "not-connected"
  /** The client was closed by the application. */
  | "closed"
  /** The server refused the connection or ended it before the room was ready. */
  | "connection-refused"
  /** The connection ended while the room was in use. */
  | "connection-lost"
  /** The connection was lost before the server answered, and the server could not go on. */
  | "delivery-unknown"
  /** Too much waits for the server's answer. */
  | "queue-full"
  /** The server ended the connection for good. */
  | "dismissed"
  /** Nobody answered in time. */
  | "timeout"
  /** An abort signal ended the call. */
  | "aborted"
  /** The recipient is not in the room or has not enabled messaging. */
  | "participant-not-found"
  /** The token's grants do not allow the call. */
  | "permission-denied"
  /** The server could not make sense of the request. */
  | "invalid-request"
  /** The server failed to do what was asked. */
  | "server-error"
  /** A message or attachment is larger than the limit. */
  | "too-large"
  /** Messaging is not enabled. */
  | "not-enabled"
  /** The other side did not accept the stream. */
  | "stream-rejected"
  /** The other side says that it takes no streams of this kind. */
  | "stream-unsupported"
  /** The stream has ended; nothing can be written to it. */
  | "stream-closed"
  /** The other side aborted or cancelled the stream. */
  | "stream-aborted"
  /** The other side of the stream left the room. */
  | "peer-left"
  /** The server broke the protocol. */
  | "protocol-error"
  /** The WebAssembly module could not be loaded. */
  | "wasm-unavailable"
  /** The client itself failed. A defect of this package. */
  | "internal";

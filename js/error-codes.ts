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

/** What to do about it, in a sentence. */
export const HINTS: Record<RoomErrorCode, string> = {
  "invalid-argument": "Check the argument that the message names; messages must be plain JSON objects.",
  "invalid-url": "Give a ws:, wss:, http: or https: URL, such as wss://example.org/rooms/lobby.",
  "invalid-token": "Give a token as a string, or a function that returns one or a promise of one.",
  "not-connected": "Await connect() first.",
  "closed": "Make a new RoomClient to connect again.",
  "connection-refused": "Check that the server is running, and that the token is valid for this room and not expired.",
  "connection-lost": "Connect again. What was not answered may or may not have been delivered.",
  "delivery-unknown": "Ask the other side whether it came before you send it again.",
  "queue-full": "Await earlier sends before the next, or raise maxQueuedMessages or maxQueuedBytes.",
  "dismissed": "The server asked this client to leave; do not reconnect.",
  "timeout": "Try again, or allow more time.",
  "aborted": "The signal that was given with the call was aborted.",
  "participant-not-found": "Look the participant up in remoteParticipants; it may have left.",
  "permission-denied": "Ask for a token whose messaging grant allows this.",
  "invalid-request": "The server refused the request as invalid; its words are in the message.",
  "server-error": "The server's words are in the message.",
  "too-large": "Send large data as a stream: createStream() and writer.bytes().",
  "not-enabled": "Call messaging.enable() first.",
  "stream-rejected": "The other side's reason is in the message.",
  "stream-unsupported": "Its attribute \"streams\" names what it takes: \"v1\" for createStream(), \"duplex\" for stream().",
  "stream-closed": "Open a new stream.",
  "stream-aborted": "The other side's reason is in the message. What was received is not complete.",
  "peer-left": "Wait until the participant is there again and open a new stream.",
  "protocol-error": "The server does not speak the protocol of this client; report it with the message.",
  "wasm-unavailable": "Serve the .wasm file, allow 'wasm-unsafe-eval' in the Content-Security-Policy, or call init() with its address.",
  "internal": "This is a defect of room-messaging; please report it.",
};

/** Those after which the same call may succeed later. */
export const RETRYABLE: readonly RoomErrorCode[] = ["not-connected","connection-refused","connection-lost","queue-full","timeout","participant-not-found","server-error","peer-left"];

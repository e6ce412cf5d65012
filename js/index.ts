/**
 * Room messaging for web pages.
 *
 * ```js
 * const room = new RoomClient({ url: "wss://example.org/rooms/lobby", token: fetchToken });
 * await room.connect();
 * await room.messaging.enable();
 * ```
 *
 * @packageDocumentation
 */

export { RoomError, type RoomErrorCode } from "./errors.js";
export {
  DiscontinuityEvent,
  type MessagingEvents,
  ParticipantAttributesEvent,
  ParticipantEvent,
  type RetryDetails,
  type RoomEvents,
  RoomMessageEvent,
  type RoomState,
  StateChangeEvent,
  StreamClosedEvent,
  StreamOpenedEvent,
  type TypedListener,
} from "./events.js";
export type { MessagingLink } from "./link.js";
export {
  type AnyMessages,
  type MessageMap,
  type MessageOf,
  type MessageType,
  RoomMessage,
} from "./messages.js";
export {
  type BroadcastOptions,
  type CreateStreamOptions,
  type EnableOptions,
  MessagingClient,
  type SendOptions,
  type StreamOptions,
} from "./messaging-client.js";
export {
  MessagingStream,
  type StreamMessageInit,
  StreamRequestedEvent,
} from "./messaging-stream.js";
export type { StreamAcceptCallback } from "./offer.js";
export { type Attributes, LocalParticipant, RemoteParticipant } from "./participants.js";
export {
  type BackoffOptions,
  backoff,
  type ReconnectContext,
  type ReconnectPolicy,
} from "./reconnect.js";
export { RoomClient, type RoomClientOptions } from "./room-client.js";
export type { CallOptions } from "./signals.js";
export {
  MessageStreamChunk,
  type MessageStreamChunkInit,
  MessageStreamReader,
  MessageStreamWriter,
} from "./streams.js";
export type { TokenSource } from "./token.js";
export type { Attachment, Bytes, OwnBytes, Recipient } from "./values.js";
export { init, setWasmSource, type WasmSource } from "./wasm.js";

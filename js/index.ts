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
  type MessagingEvents,
  ParticipantAttributesEvent,
  ParticipantEvent,
  type RoomEvents,
  RoomMessage,
  RoomMessageEvent,
  type RoomState,
  StateChangeEvent,
  StreamClosedEvent,
  StreamOpenedEvent,
  type TypedListener,
} from "./events.js";
export type { MessagingLink } from "./link.js";
export {
  type BroadcastOptions,
  type CallOptions,
  type CreateStreamOptions,
  type EnableOptions,
  MessagingClient,
  type SendOptions,
  type StreamAcceptCallback,
} from "./messaging-client.js";
export { type Attributes, LocalParticipant, RemoteParticipant } from "./participants.js";
export { RoomClient, type RoomClientOptions, type TokenSource } from "./room-client.js";
export {
  MessageStreamChunk,
  type MessageStreamChunkInit,
  MessageStreamReader,
  MessageStreamWriter,
} from "./streams.js";
export type { Attachment, Bytes, Recipient } from "./values.js";
export { init, type WasmSource } from "./wasm.js";

/**
 * The WebAssembly core as the TypeScript face sees it. Not public.
 *
 * `src/client.rs` and `src/streams.rs` implement these shapes; the generated declarations are
 * never published.
 */

/** Small typed options. Every field may be left out. */
export interface CoreOptions {
  handshakeTimeoutMs?: number;
  requestTimeoutMs?: number;
  streamOpenTimeoutMs?: number;
  streamWindowBytes?: number;
  maxMessageBytes?: number;
  maxQueuedMessages?: number;
  maxQueuedBytes?: number;
  /** Whether the session outlives its connection; see `lost`. */
  reconnect?: boolean;
}

/** A remote participant as the core reports it. `attributes` is JSON text. */
export interface CoreParticipant {
  id: string;
  role: string;
  attributes: string;
}

/** What the core calls. None of these may throw; the face only stores, makes objects and dispatches. */
export interface CoreListener {
  /** Makes a `RoomError`, for everything that the core rejects with. */
  error(code: string, message: string, hint: string, retryable: boolean, cause: unknown): Error;
  /** A stream of the platform that the core feeds, or is fed by. */
  streamMade(controller: { error(reason: unknown): void }): void;
  /** Makes a `MessageStreamChunk`. `header` is JSON text. */
  chunk(header: string, data: Uint8Array): object;
  /** The session ended; every promise of it has been settled, every stream errored. */
  ended(error: Error): void;
  /** The connection is gone, or could not be made again; `Core.reconnect` tries the next time. */
  lost(error: Error): void;
  /** There is a connection again, and nothing was lost. */
  resumed(): void;
  /** There is a connection again, but what was open has failed. `error` says why. */
  discontinuity(error: Error): void;
  messagingEnabled(): void;
  participantAdded(id: string): void;
  participantRemoved(participant: CoreParticipant): void;
  participantUpdated(id: string, changedJson: string): void;
  message(
    from: string,
    type: string,
    messageJson: string,
    attachment: Uint8Array | undefined,
  ): void;
  /** Somebody offers a stream; it is answered by `accept()` or `reject()`, sooner or later. */
  streamRequested(offer: CoreIncomingStream): void;
  /** Makes what `CoreCall.next()` gives. */
  streamMessage(type: string, json: string, attachment: Uint8Array | undefined): CoreStreamMessage;
  /** Somebody opens a duplex stream; it is answered by `accept()` or `reject()`. */
  callRequested(
    call: CoreCall,
    type: string,
    messageJson: string,
    attachment: Uint8Array | undefined,
  ): void;
  /** An open stream (either direction, or both) ended; `error` is undefined when it ended cleanly. */
  streamClosed(streamId: string, error: Error | undefined): void;
}

/** One connection. Made anew for each `connect()`. */
export interface Core {
  /**
   * Drives the session over `socket` (a browser WebSocket, connecting or open, `binaryType`
   * "arraybuffer"); resolves when the room is ready.
   */
  connect(socket: WebSocket): Promise<void>;
  /** Goes on over another socket after `lost`. Throws if the connection is not lost. */
  reconnect(socket: WebSocket): void;
  /** What the next socket's URL says after `resume=`, if anything. */
  readonly resumeQuery: string | undefined;
  /** Lets go of the connection without leaving the room; `lost` follows. */
  suspend(): void;
  /** Asks the server for a sign of life; `lost` if none comes. */
  probe(): void;
  /** Lets the session look at the time. */
  wake(): void;
  /** Ends the session as "closed" and closes the socket with 1000. Calls `ended` before it returns. */
  close(): void;

  readonly participantId: string | undefined;
  readonly roomName: string | undefined;
  readonly roomUrl: string | undefined;
  readonly sessionId: string | undefined;
  readonly isEnabled: boolean;
  /** JSON text of an object. */
  localAttributes(): string;
  participants(): CoreParticipant[];
  participant(id: string): CoreParticipant | undefined;

  /** Resolves when `messaging.enabled` has come. */
  enable(): Promise<void>;
  disable(): Promise<void>;
  setAttributes(changedJson: string): void;
  send(
    to: string,
    type: string,
    messageJson: string,
    attachment: Uint8Array | undefined,
  ): Promise<void>;
  broadcast(type: string, messageJson: string, attachment: Uint8Array | undefined): Promise<void>;
  /**
   * The kind of stream in which bytes go to a participant, as it announces it. Throws if it takes
   * none.
   */
  streamForm(to: string): "v1" | "duplex";
  /** Throws at once what the session refuses at once. `streamId` is a fresh UUID. */
  openStream(to: string, streamId: string, headerJson: string): CoreOutgoingStream;
  /** Opens a duplex stream with its first message. Throws at once what is refused at once. */
  openCall(
    to: string,
    type: string,
    messageJson: string,
    attachment: Uint8Array | undefined,
  ): CoreCall;
  /** Bytes of linear memory, for tests of memory. */
  readonly memoryBytes: number;
}

/** A stream this side opened. */
export interface CoreOutgoingStream {
  readonly streamId: string;
  readonly to: string;
  /** Settles when the other side accepts, refuses, leaves or does not answer in time. */
  opened(): Promise<void>;
  /** Resolves when the session has taken the chunk and there is room for another. */
  write(headerJson: string, data: Uint8Array): Promise<void>;
  /** The clean end. Resolves when the server has taken it. */
  close(): Promise<void>;
  /** Settles when the stream is over. */
  closed(): Promise<void>;
  /** The end that says it is not complete. Also withdraws an offer that is not answered. */
  abort(reason: string): void;
  /** Chunks `{header, data}`; the header is any JSON value. One per stream; locked by its user. */
  readonly writable: WritableStream;
  /** The same sink for bare bytes: chunks of `Uint8Array`, `ArrayBuffer` or views, cut to fit. */
  bytes(): WritableStream;
  readonly desiredSize: number;
}

/** A stream the other side opened. */
export interface CoreIncomingStream {
  readonly streamId: string;
  readonly from: string;
  /** JSON text of any value. */
  readonly header: string;
  /** Throws a `RoomError` if the offer was withdrawn. */
  accept(): void;
  reject(reason: string): void;
  /** Settles when the stream is over; rejects too when an offer was withdrawn. */
  closed(): Promise<void>;
  /** `MessageStreamChunk`s. One per stream. High-water mark 0: credit is granted on reading. */
  readonly readable: ReadableStream;
  /** The same chunks' data only. Shares the one reader: use either. */
  bytes(): ReadableStream;
  cancel(reason: string): void;
}

/** A message of a duplex stream. `json` is JSON text of an object. */
export interface CoreStreamMessage {
  type: string;
  json: string;
  attachment: Uint8Array | undefined;
}

/** One end of a duplex stream. */
export interface CoreCall {
  /** The same at both ends; empty until it is accepted. */
  readonly streamId: string;
  readonly peer: string;
  /** Settles when the other side accepts, refuses, leaves or does not answer in time. */
  opened(): Promise<void>;
  /** Settles when the stream is over; rejects too when a request was withdrawn. */
  closed(): Promise<void>;
  /** Throws a `RoomError` if the request was withdrawn. */
  accept(): void;
  reject(reason: string): void;
  send(type: string, messageJson: string, attachment: Uint8Array | undefined): Promise<void>;
  /** The next message, made by `streamMessage`; undefined at the end. One call at a time. */
  next(): Promise<object | undefined>;
  /** Ends it for both directions; withdraws a call that is not answered. */
  close(): void;
}

import type { RoomError } from "./errors.js";

/**
 * The WebAssembly engine as TypeScript sees it. Not public.
 *
 * `src/engine.rs` and `src/listener.rs` have the same shapes; the generated declarations are never
 * published. Requests and streams are named by numbers, JSON is text, and an `error` that is
 * undefined means that it went well.
 */

/** A remote participant as the engine reports it; the attributes are JSON text. */
export type EngineParticipant = [id: string, role: string, attributes: string];

/** A message of a duplex stream. `json` is JSON text of an object. */
export interface EngineMessage {
  type: string;
  json: string;
  attachment: Uint8Array | undefined;
}

/** A chunk of a stream. `header` is JSON text. */
export interface EngineChunk {
  header: string;
  data: Uint8Array;
}

/** What the engine calls. None of these may throw. */
export interface EngineListener {
  /** The time in milliseconds. */
  now(): number;
  /** `Engine.wake` is to be called after so long; the last word counts. */
  setAlarm(waitMs: number): void;
  /** Makes a `RoomError`. */
  error(code: string, message: string): RoomError;
  chunk(header: string, data: Uint8Array): EngineChunk;
  streamMessage(type: string, json: string, attachment: Uint8Array | undefined): EngineMessage;

  /** Who and where we are. Comes before `ready` and `discontinuity`. `isRaw`: see `Place`. */
  placed(
    participantId: string,
    roomName: string,
    roomUrl: string,
    sessionId: string,
    isRaw: boolean,
  ): void;
  /** The room is ready. Comes once. */
  ready(): void;
  /** The session is over; all that was open has been answered before. */
  ended(error: RoomError): void;
  /** The connection is gone, or could not be made again; `Engine.reconnect` tries the next time. */
  lost(error: RoomError): void;
  /** There is a connection again, and nothing was lost. */
  resumed(): void;
  /** There is a connection again, but what was open has failed. `error` says why. */
  discontinuity(error: RoomError): void;
  /** The one answer to each of these requests. A crossing for each would cost as much as the promise. */
  done(first: number, last: number): void;
  /** The one answer to a request that failed. */
  failed(request: number, error: RoomError): void;

  messagingEnabled(): void;
  participantAdded(participant: EngineParticipant): void;
  participantRemoved(id: string): void;
  participantUpdated(id: string, attributes: string, changedJson: string): void;
  message(
    from: string,
    type: string,
    messageJson: string,
    attachment: Uint8Array | undefined,
  ): void;

  /** Somebody offers a stream, to be answered by `acceptStream` or `rejectStream`. */
  streamRequested(stream: number, streamId: string, from: string, header: string): void;
  /** The other side answered our offer. With an error nothing more comes of it. */
  streamOpened(stream: number, error: RoomError | undefined): void;
  /** There is something to read, or room to write, where there was none. */
  streamStirred(stream: number): void;
  /** An offer is over before it was answered. */
  streamWithdrawn(stream: number, error: RoomError): void;
  /** An open stream is over. What came before can still be read. */
  streamClosed(stream: number, error: RoomError | undefined): void;

  /** Somebody opens a duplex stream, to be answered by `acceptCall` or `rejectCall`. */
  callRequested(
    call: number,
    streamId: string,
    from: string,
    type: string,
    messageJson: string,
    attachment: Uint8Array | undefined,
  ): void;
  callOpened(call: number, streamId: string, error: RoomError | undefined): void;
  callStirred(call: number): void;
  callWithdrawn(call: number, error: RoomError): void;
  callClosed(call: number, error: RoomError | undefined): void;
}

/**
 * One session. What can fail throws a `RoomError`. A command only tells the session; `settle()`
 * carries out what comes of it, so that its answer finds somebody who waits for it.
 */
export interface Engine {
  /** What the socket has said already: messages, and how it closed. */
  connect(socket: WebSocket, messages: ArrayBuffer[], closing: Event | undefined): void;
  /** Goes on over another socket after `lost`. */
  reconnect(socket: WebSocket): void;
  settle(): void;
  /** The same, if so much waits that more should not be waited for. */
  settleIfFull(): void;
  /** What the next socket's URL says after `resume=`, if anything. */
  resumeQuery(): string | undefined;
  /** Lets go of the connection without leaving the room; `lost` follows. */
  suspend(): void;
  /** Asks the server for a sign of life; `lost` if none comes. */
  probe(): void;
  /** Lets the session look at the time. */
  wake(): void;
  /** Ends the session as "closed". */
  close(): void;
  isEnabled(): boolean;
  /** JSON text of an object. */
  localAttributes(): string;

  /** Gives the number of the request, as the others do that give a number. */
  enable(): number;
  disable(): number;
  setAttributes(changedJson: string): void;
  /** To all others if there is no `to`. */
  send(
    to: string | undefined,
    type: string,
    messageJson: string,
    attachment: Uint8Array | undefined,
  ): number;

  /** Whether bytes go to a participant in a stream of chunks; else in a duplex stream. */
  takesChunks(to: string): boolean;
  /** Gives the number of the stream. `streamId` is a fresh UUID. */
  openStream(to: string, streamId: string, headerJson: string): number;
  acceptStream(stream: number): void;
  rejectStream(stream: number, reason: string): void;
  /** Gives how many bytes may be written now. */
  writeStream(stream: number, headerJson: string, data: Uint8Array): number;
  writableBytes(stream: number): number;
  /** `undefined` if there is none yet, `null` at the end. */
  readStream(stream: number): EngineChunk | undefined | null;
  closeStream(stream: number): number;
  abortStream(stream: number, reason: string): void;

  openCall(
    to: string,
    type: string,
    messageJson: string,
    attachment: Uint8Array | undefined,
  ): number;
  acceptCall(call: number): void;
  rejectCall(call: number, reason: string): void;
  /** Gives nothing where no answer will come. */
  sendCall(
    call: number,
    type: string,
    messageJson: string,
    attachment: Uint8Array | undefined,
  ): number | undefined;
  /** `undefined` if there is none yet, `null` at the end. */
  readCall(call: number): EngineMessage | undefined | null;
  closeCall(call: number): void;
}

/** Makes an engine. The numbers are those of `options.ts`. */
export type EngineMaker = (
  listener: EngineListener,
  numbers: Float64Array,
  reconnect: boolean,
) => Engine;

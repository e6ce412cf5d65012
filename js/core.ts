import { Call } from "./call.js";
import { type Clock, realClock } from "./clock.js";
import { attempt } from "./crash.js";
import type {
  Engine,
  EngineListener,
  EngineMaker,
  EngineMessage,
  EngineParticipant,
} from "./engine.js";
import { coreError, type RoomError } from "./errors.js";
import type { SocketSoFar } from "./held-socket.js";
import { type CoreOptions, optionNumbers } from "./options.js";
import { IncomingStream, OutgoingStream, type StreamEnd } from "./stream-ends.js";

/** Where we are, and as whom. */
export interface Place {
  readonly participantId: string;
  readonly roomName: string;
  readonly roomUrl: string;
  readonly sessionId: string;
  /** Whether the server takes bytes as they are; else large pieces cost more than they save. */
  readonly isRaw: boolean;
}

/** What a core tells its connection. None of these may throw. */
export interface CoreListener {
  /** The session ended; every promise of it has been settled, every stream errored. */
  ended(error: RoomError): void;
  /** The room is ready. Comes once, before anything that happens there. */
  opened(): void;
  lost(error: RoomError): void;
  resumed(): void;
  discontinuity(error: RoomError): void;
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
  /** Somebody offers a stream; it is answered by `accept()` or `reject()`, sooner or later. */
  streamRequested(offer: IncomingStream): void;
  /** Somebody opens a duplex stream; it is answered by `accept()` or `reject()`. */
  callRequested(call: Call, message: EngineMessage): void;
  /** A stream that was open is over; the error is undefined if that was its clean end. */
  streamClosed(streamId: string, error: RoomError | undefined): void;
}

/** What a core is made of. */
export interface CoreSettings {
  options: CoreOptions;
  /** Whether the session outlives its connection; see `CoreListener.lost`. */
  reconnect: boolean;
  clock?: Clock | undefined;
}

/**
 * One session: promises, streams and timers around an engine.
 *
 * Every command goes through `ask()`, and `settle()` follows it. Every promise is in one of three
 * tables, from which the engine's answer takes it, or `fail()`.
 */
export class Core {
  readonly #engine: Engine;
  readonly #clock: Clock;
  readonly #requests = new Map<number, (error?: RoomError) => void>();
  readonly #streams = new Map<number, StreamEnd>();
  readonly #calls = new Map<number, Call>();
  #socket: WebSocket | undefined;
  #place: Place | undefined;
  #attributes = "{}";
  #timer: unknown;
  #isDue = false;

  /** @throws `RoomError` `invalid-argument` for an option out of range. */
  constructor(make: EngineMaker, settings: CoreSettings, listener: CoreListener) {
    this.#clock = settings.clock ?? realClock;
    const numbers = optionNumbers(settings.options);
    this.#engine = make(this.#engineListener(listener), numbers, settings.reconnect);
  }

  /** Drives the session over a socket, which may have said that the room is ready already. */
  connect({ socket, messages, closing }: SocketSoFar): void {
    this.#socket = socket;
    this.ask((engine) => engine.connect(socket, messages, closing));
  }

  /** Goes on over another socket after `lost`. */
  reconnect(socket: WebSocket): void {
    this.#socket = socket;
    this.ask((engine) => engine.reconnect(socket));
  }

  /** What the next socket's URL says after `resume=`, if anything. */
  get resumeQuery(): string | undefined {
    return this.ask((engine) => engine.resumeQuery());
  }

  /** Where we are, once the room is ready; stays after the end. */
  get place(): Place | undefined {
    return this.#place;
  }

  /** Nothing is, in an engine that is dead. */
  get isEnabled(): boolean {
    try {
      return this.ask((engine) => engine.isEnabled());
    } catch {
      return false;
    }
  }

  /** JSON text of an object; of an engine that is dead, what was asked for last. */
  get localAttributes(): string {
    try {
      this.#attributes = this.ask((engine) => engine.localAttributes());
    } catch {
      // Whoever uses it has been told.
    }
    return this.#attributes;
  }

  suspend(): void {
    this.command((engine) => engine.suspend());
  }

  probe(): void {
    this.command((engine) => engine.probe());
  }

  wake(): void {
    this.ask(wake);
  }

  /** Ends the session as "closed". `ended` comes before it returns. */
  close(): void {
    this.command((engine) => engine.close());
  }

  enable(): Promise<void> {
    return this.request((engine) => engine.enable());
  }

  disable(): Promise<void> {
    return this.request((engine) => engine.disable());
  }

  setAttributes(changedJson: string): void {
    this.command((engine) => engine.setAttributes(changedJson));
  }

  /** Sends to one participant, or to all others if there is no `to`. */
  send(
    to: string | undefined,
    type: string,
    json: string,
    attachment: Uint8Array | undefined,
  ): Promise<void> {
    return this.request((engine) => engine.send(to, type, json, attachment));
  }

  /** Whether bytes go to a participant in a stream of chunks; else in a duplex stream. */
  takesChunks(to: string): boolean {
    return this.ask((engine) => engine.takesChunks(to));
  }

  /** Offers a stream; its `opened()` tells the answer. Throws what is refused at once. */
  openStream(to: string, streamId: string, headerJson: string): OutgoingStream {
    const key = this.ask((engine) => engine.openStream(to, streamId, headerJson));
    const stream = new OutgoingStream(this, key, streamId, to);
    this.#streams.set(key, stream);
    this.settle();
    return stream;
  }

  /** Opens a duplex stream; its `opened()` tells the answer. Throws what is refused at once. */
  openCall(to: string, type: string, json: string, attachment: Uint8Array | undefined): Call {
    const key = this.ask((engine) => engine.openCall(to, type, json, attachment));
    const call = new Call(this, key, "", to, true);
    this.#calls.set(key, call);
    this.settle();
    return call;
  }

  /** Asks the engine. What comes of it, `settle()` carries out. */
  ask<T>(act: (engine: Engine) => T): T {
    return attempt(act, this.#engine);
  }

  settle(): void {
    this.ask(settle);
  }

  /** Gives a command that is done at once. */
  command<T>(act: (engine: Engine) => T): T {
    const result = this.ask(act);
    this.settle();
    return result;
  }

  /** Tells the engine that something is over. One that is dead knows. */
  tellOver(act: (engine: Engine) => void): void {
    this.#quietly(act);
    this.#quietly(settle);
  }

  /** Gives a command that is answered later, unless it gives no number. */
  request(act: (engine: Engine) => number | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const number = this.ask(act);
      if (number === undefined) {
        resolve();
      } else {
        const answer = (error?: RoomError) => (error === undefined ? resolve() : reject(error));
        this.#requests.set(number, answer);
      }
      this.#settleSoon();
    });
  }

  /**
   * After all that the page does at once: what it sends at once goes together, and what a message
   * costs are the frames that it takes. Much goes before, so that others begin with it.
   */
  #settleSoon(): void {
    this.#quietly(settleIfFull);
    if (!this.#isDue) {
      this.#isDue = true;
      queueMicrotask(() => {
        this.#isDue = false;
        this.#quietly(settle);
      });
    }
  }

  /** A dead engine has told whoever uses it. */
  #quietly(act: (engine: Engine) => void): void {
    try {
      this.ask(act);
    } catch {
      // See `crash.ts`.
    }
  }

  /** The session has nothing more to say about it. */
  forgetStream(key: number): void {
    this.#streams.delete(key);
  }

  forgetCall(key: number): void {
    this.#calls.delete(key);
  }

  /** Whether so much waits in the socket that streams should pause. */
  get isSocketFull(): boolean {
    const socket = this.#socket;
    // A closed socket keeps its last level for ever.
    return socket?.readyState === OPEN && socket.bufferedAmount > HIGH_WATER_BYTES;
  }

  pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      this.#clock.setTimeout(resolve, milliseconds);
    });
  }

  /** How much one chunk of bare bytes carries: what there is room for, within bounds. */
  pieceBytes(room: number): number {
    const most = this.#place?.isRaw ? RAW_PIECE_BYTES : PIECE_BYTES;
    return Math.min(Math.max(room, PIECE_BYTES), most);
  }

  /** The engine will not answer any more: everything that waits fails. */
  fail(error: RoomError): void {
    this.#clock.clearTimeout(this.#timer);
    const [requests, streams, calls] = [this.#requests, this.#streams, this.#calls];
    const answers = [...requests.values()];
    const ends = [...streams.values(), ...calls.values()];
    for (const table of [requests, streams, calls]) {
      table.clear();
    }
    for (const answer of answers) {
      answer(error);
    }
    for (const end of ends) {
      end.onFailed(error);
    }
  }

  #setAlarm(waitMs: number): void {
    this.#clock.clearTimeout(this.#timer);
    // Whole milliseconds, and one more, so that the moment has come. Browsers take waits above 31
    // bits for none at all; an alarm that is early is set again.
    const wholeMs = Math.min(Math.floor(waitMs) + 1, LONGEST_MS);
    this.#timer = this.#clock.setTimeout(() => this.#quietly(wake), wholeMs);
  }

  #engineListener(listener: CoreListener): EngineListener {
    // The engine holds this object for ever, and we hold the engine: to be collected, they part.
    let core: Core | undefined = this;
    let told: CoreListener | undefined = listener;
    const [clock, requests, streams, calls] = [
      this.#clock,
      this.#requests,
      this.#streams,
      this.#calls,
    ];
    const over = (error: RoomError) => {
      const listener = told;
      // The session has answered everything; what were left over would wait for ever.
      core?.fail(error);
      core = undefined;
      told = undefined;
      listener?.ended(error);
    };
    return {
      now: () => clock.now(),
      setAlarm: (waitMs) => {
        if (core !== undefined) {
          core.#setAlarm(waitMs);
        }
      },
      error: coreError,
      chunk: (header, data) => ({ header, data }),
      streamMessage: (type, json, attachment) => ({ type, json, attachment }),
      placed: (participantId, roomName, roomUrl, sessionId, isRaw) => {
        if (core !== undefined) {
          core.#place = { participantId, roomName, roomUrl, sessionId, isRaw };
        }
      },
      ready: () => told?.opened(),
      ended: over,
      lost: (error) => told?.lost(error),
      resumed: () => told?.resumed(),
      discontinuity: (error) => told?.discontinuity(error),
      done: (first, last) => {
        for (let request = first; request <= last; request += 1) {
          take(requests, request)?.();
        }
      },
      failed: (request, error) => take(requests, request)?.(error),
      messagingEnabled: () => told?.messagingEnabled(),
      participantAdded: (participant) => told?.participantAdded(participant),
      participantRemoved: (id) => told?.participantRemoved(id),
      participantUpdated: (...args) => told?.participantUpdated(...args),
      message: (...args) => told?.message(...args),
      streamRequested: (key, streamId, from, header) => {
        if (core !== undefined) {
          const stream = new IncomingStream(core, key, streamId, from, header);
          streams.set(key, stream);
          told?.streamRequested(stream);
        }
      },
      streamOpened: (key, error) => streams.get(key)?.onOpened(error),
      streamStirred: (key) => streams.get(key)?.onStirred(),
      streamWithdrawn: (key, error) => take(streams, key)?.onClosed(error),
      streamClosed: (key, error) => tellClosed(take(streams, key), error, told),
      callRequested: (key, streamId, from, type, json, attachment) => {
        if (core !== undefined) {
          const call = new Call(core, key, streamId, from, false);
          calls.set(key, call);
          told?.callRequested(call, { type, json, attachment });
        }
      },
      callOpened: (key, streamId, error) => calls.get(key)?.onOpened(streamId, error),
      callStirred: (key) => calls.get(key)?.onStirred(),
      callWithdrawn: (key, error) => take(calls, key)?.onClosed(error),
      callClosed: (key, error) => tellClosed(take(calls, key), error, told),
    };
  }
}

// Made once, not for each message.
const settle = (engine: Engine) => engine.settle();
const settleIfFull = (engine: Engine) => engine.settleIfFull();
const wake = (engine: Engine) => engine.wake();

/** Takes what has a last event. */
function take<T>(table: Map<number, T>, key: number): T | undefined {
  const found = table.get(key);
  table.delete(key);
  return found;
}

function tellClosed(
  end: StreamEnd | Call | undefined,
  error: RoomError | undefined,
  listener: CoreListener | undefined,
): void {
  if (end !== undefined) {
    end.onClosed(error);
    listener?.streamClosed(end.streamId, error);
  }
}

const OPEN = 1;

/** Above this level of the socket's own buffer, streams wait. */
const HIGH_WATER_BYTES = 4 * 1024 * 1024;

const PIECE_BYTES = 64 * 1024;
/** A quarter of the window of a stream that is alone: each process on the way has one. */
const RAW_PIECE_BYTES = 256 * 1024;
const LONGEST_MS = 3_600_000;

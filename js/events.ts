import type { RoomError } from "./errors.js";
import { Listeners } from "./listeners.js";
import type { AnyMessages, MessageMap, MessageOf } from "./messages.js";
import type { MessagingStream, StreamRequestedEvent } from "./messaging-stream.js";
import type { RemoteParticipant } from "./participants.js";
import type { MessageStreamReader, MessageStreamWriter } from "./streams.js";

/** A listener for one kind of event, as a function or as an object. */
export type TypedListener<E> =
  | ((event: E) => void)
  | {
      /** Is called with each event. */
      handleEvent(event: E): void;
    };

/** An `EventTarget` that knows its events, with `on`, `off` and `once` as in Node. */
export class TypedEventTarget<Events extends { [K in keyof Events]: Event }> extends EventTarget {
  readonly #listeners = new Listeners();

  /** The platform's own, with the types of these events. */
  override addEventListener<K extends keyof Events & string>(
    type: K,
    listener: TypedListener<Events[K]> | null,
    options?: AddEventListenerOptions | boolean,
  ): void;
  /** The platform's own, for events that this class does not know. */
  override addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: AddEventListenerOptions | boolean,
  ): void;
  override addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: AddEventListenerOptions | boolean,
  ): void {
    super.addEventListener(type, listener, options);
    this.#listeners.add(type, listener, options);
  }

  /** The platform's own, with the types of these events. */
  override removeEventListener<K extends keyof Events & string>(
    type: K,
    listener: TypedListener<Events[K]> | null,
    options?: EventListenerOptions | boolean,
  ): void;
  /** The platform's own, for events that this class does not know. */
  override removeEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: EventListenerOptions | boolean,
  ): void;
  override removeEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: EventListenerOptions | boolean,
  ): void {
    super.removeEventListener(type, listener, options);
    this.#listeners.remove(type, listener, options);
  }

  /** Dispatches an event if anybody listens to it, and says whether. */
  protected dispatchIfHeard(event: Event): boolean {
    const isHeard = this.#listeners.take(event.type);
    if (isHeard) {
      this.dispatchEvent(event);
    }
    return isHeard;
  }

  /** The same as `addEventListener`. */
  on<K extends keyof Events & string>(type: K, listener: TypedListener<Events[K]>): this {
    this.addEventListener(type, listener);
    return this;
  }

  /** The same as `removeEventListener`. */
  off<K extends keyof Events & string>(type: K, listener: TypedListener<Events[K]>): this {
    this.removeEventListener(type, listener);
    return this;
  }

  /** Listens to the next event of this type only. */
  once<K extends keyof Events & string>(type: K, listener: TypedListener<Events[K]>): this {
    this.addEventListener(type, listener, { once: true });
    return this;
  }
}

/** Somebody sent us a message, or sent one to everybody: `message`. */
export class RoomMessageEvent<Messages extends MessageMap<Messages> = AnyMessages> extends Event {
  /** What was sent. */
  readonly message: MessageOf<Messages>;

  constructor(message: MessageOf<Messages>) {
    super("message");
    this.message = message;
  }
}

/** Somebody enabled messaging, or is gone: `participant_added`, `participant_removed`. */
export class ParticipantEvent extends Event {
  /** Who. After a removal it is as it was last. */
  readonly participant: RemoteParticipant;

  constructor(type: string, participant: RemoteParticipant) {
    super(type);
    this.participant = participant;
  }
}

/** Somebody says something else about itself: `participant_attributes_updated`. */
export class ParticipantAttributesEvent extends ParticipantEvent {
  /** Only what changed; all of it is in `participant.attributes`. */
  readonly changed: Readonly<Record<string, unknown>>;

  constructor(participant: RemoteParticipant, changed: Record<string, unknown>) {
    super("participant_attributes_updated", participant);
    this.changed = changed;
  }
}

/** A stream that we offered, or took, is open: `stream_opened`. */
export class StreamOpenedEvent extends Event {
  /** Our end of it: a reader if the other side opened it. */
  readonly stream: MessageStreamReader | MessageStreamWriter | MessagingStream;

  constructor(stream: MessageStreamReader | MessageStreamWriter | MessagingStream) {
    super("stream_opened");
    this.stream = stream;
  }
}

/** An open stream ended: `stream_closed`. */
export class StreamClosedEvent extends Event {
  /** The `streamId` of the reader or writer. */
  readonly streamId: string;
  /** Why it is not complete; undefined if it is. */
  readonly error: RoomError | undefined;

  constructor(streamId: string, error: RoomError | undefined) {
    super("stream_closed");
    this.streamId = streamId;
    this.error = error;
  }
}

/**
 * Where a connection stands: not yet asked for, on its way, ready for use, lost and on its way
 * again, or over. After `closed` comes `connecting`, if `connect()` is called again.
 */
export type RoomState = "idle" | "connecting" | "open" | "reconnecting" | "closed";

/** What is known of another attempt to connect. */
export interface RetryDetails {
  /** Which attempt it will be since the loss; 1 for the first. */
  attempt: number;
  /** When it begins, in milliseconds since 1970; undefined while that depends on the page. */
  nextRetryAt: number | undefined;
}

/** A client's connection stands elsewhere: `statechange`. */
export class StateChangeEvent extends Event {
  /** Where it stands. With `reconnecting` the event comes once for every attempt. */
  readonly current: RoomState;
  /** Where it stood before. */
  readonly previous: RoomState;
  /**
   * With `reconnecting`: why the connection was lost, or why the last attempt failed. With
   * `closed`: why; its code is `closed` if the application wanted it.
   */
  readonly reason: RoomError | undefined;
  /** With `reconnecting`: the number of the next attempt; 1 for the first. */
  readonly attempt: number | undefined;
  /** With `reconnecting`: when it begins, as `Date.now()` counts; undefined while a page sleeps. */
  readonly nextRetryAt: number | undefined;

  constructor(
    current: RoomState,
    previous: RoomState,
    reason?: RoomError | undefined,
    retry?: RetryDetails | undefined,
  ) {
    super("statechange");
    this.current = current;
    this.previous = previous;
    this.reason = reason;
    this.attempt = retry?.attempt;
    this.nextRetryAt = retry?.nextRetryAt;
  }
}

/**
 * The connection is there again, but the server could not go on where the last one ended:
 * `discontinuity`. What was open has failed: calls with `delivery-unknown`, streams with
 * `connection-lost`. We have another id; attributes and messaging are restored, and events tell
 * who came and who left meanwhile. Messages may have been missed.
 */
export class DiscontinuityEvent extends Event {
  /** Why. */
  readonly reason: RoomError;

  constructor(reason: RoomError) {
    super("discontinuity");
    this.reason = reason;
  }
}

/** The events of a `MessagingClient`, by name. */
export interface MessagingEvents<Messages extends MessageMap<Messages> = AnyMessages> {
  /** A message came. */
  message: RoomMessageEvent<Messages>;
  /** Messaging is on, and the participants are known. */
  messaging_enabled: Event;
  /** Somebody is there who was not. */
  participant_added: ParticipantEvent;
  /** Somebody has left, or takes no messages any more. */
  participant_removed: ParticipantEvent;
  /** Somebody's attributes are others. */
  participant_attributes_updated: ParticipantAttributesEvent;
  /** A stream can be used, in either direction. */
  stream_opened: StreamOpenedEvent;
  /** A stream has ended or failed. */
  stream_closed: StreamClosedEvent;
  /** Somebody wants to open a duplex stream to us. */
  stream_requested: StreamRequestedEvent;
}

/** The events of a `RoomClient`, by name. */
export interface RoomEvents {
  /** The connection stands elsewhere. */
  statechange: StateChangeEvent;
  /** The server could not go on where the connection was lost. */
  discontinuity: DiscontinuityEvent;
}

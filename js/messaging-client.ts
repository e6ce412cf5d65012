import type { Call } from "./call.js";
import { CHUNK_STREAM, DuplexWriter } from "./duplex-writer.js";
import { failure } from "./errors.js";
import {
  type MessagingEvents,
  ParticipantAttributesEvent,
  ParticipantEvent,
  RoomMessageEvent,
  StreamClosedEvent,
  StreamOpenedEvent,
  TypedEventTarget,
} from "./events.js";
import type { MessagingHandlers, MessagingLink } from "./link.js";
import {
  type AnyMessages,
  type MessageMap,
  type MessageOf,
  type MessageType,
  RoomMessage,
} from "./messages.js";
import { MessagingStream, StreamRequestedEvent } from "./messaging-stream.js";
import { Offer, type StreamAcceptCallback } from "./offer.js";
import { RemoteParticipant } from "./participants.js";
import { SendQueue } from "./send-queue.js";
import {
  abortable,
  type CallOptions,
  checkedLimitMs,
  liveSignal,
  throwIfAborted,
  within,
} from "./signals.js";
import type { IncomingStream, OutgoingStream } from "./stream-ends.js";
import { type MessageStreamReader, MessageStreamWriter } from "./streams.js";
import {
  type Attachment,
  attachmentBytes,
  inWords,
  isObject,
  jsonObject,
  jsonText,
  nonEmpty,
  type Recipient,
  recipientId,
} from "./values.js";

/** The named options of {@link MessagingClient.enable}. */
export interface EnableOptions extends CallOptions {
  /** Takes offered streams; without it they are refused. */
  onStreamAccept?: StreamAcceptCallback | undefined;
}

/** The named options of {@link MessagingClient.broadcastMessage}. */
export interface BroadcastOptions<Type extends string = string, Payload = object>
  extends CallOptions {
  /** The application's word for the kind of message; `participant.*` and the like are reserved. */
  type: Type;
  /** What `JSON.stringify` makes an object of. */
  message: Payload;
  /** Bytes that go with it. None and no bytes are the same to the receiver. */
  attachment?: Attachment | undefined;
}

/** The named options of {@link MessagingClient.sendMessage}. */
export interface SendOptions<Type extends string = string, Payload = object>
  extends BroadcastOptions<Type, Payload> {
  /** A participant, or the id of one. */
  to: Recipient;
}

/** The named options of {@link MessagingClient.stream}. */
export interface StreamOptions extends SendOptions {
  /** How long the other side may take, in milliseconds; at most the client's `streamOpenTimeoutMs`. */
  timeoutMs?: number | undefined;
}

/** The named options of {@link MessagingClient.createStream}. */
export interface CreateStreamOptions extends CallOptions {
  /** A participant, or the id of one. */
  to: Recipient;
  /** What is said about the stream: any JSON; an empty object by default. */
  header?: unknown;
  /** How long the other side may take, in milliseconds; at most the client's `streamOpenTimeoutMs`. */
  timeoutMs?: number | undefined;
}

/**
 * Messages, participants and streams of a room. `room.messaging` is one; a subclass can be given
 * to `RoomClient`. With a {@link MessageMap} it knows what is said: `MessagingClient<MyMessages>`.
 *
 * Every call takes its arguments by position or as one object of named options. Every rejection
 * is a `RoomError`; besides what is listed with the calls, each may reject with
 * `not-connected`, `closed`, `connection-lost` (what was asked may or may not have been done),
 * `timeout`, `permission-denied`, `server-error`, `aborted` and `invalid-argument`.
 *
 * @example
 * ```ts
 * class Chat extends MessagingClient {
 *   say(text: string) {
 *     return this.broadcastMessage("chat.message", { text });
 *   }
 * }
 * const room = new RoomClient({ url, token, messaging: Chat });
 * ```
 */
export class MessagingClient<
  Messages extends MessageMap<Messages> = AnyMessages,
> extends TypedEventTarget<MessagingEvents<Messages>> {
  readonly #link: MessagingLink;
  readonly #participants = new Map<string, RemoteParticipant>();
  readonly #queue = new SendQueue();
  #onStreamAccept: StreamAcceptCallback | undefined;

  /** @param link Given by `RoomClient`; subclasses pass it on. */
  constructor(link: MessagingLink) {
    super();
    this.#link = link;
    link.attach(this.#handlers());
  }

  /** Whether we are listed, and hear of the others. */
  get isEnabled(): boolean {
    return this.#link.isEnabled();
  }

  /** Everybody else who has enabled messaging, as a new array. */
  get remoteParticipants(): RemoteParticipant[] {
    return [...this.#participants.values()];
  }

  /** One of them, by id. */
  getParticipant(id: string): RemoteParticipant | undefined {
    return this.#participants.get(id);
  }

  /** The first of them whose attribute `name` is this. Names need not be unique. */
  getParticipantByName(name: string): RemoteParticipant | undefined {
    return this.remoteParticipants.find((participant) => participant.name === name);
  }

  /**
   * Makes us known to the others, and them to us. Resolves when the list of participants is
   * there; at once if it is. While the client connects it waits for that: called together with
   * `connect()` it saves a round trip, where the server is ours. A signal ends the wait, and takes nothing
   * back.
   *
   * @param onStreamAccept Takes offered streams; without it they are refused. It replaces the one
   * of an earlier call.
   *
   * @example
   * ```ts
   * await room.messaging.enable(async (reader) => {
   *   for await (const { header, data } of reader) console.log(header, data.byteLength);
   * });
   * ```
   */
  enable(onStreamAccept?: StreamAcceptCallback): Promise<void>;
  enable(options: EnableOptions): Promise<void>;
  async enable(given?: StreamAcceptCallback | EnableOptions): Promise<void> {
    const options = (isObject(given) ? given : { onStreamAccept: given }) as EnableOptions;
    const { onStreamAccept } = options;
    if (onStreamAccept !== undefined && typeof onStreamAccept !== "function") {
      const message = `onStreamAccept must be a function, but is ${inWords(onStreamAccept)}`;
      throw failure("invalid-argument", message);
    }
    const signal = liveSignal(options);
    const connecting = this.#link.enabling();
    if (connecting === undefined) {
      // It says why, before anything has changed.
      this.#link.core();
    }
    this.#onStreamAccept = onStreamAccept;
    if (connecting !== undefined) {
      await abortable(connecting, signal);
    }
    await abortable(this.#link.core().enable(), signal);
  }

  /** Takes us off the list. Streams end with an error; the others are gone, one by one. */
  async disable(options?: CallOptions): Promise<void> {
    const signal = liveSignal(options);
    const core = this.#link.core();
    this.#onStreamAccept = undefined;
    await abortable(core.disable(), signal);
  }

  /**
   * Sends a message to one participant. Resolves when the server has taken it. Messages arrive
   * in the order of the calls, even if an earlier one has a Blob that takes time to read.
   *
   * @returns A promise that rejects with a `RoomError`, among others
   * `participant-not-found` and `too-large`.
   */
  sendMessage<Type extends MessageType<Messages>>(
    to: Recipient,
    type: Type,
    message: Messages[Type],
    attachment?: Attachment,
  ): Promise<void>;
  sendMessage<Type extends MessageType<Messages>>(
    options: SendOptions<Type, Messages[Type]>,
  ): Promise<void>;
  sendMessage(
    first: Recipient | SendOptions,
    ...rest: [type?: string, message?: object, attachment?: Attachment]
  ): Promise<void> {
    const [type, message, attachment] = rest;
    const options = (
      rest.length === 0 && isObject(first) ? first : { to: first, type, message, attachment }
    ) as SendOptions;
    return promised(() => this.#send(recipientId(options.to), options));
  }

  /**
   * Sends a message to everybody else who has enabled messaging. Resolves when the server has
   * taken it; the order is that of the calls, as with `sendMessage()`.
   *
   * @returns A promise that rejects with a `RoomError`, among others `too-large`.
   */
  broadcastMessage<Type extends MessageType<Messages>>(
    type: Type,
    message: Messages[Type],
    attachment?: Attachment,
  ): Promise<void>;
  broadcastMessage<Type extends MessageType<Messages>>(
    options: BroadcastOptions<Type, Messages[Type]>,
  ): Promise<void>;
  broadcastMessage(
    first: string | BroadcastOptions,
    message?: object,
    attachment?: Attachment,
  ): Promise<void> {
    const options = (
      isObject(first) ? first : { type: first, message, attachment }
    ) as BroadcastOptions;
    return promised(() => this.#send(undefined, options));
  }

  /**
   * Offers a stream to a participant. Resolves when it is accepted; a signal withdraws the offer.
   *
   * Clients announce what they take in the attribute `streams`. To one that takes duplex streams
   * only, the chunks go as messages of such a stream; one that announces nothing has until the
   * timeout to accept.
   *
   * @returns A promise of the writing end. It rejects with a `RoomError`, among others
   * `stream-rejected` with the other side's reason, `stream-unsupported` if it announces that it
   * takes none, `timeout`, `peer-left`, `participant-not-found`, `not-enabled`.
   *
   * @example
   * ```ts
   * const writer = await room.messaging.createStream(peer, { name: file.name });
   * await file.stream().pipeTo(writer.bytes());
   * ```
   */
  createStream(to: Recipient, header?: unknown): Promise<MessageStreamWriter>;
  createStream(options: CreateStreamOptions): Promise<MessageStreamWriter>;
  async createStream(
    first: Recipient | CreateStreamOptions,
    ...rest: [header?: unknown]
  ): Promise<MessageStreamWriter> {
    const isNamed = rest.length === 0 && isObject(first) && "to" in first;
    const options = (isNamed ? first : { to: first, header: rest[0] }) as CreateStreamOptions;
    const to = recipientId(options.to);
    const { header = {} } = options;
    const json = jsonText("the header of the stream", header);
    const limitMs = checkedLimitMs("timeoutMs", options.timeoutMs);
    const signal = liveSignal(options);

    const core = this.#openWriter(to, json);
    await this.#answered(core.opened(), signal, limitMs, (reason) => core.abort(reason));
    const writer = new MessageStreamWriter(core, header);
    this.dispatchEvent(new StreamOpenedEvent(writer));
    return writer;
  }

  /**
   * Opens a duplex stream to a participant with a first message. Resolves when it is accepted; a
   * signal withdraws it. The other side gets an event `stream_requested`; agents of the Python SDK
   * from 0.47.1 on understand it.
   *
   * @returns A promise that rejects with a `RoomError`, among others `stream-rejected` with
   * the other side's reason, `stream-unsupported` if it announces that it takes none, `timeout`,
   * `peer-left`, `participant-not-found`, `not-enabled`.
   */
  stream(
    to: Recipient,
    type: string,
    message: object,
    attachment?: Attachment,
  ): Promise<MessagingStream>;
  stream(options: StreamOptions): Promise<MessagingStream>;
  async stream(
    first: Recipient | StreamOptions,
    ...rest: [type?: string, message?: object, attachment?: Attachment]
  ): Promise<MessagingStream> {
    const [kind, message, attachment] = rest;
    const options = (
      rest.length === 0 && isObject(first) ? first : { to: first, type: kind, message, attachment }
    ) as StreamOptions;
    const to = recipientId(options.to);
    const type = nonEmpty("the type of the message", options.type);
    const json = jsonObject("the message", options.message);
    const limitMs = checkedLimitMs("timeoutMs", options.timeoutMs);
    const signal = liveSignal(options);
    const client = this.#link.core();
    const given = attachmentBytes(options.attachment);
    // Only a Blob has to be waited for: the caller may reuse the rest.
    const bytes = given instanceof Promise ? await given : given;
    throwIfAborted(signal);

    const core = client.openCall(to, type, json, bytes);
    await this.#answered(core.opened(), signal, limitMs, () => core.close());
    const stream = new MessagingStream(core);
    this.dispatchEvent(new StreamOpenedEvent(stream));
    return stream;
  }

  /**
   * Checks at once, then sends in the order of the calls. A message makes one promise, not one for
   * each function on its way: they cost more than the message.
   */
  #send(to: string | undefined, options: BroadcastOptions): Promise<void> {
    const core = this.#link.core();
    const type = nonEmpty("the type of the message", options.type);
    const json = jsonObject("the message", options.message);
    const signal = liveSignal(options);
    const bytes = attachmentBytes(options.attachment);
    const sent = this.#queue.add(bytes, (read) => {
      // Whoever gave up while it waited for its turn does not want it sent.
      throwIfAborted(signal);
      return core.send(to, type, json, read);
    });
    return abortable(sent, signal);
  }

  #handlers(): MessagingHandlers {
    return {
      ended: () => {
        this.#participants.clear();
        this.#onStreamAccept = undefined;
      },
      messagingEnabled: () => this.dispatchEvent(new Event("messaging_enabled")),
      participantAdded: (core) => this.#onAdded(new RemoteParticipant(core)),
      participantRemoved: (id) => this.#onRemoved(id),
      participantUpdated: (id, attributes, changed) => this.#onUpdated(id, attributes, changed),
      message: (from, type, json, attachment) => {
        const message = new RoomMessage(from, type, json, attachment);
        this.dispatchEvent(new RoomMessageEvent<Messages>(message as MessageOf<Messages>));
      },
      streamRequested: (offer) => this.#onOffer(offer),
      callRequested: (call, { type, json, attachment }) =>
        this.#onCall(call, new RoomMessage(call.peer, type, json, attachment)),
      streamClosed: (streamId, error) => this.dispatchEvent(new StreamClosedEvent(streamId, error)),
    };
  }

  #onAdded(participant: RemoteParticipant): void {
    this.#participants.set(participant.id, participant);
    this.dispatchEvent(new ParticipantEvent("participant_added", participant));
  }

  #onRemoved(id: string): void {
    const participant = this.#participants.get(id);
    if (participant !== undefined) {
      this.#participants.delete(id);
      this.dispatchEvent(new ParticipantEvent("participant_removed", participant));
    }
  }

  #onUpdated(id: string, attributes: string, changed: string): void {
    const participant = this.#participants.get(id);
    if (participant !== undefined) {
      participant.update(attributes);
      const parsed = JSON.parse(changed) as Record<string, unknown>;
      this.dispatchEvent(new ParticipantAttributesEvent(participant, parsed));
    }
  }

  /** Refused at once if nobody listens: the other side would wait. */
  #onCall(core: Call, message: RoomMessage): void {
    const onAccepted = (stream: MessagingStream) =>
      this.dispatchEvent(new StreamOpenedEvent(stream));
    if (!this.dispatchIfHeard(new StreamRequestedEvent(core, message, onAccepted))) {
      core.reject("Streams are not allowed by this client");
    }
  }

  #onOffer(offer: IncomingStream): void {
    const from = this.#participants.get(offer.from);
    const callback = this.#onStreamAccept;
    if (callback === undefined || from === undefined) {
      offer.reject("Streams are not allowed by this client");
      return;
    }
    const onAccepted = (reader: MessageStreamReader) =>
      this.dispatchEvent(new StreamOpenedEvent(reader));
    new Offer(offer, from, onAccepted).ask(callback);
  }

  /** Offers a stream in the form that the other side announces. */
  #openWriter(to: string, headerJson: string): OutgoingStream | DuplexWriter {
    const core = this.#link.core();
    if (core.takesChunks(to)) {
      return core.openStream(to, this.#link.clock().newId(), headerJson);
    }
    const first = `{"header":${headerJson}}`;
    return new DuplexWriter(core.openCall(to, CHUNK_STREAM.open, first, undefined));
  }

  /** Waits for the answer to an offer; `withdraw` takes it back, with the reason. */
  async #answered(
    opened: Promise<void>,
    signal: AbortSignal | undefined,
    limitMs: number | undefined,
    withdraw: (reason: string) => void,
  ): Promise<void> {
    const inTime = abortable(opened, signal, (error) => withdraw(error.message));
    await within(inTime, limitMs, this.#link.clock(), () => {
      const error = failure("timeout", `the stream was not answered within ${limitMs} ms`);
      withdraw(error.message);
      return error;
    });
  }
}

/** What an async function does with an error, without the promise that it makes. */
function promised(act: () => Promise<void>): Promise<void> {
  try {
    return act();
  } catch (error) {
    return Promise.reject(error);
  }
}

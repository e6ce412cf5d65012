import type { CoreIncomingStream, CoreOutgoingStream } from "./core.js";
import { failure, RoomError, reasonText } from "./errors.js";
import {
  type MessagingEvents,
  ParticipantAttributesEvent,
  ParticipantEvent,
  RoomMessage,
  RoomMessageEvent,
  StreamClosedEvent,
  StreamOpenedEvent,
  TypedEventTarget,
} from "./events.js";
import type { MessagingHandlers, MessagingLink } from "./link.js";
import { RemoteParticipant } from "./participants.js";
import { abortable, throwIfAborted } from "./signals.js";
import { MessageStreamReader, MessageStreamWriter } from "./streams.js";
import {
  type Attachment,
  attachmentBytes,
  isOptions,
  jsonObject,
  jsonText,
  nonEmpty,
  type Recipient,
  recipientId,
} from "./values.js";

/**
 * Takes or refuses an offered stream. Reading from the reader, returning, or fulfilling accepts;
 * throwing or rejecting before that refuses, with the error's message as the reason.
 */
export type StreamAcceptCallback = (reader: MessageStreamReader) => unknown;

export interface CallOptions {
  /** Ends the call with `aborted`. What was already sent may still arrive. */
  signal?: AbortSignal | undefined;
}

export interface EnableOptions extends CallOptions {
  onStreamAccept?: StreamAcceptCallback | undefined;
}

export interface BroadcastOptions extends CallOptions {
  type: string;
  /** A JSON object. */
  message: object;
  attachment?: Attachment | undefined;
}

export interface SendOptions extends BroadcastOptions {
  to: Recipient;
}

export interface CreateStreamOptions extends CallOptions {
  to: Recipient;
  /** Any JSON. */
  header?: unknown;
}

/**
 * Messages, participants and streams of a room. `room.messaging` is one; a subclass can be given
 * to `RoomClient`.
 */
export class MessagingClient extends TypedEventTarget<MessagingEvents> {
  readonly #link: MessagingLink;
  readonly #participants = new Map<string, RemoteParticipant>();
  #onStreamAccept: StreamAcceptCallback | undefined;
  /** Set while a send waits for its Blob: those behind it must not overtake. */
  #queue: Promise<unknown> | undefined;

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

  /** One of them. */
  getParticipant(id: string): RemoteParticipant | undefined {
    return this.#participants.get(id);
  }

  /** The first of them whose attribute `name` is this. Names need not be unique. */
  getParticipantByName(name: string): RemoteParticipant | undefined {
    return this.remoteParticipants.find((participant) => participant.name === name);
  }

  /**
   * Makes us known to the others, and them to us. Resolves when the list of participants is there.
   *
   * @param onStreamAccept Takes offered streams; without it they are refused. It replaces the one
   * of an earlier call.
   */
  enable(onStreamAccept?: StreamAcceptCallback): Promise<void>;
  enable(options: EnableOptions): Promise<void>;
  async enable(given?: StreamAcceptCallback | EnableOptions): Promise<void> {
    const options = (isOptions(given) ? given : { onStreamAccept: given }) as EnableOptions;
    const { onStreamAccept, signal } = options;
    if (onStreamAccept !== undefined && typeof onStreamAccept !== "function") {
      throw failure("invalid-argument", "onStreamAccept must be a function");
    }
    throwIfAborted(signal);
    const core = this.#link.core();
    this.#onStreamAccept = onStreamAccept;
    await abortable(core.enable(), signal);
  }

  /** Takes us off the list. Streams end; the others are no longer known. */
  async disable({ signal }: CallOptions = {}): Promise<void> {
    throwIfAborted(signal);
    const core = this.#link.core();
    this.#onStreamAccept = undefined;
    await abortable(core.disable(), signal);
  }

  /**
   * Sends a message to one participant. Resolves when the server has taken it.
   *
   * @throws `RoomError` `participant-not-found`, `permission-denied`, `too-large`,
   * `invalid-argument`, `timeout`, `aborted`, `connection-lost` (then it may or may not have
   * arrived).
   */
  sendMessage(to: Recipient, type: string, message: object, attachment?: Attachment): Promise<void>;
  sendMessage(options: SendOptions): Promise<void>;
  async sendMessage(
    first: Recipient | SendOptions,
    ...rest: [type?: string, message?: object, attachment?: Attachment]
  ): Promise<void> {
    const [type, message, attachment] = rest;
    const options = (
      rest.length === 0 && isOptions(first) ? first : { to: first, type, message, attachment }
    ) as SendOptions;
    const to = recipientId(options.to);
    await this.#send(options, (kind, json, bytes) => this.#link.core().send(to, kind, json, bytes));
  }

  /** Sends a message to everybody else. Resolves when the server has taken it. */
  broadcastMessage(type: string, message: object, attachment?: Attachment): Promise<void>;
  broadcastMessage(options: BroadcastOptions): Promise<void>;
  async broadcastMessage(
    first: string | BroadcastOptions,
    message?: object,
    attachment?: Attachment,
  ): Promise<void> {
    const options = (
      isOptions(first) ? first : { type: first, message, attachment }
    ) as BroadcastOptions;
    await this.#send(options, (kind, json, bytes) =>
      this.#link.core().broadcast(kind, json, bytes),
    );
  }

  /**
   * Offers a stream to a participant. Resolves when it is accepted.
   *
   * @throws `RoomError` `stream-rejected` with the other side's reason, `timeout`, `aborted`,
   * `peer-left`, `connection-lost`, `participant-not-found`, `not-enabled`, `invalid-argument`.
   */
  createStream(to: Recipient, header?: unknown): Promise<MessageStreamWriter>;
  createStream(options: CreateStreamOptions): Promise<MessageStreamWriter>;
  async createStream(
    first: Recipient | CreateStreamOptions,
    ...rest: [header?: unknown]
  ): Promise<MessageStreamWriter> {
    const isNamed = rest.length === 0 && isOptions(first) && "to" in first;
    const options = (isNamed ? first : { to: first, header: rest[0] }) as CreateStreamOptions;
    const to = recipientId(options.to);
    const { header = {}, signal } = options;
    const json = jsonText("the header of the stream", header);
    throwIfAborted(signal);

    const core = this.#link.core().openStream(to, uuid(), json);
    await this.#opened(core, signal);
    const writer = new MessageStreamWriter(core, header);
    this.dispatchEvent(new StreamOpenedEvent(writer));
    return writer;
  }

  /** Waits for the answer to an offer; an abort withdraws it. */
  async #opened(core: CoreOutgoingStream, signal: AbortSignal | undefined): Promise<void> {
    await abortable(core.opened(), signal, (reason) => core.abort(reason));
  }

  /** Checks at once, then sends in the order of the calls. */
  async #send(
    options: BroadcastOptions,
    send: (type: string, json: string, bytes: Uint8Array | undefined) => Promise<void>,
  ): Promise<void> {
    const { signal } = options;
    const type = nonEmpty("the type of the message", options.type);
    const json = jsonObject("the message", options.message);
    const bytes = attachmentBytes(options.attachment);
    throwIfAborted(signal);

    if (this.#queue === undefined && !(bytes instanceof Promise)) {
      return abortable(send(type, json, bytes), signal);
    }
    // Fails early, so that a Blob is not read in vain.
    this.#link.core();
    await abortable(
      this.#sendInTurn(bytes, (read) => send(type, json, read), signal),
      signal,
    );
  }

  /** Waits for the sends before, and lets those behind wait until this one is on its way. */
  #sendInTurn(
    bytes: Uint8Array | undefined | Promise<Uint8Array>,
    send: (bytes: Uint8Array | undefined) => Promise<void>,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const before = this.#queue;
    const started = (async () => {
      const [read] = await Promise.all([bytes, before]);
      throwIfAborted(signal);
      // In an object, because the one behind waits for the start and not for the answer.
      return { answer: send(read) };
    })();
    const turn = started.then(
      ({ answer }) => void answer.catch(() => {}),
      () => {},
    );
    this.#queue = turn;
    void turn.then(() => {
      if (this.#queue === turn) {
        this.#queue = undefined;
      }
    });
    return started.then(({ answer }) => answer);
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
        this.dispatchEvent(new RoomMessageEvent(message));
      },
      streamRequested: (offer) => this.#onOffer(offer),
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

  #onOffer(offer: CoreIncomingStream): void {
    const from = this.#participants.get(offer.from);
    const callback = this.#onStreamAccept;
    if (callback === undefined || from === undefined) {
      offer.reject("Streams are not allowed by this client");
      return;
    }
    new Offer(offer, from, (reader) => this.dispatchEvent(new StreamOpenedEvent(reader))).ask(
      callback,
    );
  }
}

/** An offered stream until it is answered, and the application's callback after that. */
class Offer {
  readonly #core: CoreIncomingStream;
  readonly #reader: MessageStreamReader;
  readonly #onAccepted: (reader: MessageStreamReader) => void;
  #isAnswered = false;

  constructor(
    core: CoreIncomingStream,
    from: RemoteParticipant,
    onAccepted: (reader: MessageStreamReader) => void,
  ) {
    this.#core = core;
    this.#onAccepted = onAccepted;
    this.#reader = new MessageStreamReader(core, from, () => this.#accept());
  }

  ask(callback: StreamAcceptCallback): void {
    let result: unknown;
    try {
      result = callback(this.#reader);
    } catch (error) {
      this.#fail(error);
      return;
    }
    Promise.resolve(result).then(
      () => this.#acceptUnlessWithdrawn(),
      (error) => this.#fail(error),
    );
  }

  /** Throws if the offer was withdrawn. */
  #accept(): void {
    if (!this.#isAnswered) {
      this.#core.accept();
      this.#isAnswered = true;
      this.#onAccepted(this.#reader);
    }
  }

  #acceptUnlessWithdrawn(): void {
    try {
      this.#accept();
    } catch (error) {
      // Whoever reads will hear it.
      if (!(error instanceof RoomError)) {
        throw error;
      }
    }
  }

  /** Before the answer it is a refusal; after it, the stream cannot go on. */
  #fail(error: unknown): void {
    const reason = reasonText(error) || "the stream was refused";
    if (!this.#isAnswered) {
      this.#isAnswered = true;
      this.#core.reject(reason);
      return;
    }
    this.#core.cancel(reason);
    if (!(error instanceof RoomError)) {
      // A mistake of the application's that it should see.
      reportError(error);
    }
  }
}

/** A version 4 UUID. `crypto.randomUUID` is missing in pages that are not secure contexts. */
function uuid(): string {
  if (typeof crypto.randomUUID === "function") {
    return crypto.randomUUID();
  }
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [8, 12, 16, 20, 32].map((end, i) => hex.slice([0, 8, 12, 16, 20][i], end)).join("-");
}

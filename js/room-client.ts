/// <reference lib="esnext.disposable" preserve="true" />

import { Connection } from "./connection.js";
import type { Core } from "./core.js";
import { failure, type RoomError } from "./errors.js";
import {
  DiscontinuityEvent,
  type RetryDetails,
  type RoomEvents,
  type RoomState,
  StateChangeEvent,
  TypedEventTarget,
} from "./events.js";
import type { MessagingHandlers, MessagingLink } from "./link.js";
import type { AnyMessages, MessageMap } from "./messages.js";
import { MessagingClient } from "./messaging-client.js";
import type { CoreOptions } from "./options.js";
import { LocalParticipant } from "./participants.js";
import { backoff, type ReconnectPolicy } from "./reconnect.js";
import { abortable, type CallOptions, liveSignal } from "./signals.js";
import { network, type Transport } from "./socket.js";
import { checkedToken, type TokenSource } from "./token.js";
import { inWords } from "./values.js";

/** What a {@link RoomClient} is made of. */
export interface RoomClientOptions<
  // biome-ignore lint/suspicious/noExplicitAny: whatever it says
  Messaging extends MessagingClient<any> = MessagingClient,
> {
  /** Where the room is: `ws:`, `wss:`, `http:` or `https:`. Its query is kept. */
  url: string | URL;
  /** What lets us in: a JWT, or a function that fetches one. */
  token: TokenSource;
  /** A subclass of {@link MessagingClient} for `room.messaging`. */
  messaging?: (new (link: MessagingLink) => Messaging) | undefined;
  /** How long the server may take until the room is ready; 15 000 milliseconds by default. */
  handshakeTimeoutMs?: number | undefined;
  /** How long an answer of the server may take; 30 000 milliseconds by default. */
  requestTimeoutMs?: number | undefined;
  /** How long the other side may take to accept a stream; 30 000 milliseconds by default. */
  streamOpenTimeoutMs?: number | undefined;
  /**
   * How many bytes of a stream may be under way to us before its writer waits: 4 MiB by default, of
   * which as many are used as the connection needs.
   */
  streamWindowBytes?: number | undefined;
  /** The largest message that may come, with its attachment, in bytes; 32 MiB by default. */
  maxMessageBytes?: number | undefined;
  /**
   * How much one WebSocket message carries towards a server that does not say what it takes: 1024
   * bytes, as official clients have it. With 256 KiB large attachments take a tenth of the time; all
   * official clients and servers read that.
   */
  packetBytes?: number | undefined;
  /** How many messages may wait for the server's answer; 65 536 by default. */
  maxQueuedMessages?: number | undefined;
  /** How many bytes may wait for the server's answer; 256 MiB by default. */
  maxQueuedBytes?: number | undefined;
  /**
   * When to try again after the connection was lost: by default `backoff()`. `false`: never, and
   * the first loss is the end.
   */
  reconnect?: ReconnectPolicy | false | undefined;
}

/** What `room-messaging/local` gives beside the options. Not public. */
export interface InternalOptions {
  transport?: Transport;
}

/**
 * A place in a room, and the connection to it.
 *
 * The WebAssembly core is loaded by the first `connect()`. When the connection is lost, `state` is
 * `reconnecting` until there is another. With our own server nothing is lost: what was sent
 * meanwhile, either way, arrives then, and streams go on. Otherwise there is an event
 * `discontinuity`. A server that does not want us back ends it: `closed`.
 *
 * `RoomClient<MyMessages>` knows what the messages of each type hold, see {@link MessageMap}.
 *
 * @example
 * ```ts
 * await using room = new RoomClient({ url: "wss://example.org/rooms/lobby", token: fetchToken });
 * room.messaging.on("message", ({ message }) => console.log(message.type, message.message));
 * await room.connect();
 * await room.messaging.enable();
 * await room.messaging.broadcastMessage("chat.message", { text: "hello" });
 * ```
 */
export class RoomClient<
  Messages extends MessageMap<Messages> = AnyMessages,
  // biome-ignore lint/suspicious/noExplicitAny: a subclass says itself what it says
  Messaging extends MessagingClient<any> = MessagingClient<Messages>,
> extends TypedEventTarget<RoomEvents> {
  /** Messages, participants and streams. One for the life of the client. */
  readonly messaging: Messaging;
  /** This page's own participant. */
  readonly localParticipant: LocalParticipant;
  readonly #url: string;
  readonly #token: TokenSource;
  readonly #transport: Transport;
  readonly #coreOptions: CoreOptions;
  readonly #reconnect: ReconnectPolicy | undefined;
  #handlers: MessagingHandlers | undefined;
  #state: RoomState = "idle";
  /** The present connection, else the last. */
  #connection: Connection | undefined;
  /** Set for good by `close()`. */
  #isClosed = false;

  /**
   * Does not connect. What is wrong with the numbers among the options, `connect()` tells.
   *
   * @throws {@link RoomError} `invalid-url`, `invalid-token`, `invalid-argument`.
   */
  constructor(options: RoomClientOptions<Messaging>) {
    super();
    const { url, token, messaging, reconnect, transport, ...numbers } = (options ??
      {}) as RoomClientOptions<Messaging> & InternalOptions;
    this.#url = socketUrl(url);
    this.#token = checkedToken(token);
    this.#transport = transport ?? network;
    this.#coreOptions = numbers as CoreOptions;
    this.#reconnect = checkedPolicy(reconnect);
    this.localParticipant = new LocalParticipant(
      () => this.#connectedCore(),
      () => this.#connection?.core,
    );
    this.messaging = this.#makeMessaging(messaging);
  }

  /** Where the connection stands. Changes are told by the event `statechange`. */
  get state(): RoomState {
    return this.#state;
  }

  /** The room's name, once the room is ready. */
  get roomName(): string | undefined {
    return this.#connection?.core?.place?.roomName;
  }

  /** Where the room says it is, once the room is ready. */
  get roomUrl(): string | undefined {
    return this.#connection?.core?.place?.roomUrl;
  }

  /** The id of the room's current run, once the room is ready. */
  get sessionId(): string | undefined {
    return this.#connection?.core?.place?.sessionId;
  }

  /**
   * Connects. Resolves when the room is ready; at once if it is. The first attempt counts: only a
   * connection that was there is made again by itself.
   *
   * Calls that overlap share one attempt. A signal ends the attempt for all of them, and closes
   * the socket; while `reconnecting` it only ends the wait. After the end it connects anew: we get
   * another id, and messaging has to be enabled again.
   *
   * @returns A promise that rejects with a {@link RoomError}: `connection-refused`, `timeout`,
   * `invalid-token` if the token function failed, `wasm-unavailable`, `aborted`, `closed` after
   * `close()`, `invalid-argument` for an option out of range.
   */
  async connect(options?: CallOptions): Promise<void> {
    const signal = liveSignal(options);
    if (this.#isClosed) {
      throw closedByUs();
    }
    if (this.#state === "open") {
      return;
    }
    const connection = this.#connecting() ?? this.#startConnection();
    const isFirst = this.#state === "connecting";
    await abortable(connection.ready, signal, (error) => isFirst && connection.end(error));
  }

  /**
   * Leaves the room for good. Every open call rejects with `closed`, every stream fails. Never
   * rejects; may be called at any time and more than once.
   *
   * @returns A promise that resolves when the socket is closed.
   */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#connection?.end(closedByUs());
    if (this.#state !== "closed") {
      this.#setState("closed", closedByUs());
    }
    await this.#connection?.closed();
  }

  /** The same as `close()`, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #makeMessaging(Given: unknown): Messaging {
    const Class = Given ?? MessagingClient;
    if (typeof Class !== "function") {
      const message = `messaging must be a subclass of MessagingClient, but is ${inWords(Given)}`;
      throw failure("invalid-argument", message);
    }
    const link: MessagingLink = {
      core: () => this.#connectedCore(),
      enabling: () => (this.#state === "connecting" ? this.#connection?.enabling() : undefined),
      clock: () => this.#transport.clock,
      isEnabled: () => this.#connection?.core?.isEnabled ?? false,
      attach: (handlers) => {
        this.#handlers = handlers;
      },
    };
    return new (Class as new (link: MessagingLink) => Messaging)(link);
  }

  #connecting(): Connection | undefined {
    const isOnItsWay = this.#state === "connecting" || this.#state === "reconnecting";
    return isOnItsWay ? this.#connection : undefined;
  }

  #startConnection(): Connection {
    const settings = {
      url: this.#url,
      token: this.#token,
      transport: this.#transport,
      core: this.#coreOptions,
      reconnect: this.#reconnect,
    };
    const connection = new Connection(settings, {
      opened: () => this.#setState("open"),
      lost: ({ error, ...retry }) => this.#setState("reconnecting", error, retry),
      discontinuity: (error) => this.dispatchEvent(new DiscontinuityEvent(error)),
      ended: (error) => {
        this.#handlers?.ended();
        this.#setState("closed", error);
      },
      messaging: () => this.#handlers,
    });
    this.#connection = connection;
    this.#setState("connecting");
    void connection.open();
    return connection;
  }

  /** The core of the connection, which says itself why it cannot do a thing. */
  #connectedCore(): Core {
    const core = this.#connection?.core;
    if (this.#isClosed) {
      throw closedByUs();
    }
    if (core === undefined) {
      throw failure("not-connected", `the client is not connected: its state is ${this.#state}`);
    }
    return core;
  }

  #setState(state: RoomState, reason?: RoomError, retry?: RetryDetails): void {
    const previous = this.#state;
    this.#state = state;
    this.dispatchEvent(new StateChangeEvent(state, previous, reason, retry));
  }
}

function checkedPolicy(given: unknown): ReconnectPolicy | undefined {
  if (given === false) {
    return undefined;
  }
  if (given !== undefined && typeof given !== "function") {
    const message = `reconnect must be a function or false, but is ${inWords(given)}`;
    throw failure("invalid-argument", message);
  }
  return (given as ReconnectPolicy | undefined) ?? backoff();
}

function closedByUs(): RoomError {
  return failure("closed", "the client was closed");
}

function socketUrl(given: unknown): string {
  let url: URL;
  try {
    url = new URL(String(given));
  } catch (cause) {
    throw failure("invalid-url", `the url must be a URL, but is ${inWords(given)}`, cause);
  }
  const protocols: Record<string, string> = { "http:": "ws:", "https:": "wss:" };
  url.protocol = protocols[url.protocol] ?? url.protocol;
  if (url.protocol !== "ws:" && url.protocol !== "wss:") {
    throw failure("invalid-url", `the url ${url} does not begin with ws: or wss:`);
  }
  // Tells our own server what we can do; others ignore it.
  url.searchParams.set("room-messaging", "1");
  // Tells every server that duplex streams may be opened to us.
  url.searchParams.set("v", SPOKEN_VERSION);
  url.hash = "";
  return url.href;
}

/** The official Python SDK whose duplex streams we speak. */
const SPOKEN_VERSION = "0.56.0";

/// <reference lib="esnext.disposable" preserve="true" />

import type { Core, CoreListener, CoreOptions } from "./core.js";
import { failure, RoomError, type RoomErrorCode } from "./errors.js";
import { type RoomEvents, type RoomState, StateChangeEvent, TypedEventTarget } from "./events.js";
import type { MessagingHandlers, MessagingLink } from "./link.js";
import { type CallOptions, MessagingClient } from "./messaging-client.js";
import { LocalParticipant } from "./participants.js";
import { abortable, throwIfAborted } from "./signals.js";
import { MessageStreamChunk } from "./streams.js";
import { init, makeCore } from "./wasm.js";

/** A token, or a function that gives one; it is asked before each connection. */
export type TokenSource = string | (() => string | Promise<string>);

export interface RoomClientOptions<M extends MessagingClient = MessagingClient>
  extends CoreOptions {
  /** Where the room is: `ws:`, `wss:`, `http:` or `https:`. */
  url: string | URL;
  token: TokenSource;
  /** A subclass of `MessagingClient` for `room.messaging`. */
  messaging?: new (
    link: MessagingLink,
  ) => M;
}

/** A participant's place in a room. */
export class RoomClient<
  M extends MessagingClient = MessagingClient,
> extends TypedEventTarget<RoomEvents> {
  /** Messages, participants and streams. */
  readonly messaging: M;
  /** This page's own participant. */
  readonly localParticipant: LocalParticipant;
  readonly #url: string;
  readonly #token: TokenSource;
  readonly #options: CoreOptions;
  #handlers: MessagingHandlers | undefined;
  #state: RoomState = "idle";
  #core: Core | undefined;
  #connecting: Promise<void> | undefined;
  #socket: WebSocket | undefined;
  /** Set for good by `close()`. */
  #isClosed = false;

  /**
   * @throws `RoomError` `invalid-url`, `invalid-token`.
   */
  constructor(options: RoomClientOptions<M>) {
    super();
    const { url, token, messaging, ...rest } = options ?? {};
    this.#url = socketUrl(url);
    this.#token = checkedToken(token);
    this.#options = rest;
    this.localParticipant = new LocalParticipant(
      () => this.#connected(),
      () => this.#core,
    );
    const Messaging = messaging ?? (MessagingClient as unknown as new (link: MessagingLink) => M);
    this.messaging = new Messaging({
      core: () => this.#connected(),
      isEnabled: () => this.#core?.isEnabled ?? false,
      attach: (handlers) => {
        this.#handlers = handlers;
      },
    });
  }

  /** `idle`, `connecting`, `open` or `closed`. Changes are told by `statechange`. */
  get state(): RoomState {
    return this.#state;
  }

  /** The room's name, once it is known. */
  get roomName(): string | undefined {
    return this.#core?.roomName;
  }

  /** Where the room says it is, once it is known. */
  get roomUrl(): string | undefined {
    return this.#core?.roomUrl;
  }

  /** The room's current run, once it is known. */
  get sessionId(): string | undefined {
    return this.#core?.sessionId;
  }

  /**
   * Connects. Resolves when the room is ready; at once if it is. After a loss it connects again,
   * as a new participant.
   *
   * @throws `RoomError` `connection-refused`, `invalid-token`, `wasm-unavailable`, `timeout`,
   * `aborted`, `closed`.
   */
  async connect({ signal }: CallOptions = {}): Promise<void> {
    throwIfAborted(signal);
    if (this.#isClosed) {
      throw failure("closed", "the client was closed");
    }
    if (this.#state === "open") {
      return;
    }
    this.#connecting ??= this.#start().finally(() => {
      this.#connecting = undefined;
    });
    const connecting = this.#connecting;
    await abortable(connecting, signal, () => this.#giveUp(connecting));
  }

  /**
   * Leaves the room for good. Resolves when the socket is closed. Every open call is rejected
   * with `closed`, every stream fails.
   */
  async close(): Promise<void> {
    this.#isClosed = true;
    const socket = this.#socket;
    const closed = socket && socketClosed(socket);
    this.#core?.close();
    if (this.#state !== "closed") {
      this.#setState("closed", failure("closed", "the client was closed"));
    }
    await closed;
  }

  /** The same as `close()`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #start(): Promise<void> {
    this.#setState("connecting", undefined);
    try {
      const [token] = await Promise.all([askToken(this.#token), init()]);
      this.#throwIfEnded();
      await this.#open(token);
      this.#throwIfEnded();
      this.#setState("open", undefined);
    } catch (error) {
      this.#endWith(error);
      throw error;
    }
  }

  /** Makes a core and lets it drive a socket. */
  async #open(token: string): Promise<void> {
    const core = makeCore(
      this.#options,
      this.#listener(() => this.#core === core),
    );
    const socket = makeSocket(this.#url, token);
    this.#core = core;
    this.#socket = socket;
    await core.connect(socket);
  }

  /** While we waited, `close()` or an abort may have ended the attempt. */
  #throwIfEnded(): void {
    if (this.#state !== "connecting") {
      throw failure(this.#isClosed ? "closed" : "aborted", "the connection was given up");
    }
  }

  /** A signal ended the attempt; whoever else waits for it hears so too. */
  #giveUp(connecting: Promise<void>): void {
    if (this.#connecting === connecting && this.#state === "connecting") {
      this.#connecting = undefined;
      this.#setState("closed", failure("aborted", "the connection was given up"));
      this.#core?.close();
    }
  }

  #endWith(error: unknown): void {
    if (this.#state === "connecting") {
      this.#setState("closed", error instanceof RoomError ? error : undefined);
    }
  }

  #connected(): Core {
    if (this.#core === undefined) {
      throw this.#isClosed
        ? failure("closed", "the client was closed")
        : failure("not-connected", "there is no connection");
    }
    return this.#core;
  }

  #setState(state: RoomState, error: RoomError | undefined): void {
    const previous = this.#state;
    this.#state = state;
    this.dispatchEvent(new StateChangeEvent(state, previous, error));
  }

  /** What the core calls. An earlier core, whose socket closes late, is not heard. */
  #listener(isCurrent: () => boolean): CoreListener {
    const handlers = () => (isCurrent() ? this.#handlers : undefined);
    return {
      error: (code, message, hint, retryable, cause) =>
        new RoomError(code as RoomErrorCode, message, { hint, retryable, cause }),
      chunk: (header, data) => new MessageStreamChunk(JSON.parse(header), data),
      ended: (error) => this.#onEnded(handlers(), error as RoomError),
      messagingEnabled: () => handlers()?.messagingEnabled(),
      participantAdded: (id) => {
        const participant = this.#core?.participant(id);
        if (participant) {
          handlers()?.participantAdded(participant);
        }
      },
      participantRemoved: ({ id }) => handlers()?.participantRemoved(id),
      participantUpdated: (id, changed) => {
        const participant = this.#core?.participant(id);
        if (participant) {
          handlers()?.participantUpdated(id, participant.attributes, changed);
        }
      },
      message: (from, type, json, attachment) => handlers()?.message(from, type, json, attachment),
      streamRequested: (offer) => handlers()?.streamRequested(offer),
      streamClosed: (streamId, error) =>
        handlers()?.streamClosed(streamId, error as RoomError | undefined),
    };
  }

  #onEnded(handlers: MessagingHandlers | undefined, error: RoomError): void {
    if (handlers === undefined) {
      return;
    }
    handlers.ended();
    // An attempt that fails says so itself.
    if (this.#state === "open") {
      this.#setState("closed", error);
    }
  }
}

function socketUrl(given: unknown): string {
  let url: URL;
  try {
    url = new URL(String(given ?? ""));
  } catch (cause) {
    throw failure("invalid-url", `the url ${JSON.stringify(given)} is not a URL`, cause);
  }
  const protocols: Record<string, string> = { "http:": "ws:", "https:": "wss:" };
  url.protocol = protocols[url.protocol] ?? url.protocol;
  if (url.protocol !== "ws:" && url.protocol !== "wss:") {
    throw failure("invalid-url", `the url ${url} does not begin with ws: or wss:`);
  }
  // Tells our own server what we can do; others ignore it.
  url.searchParams.set("room-messaging", "1");
  url.hash = "";
  return url.href;
}

function checkedToken(token: unknown): TokenSource {
  if (typeof token === "function" || (typeof token === "string" && token !== "")) {
    return token as TokenSource;
  }
  const found = token === "" ? "empty" : `a ${typeof token}`;
  throw failure("invalid-token", `the token must be a string or a function, but is ${found}`);
}

async function askToken(source: TokenSource): Promise<string> {
  if (typeof source === "string") {
    return source;
  }
  let token: unknown;
  try {
    token = await source();
  } catch (cause) {
    throw failure("invalid-token", `the token function failed: ${cause}`, cause);
  }
  if (typeof token !== "string" || token === "") {
    throw failure("invalid-token", `the token function gave a ${typeof token}, not a string`);
  }
  return token;
}

function makeSocket(url: string, token: string): WebSocket {
  try {
    // A subprotocol is the one place for a token that does not end up in logs.
    const socket = new WebSocket(url, [`meshagent-room.${token}`]);
    socket.binaryType = "arraybuffer";
    return socket;
  } catch (cause) {
    throw failure("invalid-token", "the token has characters that no token has", cause);
  }
}

function socketClosed(socket: WebSocket): Promise<void> | undefined {
  if (socket.readyState === WebSocket.CLOSED) {
    return undefined;
  }
  return new Promise((resolve) => {
    socket.addEventListener("close", () => resolve(), { once: true });
  });
}

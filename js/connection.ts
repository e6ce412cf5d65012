import type { Core, CoreListener, CoreOptions } from "./core.js";
import { asRoomError, failure, RoomError, type RoomErrorCode, reasonText } from "./errors.js";
import type { MessagingHandlers } from "./link.js";
import { MessageStreamChunk } from "./streams.js";
import { askToken, type TokenSource } from "./token.js";
import { init, makeCore } from "./wasm.js";

/** What a connection needs. */
export interface ConnectionSettings {
  url: string;
  token: TokenSource;
  core: CoreOptions;
}

/** What a connection tells its `RoomClient`. */
export interface ConnectionListener {
  opened(): void;
  /** Comes once, whether it was open before or not. */
  ended(error: RoomError): void;
  messaging(): MessagingHandlers | undefined;
}

/** One connection, from the question for a token to its end. There is no way back. */
export class Connection {
  /** Settles when the room is ready, or when it never will be. */
  readonly ready: Promise<void>;
  readonly #settings: ConnectionSettings;
  readonly #listener: ConnectionListener;
  #onReady!: () => void;
  #onFailed!: (error: RoomError) => void;
  #core: Core | undefined;
  #socket: WebSocket | undefined;
  /** Why we end it, which says more than the core's word that it was closed. */
  #reason: RoomError | undefined;
  #error: RoomError | undefined;

  constructor(settings: ConnectionSettings, listener: ConnectionListener) {
    this.#settings = settings;
    this.#listener = listener;
    this.ready = new Promise((resolve, reject) => {
      this.#onReady = resolve;
      this.#onFailed = reject;
    });
    // Whoever waits for it hears it; it may be nobody.
    this.ready.catch(() => {});
  }

  /** What drives it, once there is a token. Stays after the end: it says why. */
  get core(): Core | undefined {
    return this.#core;
  }

  /** Connects. How that went is told by `ready` and by the listener. */
  async open(): Promise<void> {
    try {
      const [token] = await Promise.all([askToken(this.#settings.token), init()]);
      if (this.#error === undefined) {
        await this.#drive(token);
      }
      // Both may have come with the same packet.
      if (this.#error === undefined) {
        this.#listener.opened();
        this.#onReady();
      }
    } catch (error) {
      this.end(asRoomError(error));
    }
  }

  /** Ends it for this reason, and closes the socket. Does nothing if it is over. */
  end(reason: RoomError): void {
    this.#reason ??= reason;
    try {
      this.#core?.close();
    } finally {
      // The core has said so, unless there is none, or one of its listeners is who calls us.
      this.#onEnded(reason);
    }
  }

  /** Resolves when the socket is closed. */
  async closed(): Promise<void> {
    const socket = this.#socket;
    if (socket !== undefined && socket.readyState !== WebSocket.CLOSED) {
      // Node does not tell of the close after an error.
      await Promise.race([happens(socket, "close"), happens(socket, "error")]);
    }
  }

  async #drive(token: string): Promise<void> {
    const { url, core: options } = this.#settings;
    this.#core = makeCore(options, this.#coreListener());
    this.#socket = makeSocket(url, token);
    await this.#core.connect(this.#socket);
  }

  #onEnded(error: RoomError): void {
    if (this.#error === undefined) {
      this.#error = this.#reason ?? error;
      this.#onFailed(this.#error);
      this.#listener.ended(this.#error);
    }
  }

  /** Where events go: nowhere after the end. */
  get #handlers(): MessagingHandlers | undefined {
    return this.#error === undefined ? this.#listener.messaging() : undefined;
  }

  #coreListener(): CoreListener {
    // The core holds this listener, and we hold the core: to be collected, they must part.
    let connection: Connection | undefined = this;
    const handlers = () => (connection === undefined ? undefined : connection.#handlers);
    return {
      error: (code, message, hint, retryable, cause) =>
        new RoomError(code as RoomErrorCode, message, { hint, retryable, cause }),
      chunk: (header, data) => new MessageStreamChunk(JSON.parse(header), data),
      ended: (error) => {
        const ending = connection;
        connection = undefined;
        if (ending !== undefined) {
          ending.#onEnded(error as RoomError);
        }
      },
      messagingEnabled: () => handlers()?.messagingEnabled(),
      participantAdded: (id) => {
        const participant = connection?.core?.participant(id);
        if (participant) {
          handlers()?.participantAdded(participant);
        }
      },
      participantRemoved: ({ id }) => handlers()?.participantRemoved(id),
      participantUpdated: (id, changed) => {
        const participant = connection?.core?.participant(id);
        if (participant) {
          handlers()?.participantUpdated(id, participant.attributes, changed);
        }
      },
      message: (from, type, json, attachment) => handlers()?.message(from, type, json, attachment),
      streamRequested: (offer) => handlers()?.streamRequested(offer),
      streamMessage: (type, json, attachment) => ({ type, json, attachment }),
      callRequested: (call, type, json, attachment) =>
        handlers()?.callRequested(call, type, json, attachment),
      // Even after `end()`: who was told that a stream opened is told that it closed.
      streamClosed: (streamId, error) => {
        if (connection !== undefined) {
          const messaging = connection.#listener.messaging();
          messaging?.streamClosed(streamId, error as RoomError | undefined);
        }
      },
    };
  }
}

function makeSocket(url: string, token: string): WebSocket {
  try {
    // A subprotocol is the one place for a token that does not end up in logs.
    const socket = new WebSocket(url, [`meshagent-room.${token}`]);
    socket.binaryType = "arraybuffer";
    return socket;
  } catch (cause) {
    // Such as ws: in a page that came by https:.
    const why = reasonText(cause);
    throw failure("invalid-url", `the browser does not connect to ${url}: ${why}`, cause);
  }
}

function happens(target: EventTarget, type: string): Promise<unknown> {
  return new Promise((resolve) => {
    target.addEventListener(type, resolve, { once: true });
  });
}

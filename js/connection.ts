import type { Clock } from "./clock.js";
import type { Core, CoreListener } from "./core.js";
import { addUser, type InstanceUser, removeUser } from "./crash.js";
import { asRoomError, failure, type RoomError } from "./errors.js";
import { HeldSocket } from "./held-socket.js";
import type { MessagingHandlers } from "./link.js";
import type { CoreOptions } from "./options.js";
import { PageLife } from "./page-life.js";
import { Ready } from "./ready.js";
import { type ChanceContext, Pause, type ReconnectPolicy } from "./reconnect.js";
import { Renewal } from "./renewal.js";
import { within } from "./signals.js";
import { closed, type Transport } from "./socket.js";
import { askToken, type TokenSource } from "./token.js";
import { inWords } from "./values.js";
import { init, makeCore } from "./wasm.js";

/** What a connection needs. */
export interface ConnectionSettings {
  url: string;
  token: TokenSource;
  transport: Transport;
  core: CoreOptions;
  /** Without one the first loss is the end. */
  reconnect: ReconnectPolicy | undefined;
}

/** The connection is lost, and there will be another attempt. */
export interface Retry {
  error: RoomError;
  /** 1 for the first. */
  attempt: number;
  /** When it begins, in milliseconds since 1970; undefined while that depends on the page. */
  nextRetryAt: number | undefined;
}

/** What a connection tells its `RoomClient`. */
export interface ConnectionListener {
  /** Comes again after each `lost`, if that goes well. */
  opened(): void;
  /** Comes again after each attempt that failed. */
  lost(retry: Retry): void;
  /** Comes after `opened`: the server could not go on where the connection was lost. */
  discontinuity(error: RoomError): void;
  /** Comes once, whether it was open before or not. */
  ended(error: RoomError): void;
  messaging(): MessagingHandlers | undefined;
}

/**
 * One session with a room, from the question for a token to its end, over as many sockets as it
 * takes.
 */
export class Connection {
  readonly #settings: ConnectionSettings;
  readonly #listener: ConnectionListener;
  #ready = new Ready();
  #core: Core | undefined;
  #socket: WebSocket | undefined;
  /** Why we end it, which says more than the core's word that it was closed. */
  #reason: RoomError | undefined;
  #error: RoomError | undefined;
  readonly #clock: Clock;
  readonly #pause: Pause;
  readonly #renewal: Renewal;
  /** The token of the present connection. */
  #token: string | undefined;
  /** The token for the next, if it was asked for ahead of time. */
  #nextToken: string | undefined;
  #pageLife: PageLife | undefined;
  readonly #user: InstanceUser = {
    probe: () => this.#core?.wake(),
    crashed: (error) => {
      this.#core?.fail(error);
      this.end(error);
    },
  };
  /** Messaging is to be enabled as soon as the room is ready. */
  #isEnabling = false;
  #isAsleep = false;
  #isLost = false;
  #attempt = 0;

  constructor(settings: ConnectionSettings, listener: ConnectionListener) {
    this.#settings = settings;
    this.#listener = listener;
    this.#clock = settings.transport.clock;
    this.#pause = new Pause(this.#clock);
    this.#renewal = new Renewal(this.#clock, () => void this.#renew());
  }

  /** Settles when the room is ready, or when it never will be. Another one after each loss. */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  /** As `ready`; messaging is asked for with the connection, unless that is on its way already. */
  enabling(): Promise<void> {
    this.#isEnabling = true;
    return this.ready;
  }

  /** What drives it, once there is a token. Stays after the end: it says why. */
  get core(): Core | undefined {
    return this.#core;
  }

  /** Whether it has ended, for whatever reason. */
  get isOver(): boolean {
    return this.#error !== undefined;
  }

  /** Connects. How that went is told by `ready` and by the listener. */
  async open(): Promise<void> {
    try {
      // On its way together with the connection. If there is none, nobody asks what became of it.
      const loaded = init();
      loaded.catch(() => {});
      const [token] = await Promise.all([this.#askToken(), this.#settings.transport.load()]);
      if (this.#error === undefined) {
        const held = new HeldSocket(this.#openSocket(token));
        await loaded;
        if (this.#error === undefined) {
          this.#drive(held);
        }
      }
    } catch (error) {
      this.end(asRoomError(error));
    }
  }

  /** Ends it for this reason, and closes the socket. Does nothing if it is over. */
  end(reason: RoomError): void {
    this.#reason ??= reason;
    try {
      if (this.#core === undefined) {
        this.#socket?.close(LEAVES);
      } else {
        this.#core.close();
      }
    } catch (error) {
      // The instance is dead, and we may be who found out: what waits fails here, the socket is all
      // that can be closed.
      this.#core?.fail(asRoomError(error));
      this.#socket?.close(LEAVES);
    } finally {
      // The core has said so, unless there is none, or one of its listeners is who calls us.
      this.#onEnded(reason);
    }
  }

  /** Resolves when the socket is closed. */
  async closed(): Promise<void> {
    if (this.#socket !== undefined) {
      await closed(this.#socket);
    }
  }

  #drive(held: HeldSocket): void {
    const { core: options, reconnect, transport } = this.#settings;
    const settings = { options, reconnect: reconnect !== undefined, clock: transport.clock };
    const core = makeCore(settings, this.#coreListener());
    this.#core = core;
    addUser(this.#user);
    core.connect(held.release());
  }

  #openSocket(token: string): WebSocket {
    this.#token = token;
    this.#socket = this.#settings.transport.open(this.#url(), token);
    return this.#socket;
  }

  /** The first connection is made before there is a core. */
  #url(): string {
    const url = new URL(this.#settings.url);
    const first = this.#settings.reconnect === undefined ? undefined : BEGINS;
    const resume = this.#core === undefined ? first : this.#core.resumeQuery;
    if (resume !== undefined) {
      url.searchParams.set("resume", resume);
    }
    if (this.#core === undefined && this.#isEnabling) {
      url.searchParams.set("enable", TAKEN_STREAMS);
    }
    return url.href;
  }

  #onOpened(): void {
    this.#isLost = false;
    this.#attempt = 0;
    if (this.#token !== undefined && typeof this.#settings.token === "function") {
      this.#renewal.watch(this.#token);
    }
    if (this.#settings.reconnect !== undefined && this.#settings.transport.followsPage) {
      this.#pageLife ??= new PageLife({
        sleep: () => {
          this.#isAsleep = true;
          this.#core?.suspend();
        },
        wake: () => {
          this.#isAsleep = false;
          this.#doubt();
        },
        doubt: () => this.#doubt(),
        tick: () => this.#core?.wake(),
      });
    }
    this.#listener.opened();
    this.#ready.settle();
  }

  /** Something happened that may have broken the connection, or may let the next one through. */
  #doubt(): void {
    if (this.#isLost) {
      this.#pause.hurry();
    } else {
      this.#core?.probe();
    }
  }

  /** The connection is gone, or an attempt failed. */
  #onLost(error: RoomError): void {
    this.#isLost = true;
    this.#renewal.stop();
    this.#attempt += 1;
    if (this.#ready.isSettled) {
      this.#ready = new Ready();
    }
    try {
      const waitMs = this.#isAsleep ? undefined : this.#waitMs(error);
      if (waitMs === null) {
        this.end(error);
        return;
      }
      const nextRetryAt = waitMs === undefined ? undefined : this.#clock.date() + waitMs;
      this.#pause.start(waitMs, () => void this.#tryAgain());
      this.#listener.lost({ error, attempt: this.#attempt, nextRetryAt });
    } catch (thrown) {
      this.end(asRoomError(thrown));
    }
  }

  /**
   * The token will soon be too old: asks for another, and goes on over a new connection with it,
   * which takes nothing from anybody. Where the server could not go on, nothing would be gained.
   */
  async #renew(): Promise<void> {
    if (!this.#core?.resumeQuery?.includes(".")) {
      return;
    }
    let token: string;
    try {
      token = await this.#askToken();
    } catch {
      // It is good for some time yet.
      this.#renewal.again();
      return;
    }
    const isInUse = this.#error === undefined && !this.#isLost && !this.#isAsleep;
    if (isInUse && this.#renewal.isLonger(token)) {
      this.#nextToken = token;
      this.#core.suspend();
    }
  }

  #askToken(): Promise<string> {
    return within(askToken(this.#settings.token), TOKEN_LIMIT_MS, this.#clock, () =>
      failure("timeout", "the token function takes too long"),
    );
  }

  /** How long to wait; `null` to give up. */
  #waitMs(error: RoomError): number | null {
    if (this.#nextToken !== undefined) {
      return 0;
    }
    const context: ChanceContext = { attempt: this.#attempt, error, random: this.#clock.random };
    const waitMs = this.#settings.reconnect?.(context) ?? null;
    if (waitMs !== null && !(typeof waitMs === "number" && waitMs >= 0)) {
      const words = `not ${inWords(waitMs)}`;
      throw failure("invalid-argument", `reconnect must give milliseconds or undefined, ${words}`);
    }
    // The browser says when the network is there; the timer is for those that are wrong.
    const isOffline = (globalThis as { navigator?: Navigator }).navigator?.onLine === false;
    const isInVain = isOffline && this.#settings.transport.isRemote;
    return waitMs !== null && isInVain ? Math.max(waitMs, OFFLINE_MS) : waitMs;
  }

  async #tryAgain(): Promise<void> {
    let token: string;
    try {
      const next = this.#nextToken;
      this.#nextToken = undefined;
      token = next ?? (await this.#askToken());
    } catch (error) {
      if (this.#error === undefined) {
        this.#onLost(asRoomError(error));
      }
      return;
    }
    const core = this.#core;
    if (this.#error === undefined && core !== undefined) {
      try {
        core.reconnect(this.#openSocket(token));
      } catch (error) {
        this.end(asRoomError(error));
      }
    }
  }

  #onEnded(error: RoomError): void {
    if (this.#error === undefined) {
      this.#error = this.#reason ?? error;
      this.#pause.stop();
      this.#renewal.stop();
      this.#pageLife?.end();
      removeUser(this.#user);
      this.#ready.settle(this.#error);
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
    const opened = () => {
      if (connection?.isOver === false) {
        connection.#onOpened();
      }
    };
    return {
      ended: (error) => {
        const ending = connection;
        connection = undefined;
        if (ending !== undefined) {
          ending.#onEnded(error);
        }
      },
      // A listener of what came just before may have closed the client.
      lost: (error) => {
        if (connection?.isOver === false) {
          connection.#onLost(error);
        }
      },
      opened,
      resumed: opened,
      discontinuity: (error) => {
        opened();
        if (connection?.isOver === false) {
          connection.#listener.discontinuity(error);
        }
      },
      messagingEnabled: () => handlers()?.messagingEnabled(),
      participantAdded: (participant) => handlers()?.participantAdded(participant),
      participantRemoved: (id) => handlers()?.participantRemoved(id),
      participantUpdated: (...args) => handlers()?.participantUpdated(...args),
      message: (...args) => handlers()?.message(...args),
      streamRequested: (offer) => handlers()?.streamRequested(offer),
      callRequested: (...args) => handlers()?.callRequested(...args),
      // Even after `end()`: who was told that a stream opened is told that it closed.
      streamClosed: (streamId, error) => {
        if (connection !== undefined) {
          connection.#listener.messaging()?.streamClosed(streamId, error);
        }
      },
    };
  }
}

/** The close code of who will not come back; without it our server keeps the place for a while. */
const LEAVES = 1000;

/** What the first URL says after `resume=`, as `Core.resumeQuery` would. */
const BEGINS = "new";

/** The kinds of streams that the core takes, as it says itself when it enables later. */
const TAKEN_STREAMS = "duplex,v1";

/** How long a network that the browser thinks gone is left alone. */
const OFFLINE_MS = 30_000;

/** How long the token function may take. */
const TOKEN_LIMIT_MS = 30_000;

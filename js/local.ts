/**
 * Rooms without a server, for demos, tests, and pages that work offline.
 *
 * ```js
 * const room = new LocalRoom("lobby");
 * const alice = room.client({ name: "alice" });
 * await alice.connect();
 * await alice.messaging.enable();
 * ```
 *
 * @packageDocumentation
 */

/// <reference lib="esnext.disposable" preserve="true" />

import { realClock } from "./clock.js";
// Whatever is a class or a function there comes from the one module that pages share.
import {
  type AnyMessages,
  type MessageMap,
  type MessagingClient,
  RoomClient,
  type RoomClientOptions,
  RoomError,
} from "./index.js";
import {
  type Guest,
  guestAt,
  guestOf,
  invalid,
  type LocalClientOptions,
  localUrl,
  text,
} from "./local-guest.js";
import { FOR_GOOD, RoomHost } from "./local-host.js";
import { LocalSocket } from "./local-socket.js";
import { Tabs } from "./local-tabs.js";
import { later } from "./local-turns.js";
import { initLocal } from "./local-wasm.js";
import type { InternalOptions } from "./room-client.js";
import { inWords } from "./values.js";

export type { LocalClientOptions } from "./local-guest.js";
export { initLocal, setLocalWasmSource } from "./local-wasm.js";

/** What a {@link LocalRoom} is made of. */
export interface LocalRoomOptions {
  /**
   * `"tabs"`: tabs of one origin share the room of that name. It takes a secure context. One of the
   * tabs has the room; when that is closed, another one takes over, and the clients come back as
   * after any loss of the connection, with `discontinuity`.
   */
  across?: "tabs" | undefined;
}

/**
 * A room inside this page. Its clients are `RoomClient`s like any other, with the room's own logic
 * behind them: presence, messages, streams and their backpressure are what they are with a server.
 * Two rooms are two rooms, also if they have the same name, unless they are shared by tabs.
 *
 * @example
 * ```ts
 * const room = new LocalRoom("lobby");
 * const [alice, bob] = [room.client({ name: "alice" }), room.client({ name: "bob" })];
 * for (const client of [alice, bob]) {
 *   await client.connect();
 *   await client.messaging.enable();
 * }
 * bob.messaging.on("message", ({ message }) => console.log(message.message));
 * await alice.messaging.broadcastMessage("chat.message", { text: "hello" });
 * ```
 */
export class LocalRoom {
  /** What it is called. */
  readonly name: string;
  readonly #url: string;
  readonly #tabs: Tabs | undefined;
  #host: RoomHost | undefined;
  #isClosed = false;

  /** @throws `RoomError` `invalid-argument`. */
  constructor(name: string, options: LocalRoomOptions = {}) {
    this.name = text("the name of a room", name);
    this.#url = localUrl(this.name);
    if (isAcrossTabs(options?.across)) {
      this.#tabs = new Tabs(this.name, this.#url);
    }
  }

  /**
   * Makes a client of this room. It does not connect yet.
   *
   * @throws `RoomError` `invalid-argument`; `closed` after `close()`.
   */
  client<
    Messages extends MessageMap<Messages> = AnyMessages,
    // biome-ignore lint/suspicious/noExplicitAny: a subclass says itself what it says
    Messaging extends MessagingClient<any> = MessagingClient<Messages>,
  >(options: LocalClientOptions<Messaging>): RoomClient<Messages, Messaging> {
    const { guest, rest } = guestOf(options);
    this.#refuseIfClosed();
    const internal: RoomClientOptions<Messaging> & InternalOptions = {
      ...rest,
      url: this.#url,
      token: "local",
      transport: {
        isRemote: false,
        followsPage: true,
        clock: realClock,
        load: () => this.#load(),
        open: (url) => this.#open(guestAt(guest, url)) as unknown as WebSocket,
      },
    };
    return new RoomClient<Messages, Messaging>(internal);
  }

  /**
   * Ends the room for good. Its clients are `closed`, with the code `dismissed`. What tabs share
   * ends for this one only.
   *
   * @returns A promise that resolves when they are.
   */
  close(): Promise<void> {
    const isFirst = !this.#isClosed;
    this.#isClosed = true;
    return new Promise((resolve) => {
      later(() => {
        if (isFirst) {
          this.#host?.end(FOR_GOOD, ENDED);
          this.#tabs?.end(ENDED);
        }
        // The clients hear of it before.
        later(resolve);
      });
    });
  }

  /** The same as `close()`, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #load(): Promise<void> {
    await initLocal();
    this.#refuseIfClosed();
    // What can fail is the browser's leave to use its locks.
    await this.#tabs?.enter().catch((cause) => {
      throw notShared(cause);
    });
  }

  #open(guest: Guest): LocalSocket {
    this.#refuseIfClosed();
    if (this.#tabs !== undefined) {
      return this.#tabs.connect(guest);
    }
    const socket = new LocalSocket();
    const [name, url] = [this.name, this.#url];
    this.#host ??= new RoomHost({ name, url, clock: realClock, isRemote: false });
    this.#host.seat(socket, guest);
    return socket;
  }

  #refuseIfClosed(): void {
    if (this.#isClosed) {
      const hint = "Make a new LocalRoom.";
      throw new RoomError("closed", `the room ${inWords(this.name)} was closed`, { hint });
    }
  }
}

function isAcrossTabs(across: unknown): boolean {
  if (across !== undefined && across !== "tabs") {
    throw invalid(`across must be "tabs" or left out, but is ${inWords(across)}`);
  }
  if (across === "tabs" && !Tabs.areSupported) {
    throw notShared();
  }
  return across === "tabs";
}

function notShared(cause?: unknown): RoomError {
  const message = 'across: "tabs" takes Web Locks and BroadcastChannel, which this page has not';
  const hint = "Serve the page by https:, or from localhost, and not in a sandbox.";
  return new RoomError("invalid-argument", message, { hint, cause });
}

const ENDED = "the room was closed";

/**
 * Rooms for tests: no server, a network that does what the test says, and time that passes when the
 * test says so. The same seed and the same test give the same run, always.
 *
 * ```js
 * const room = new TestRoom("lobby", { seed: 7 });
 * const alice = room.client({ name: "alice" });
 * await room.run(alice.connect());
 * room.network(alice).cut();
 * await room.advance(30_000);
 * ```
 *
 * @packageDocumentation
 */

/// <reference lib="esnext.disposable" preserve="true" />

import {
  type AnyMessages,
  init,
  type MessageMap,
  type MessagingClient,
  RoomClient,
  type RoomClientOptions,
  RoomError,
} from "./index.js";
import {
  guestAt,
  guestOf,
  invalid,
  type LocalClientOptions,
  localUrl,
  text,
} from "./local-guest.js";
import { FOR_GOOD, RoomHost } from "./local-host.js";
import { LOST } from "./local-socket.js";
import { later } from "./local-turns.js";
import { initLocal } from "./local-wasm.js";
import type { InternalOptions } from "./room-client.js";
import { ClientNetwork, checkedMs } from "./testing-client-network.js";
import { VirtualClock } from "./testing-clock.js";
import type { TestNetwork } from "./testing-network.js";
import { inWords } from "./values.js";

export type { LocalClientOptions } from "./local-guest.js";
export { initLocal, setLocalWasmSource } from "./local-wasm.js";
export type { TestNetwork } from "./testing-network.js";

/** What a {@link TestRoom} is made of. */
export interface TestRoomOptions {
  /** Decides everything that is left to chance: delays, losses, waits, ids. 1 by default. */
  seed?: number | undefined;
  /** How long each message takes, in milliseconds: always, or between two bounds. 5 to 50. */
  latencyMs?: number | readonly [shortest: number, longest: number] | undefined;
}

/** The options of {@link TestRoom.run}. */
export interface RunOptions {
  /** After so many virtual milliseconds it gives up; ten minutes by default. */
  limitMs?: number | undefined;
}

/**
 * A room for tests. Its clients are `RoomClient`s like any other, and the room does what our server
 * does; only time, chance and the network are the test's. Nothing happens except in `run()` and
 * `advance()`.
 *
 * @example
 * ```ts
 * await using room = new TestRoom("lobby", { seed: 7, latencyMs: [5, 50] });
 * const alice = room.client({ name: "alice" });
 * await room.run(alice.connect());
 * await room.run(alice.messaging.enable());
 * ```
 */
export class TestRoom {
  /** What it is called. */
  readonly name: string;
  readonly #url: string;
  readonly #clock: VirtualClock;
  readonly #latencyMs: () => number;
  readonly #networks = new Map<object, ClientNetwork>();
  #host: RoomHost | undefined;
  #downUntil = 0;
  #loading: Promise<void> | undefined;
  #isPlaying = false;
  #isClosed = false;

  /** @throws `RoomError` `invalid-argument`. */
  constructor(name: string, options: TestRoomOptions = {}) {
    const { seed = 1, latencyMs = [5, 50] } = options ?? {};
    if (!Number.isSafeInteger(seed)) {
      throw invalid(`the seed must be a whole number, but is ${inWords(seed)}`);
    }
    this.name = text("the name of a room", name);
    this.#url = localUrl(this.name);
    this.#clock = new VirtualClock(seed);
    this.#latencyMs = latency(latencyMs, this.#clock);
  }

  /** The virtual time, in milliseconds since the room was made. */
  get now(): number {
    return this.#clock.now();
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
    const network = new ClientNetwork(guest.name, this.#clock, this.#latencyMs);
    const internal: RoomClientOptions<Messaging> & InternalOptions = {
      ...rest,
      url: this.#url,
      token: "test",
      transport: {
        isRemote: false,
        followsPage: false,
        clock: this.#clock,
        load: () => this.#load(),
        open: (url) => {
          const socket = network.open(this.#present(), guestAt(guest, url));
          return socket as unknown as WebSocket;
        },
      },
    };
    const client = new RoomClient<Messages, Messaging>(internal);
    this.#networks.set(client, network);
    return client;
  }

  /**
   * The network between a client and the room.
   *
   * @throws `RoomError` `invalid-argument` if it is not a client of this room.
   */
  // biome-ignore lint/suspicious/noExplicitAny: whatever it says
  network(client: RoomClient<any, any>): TestNetwork {
    const network = this.#networks.get(client);
    if (network === undefined) {
      throw invalid("network() takes a client that this room has made");
    }
    return network;
  }

  /**
   * Lets time pass until a promise settles, and gives what it gives. Promises of several calls can
   * be waited for with `Promise.all`.
   *
   * @throws What the promise rejects with. `RoomError` `timeout` if nothing is left to happen, or
   * not before `limitMs`; `invalid-argument`.
   */
  async run<T>(promise: PromiseLike<T>, options: RunOptions = {}): Promise<T> {
    if (typeof (promise as Partial<PromiseLike<T>> | undefined)?.then !== "function") {
      throw invalid(`run() takes a promise, but this is ${inWords(promise)}`);
    }
    const limitMs = checkedMs("limitMs", options?.limitMs ?? RUN_LIMIT_MS);
    let isSettled = false;
    const settle = () => {
      isSettled = true;
    };
    promise.then(settle, settle);
    await this.#play(this.now + limitMs, { isDone: () => isSettled, isPatient: true });
    if (!isSettled) {
      throw this.#unsettled(limitMs);
    }
    return promise;
  }

  /**
   * Lets so many virtual milliseconds pass, with all that happens meanwhile.
   *
   * @throws `RoomError` `invalid-argument`.
   */
  async advance(milliseconds: number): Promise<void> {
    const until = this.now + checkedMs("milliseconds", milliseconds);
    if (until === Number.POSITIVE_INFINITY) {
      throw invalid("milliseconds must have an end");
    }
    await this.#play(until);
    this.#clock.skipTo(until);
  }

  /**
   * The server dies, and comes back with an empty room: at once, or after so many milliseconds. All
   * connections break.
   *
   * @throws `RoomError` `invalid-argument`.
   */
  restart(downMs = 0): void {
    this.#downUntil = this.now + checkedMs("downMs", downMs);
    for (const network of this.#networks.values()) {
      if (network.isConnected) {
        network.cut();
      }
    }
    this.#host?.end(LOST, "");
    this.#host = undefined;
  }

  /**
   * Ends the room for good. Its clients are `closed`, with the code `dismissed`.
   *
   * @returns A promise that resolves when they are.
   */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#host?.end(FOR_GOOD, ENDED);
    this.#host = undefined;
    for (const network of this.#networks.values()) {
      network.end(FOR_GOOD, ENDED);
    }
    // Who waits for a connection learns that there will be none.
    if (this.#loading !== undefined && !this.#isPlaying) {
      await this.#play(this.now + CLOSE_LIMIT_MS);
    }
  }

  /** The same as `close()`, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #load(): Promise<void> {
    this.#loading ??= loadBoth().catch((error) => {
      this.#loading = undefined;
      throw error;
    });
    return this.#loading;
  }

  /** The room, unless it is down. */
  #present(): RoomHost | undefined {
    this.#refuseIfClosed();
    if (this.now < this.#downUntil) {
      return undefined;
    }
    const [name, url, clock] = [this.name, this.#url, this.#clock];
    this.#host ??= new RoomHost({ name, url, clock, isRemote: true });
    return this.#host;
  }

  /**
   * Lets happen what happens up to a moment, one thing at a time, unless it is done before. With
   * patience, the platform gets a little real time before a long time is skipped: whatever it is at
   * work on may be waited for.
   */
  async #play(
    until: number,
    { isDone = never, isPatient = false }: { isDone?: () => boolean; isPatient?: boolean } = {},
  ): Promise<void> {
    if (this.#isPlaying) {
      throw invalid("run() and advance() take turns: await the one before");
    }
    this.#isPlaying = true;
    try {
      await this.#load();
      let hasWaited = false;
      for (;;) {
        await everyPromise();
        const next = this.#clock.next ?? Number.POSITIVE_INFINITY;
        if (isPatient && !hasWaited && !isDone() && next - this.now > SKIPPED_MS) {
          hasWaited = true;
          await aMoment();
          continue;
        }
        hasWaited = false;
        if (isDone() || next > until || next === Number.POSITIVE_INFINITY) {
          return;
        }
        this.#clock.step();
      }
    } finally {
      this.#isPlaying = false;
    }
  }

  #unsettled(limitMs: number): RoomError {
    const isOver = this.#clock.next === undefined;
    const why = isOver
      ? "nothing is left to happen, and the promise has not settled"
      : `the promise has not settled within ${limitMs} virtual milliseconds`;
    return new RoomError("timeout", `${why}; it is ${this.now} ms`, { hint: RUN_HINT });
  }

  #refuseIfClosed(): void {
    if (this.#isClosed) {
      const hint = "Make a new TestRoom.";
      throw new RoomError("closed", `the room ${inWords(this.name)} was closed`, { hint });
    }
  }
}

async function loadBoth(): Promise<void> {
  await Promise.all([init(), initLocal()]);
}

/** Whatever follows from what has happened: a task comes after all of it, in any order of theirs. */
function everyPromise(): Promise<void> {
  return new Promise(later);
}

function never(): boolean {
  return false;
}

/** In real time. */
function aMoment(): Promise<void> {
  return new Promise((resolve) => {
    realTimeout(resolve, MOMENT_MS);
  });
}

function latency(given: unknown, clock: VirtualClock): () => number {
  const [shortest, longest] = Array.isArray(given) ? given : [given, given];
  for (const bound of [shortest, longest]) {
    checkedMs("latencyMs", bound);
  }
  if (!(longest >= shortest && longest < Number.POSITIVE_INFINITY)) {
    throw invalid("latencyMs must be a number, or the shortest and the longest");
  }
  return () => Math.round(shortest + clock.random() * (longest - shortest));
}

/** Before a test puts its own in the place of it. */
const realTimeout = globalThis.setTimeout;

const ENDED = "the room was closed";
const RUN_LIMIT_MS = 600_000;
/** Longer than anybody waits before another attempt. */
const CLOSE_LIMIT_MS = 60_000;
/** What is longer than this in virtual time, is worth a moment of real time. */
const SKIPPED_MS = 1000;
const MOMENT_MS = 5;
const RUN_HINT =
  "Does it wait for somebody who does nothing, or for something outside of the room, such as a Blob or a timer?";

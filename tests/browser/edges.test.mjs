// What happens at the edges of the API: attempts that overlap, things that fail once, hostile values.

import assert from "node:assert/strict";
import { after, before, beforeEach, it } from "node:test";
import { openStage } from "./stage.mjs";

let stage;
let page;
let rooms = 0;
before(async () => {
  stage = await openStage({ chromium: { args: ["--js-flags=--expose-gc"] } });
});
after(async () => {
  await stage?.close();
});
beforeEach(async () => {
  await page?.context().close();
  stage.problems.length = 0;
  page = await stage.blank();
  rooms += 1;
});
const seat = () => stage.server.token(`edges-${rooms}`, "eve", "user");

it("an attempt given up while the token is fetched does not disturb the next", async () => {
  const seen = await page.evaluate(
    async (seat) => {
      const { lib, help } = globalThis;
      const gates = [];
      const Real = WebSocket;
      let sockets = 0;
      globalThis.WebSocket = class extends Real {
        constructor(...a) {
          super(...a);
          sockets += 1;
        }
      };
      const room = new lib.RoomClient({
        url: seat.url,
        token: () => new Promise((r) => gates.push(r)),
      });
      const states = [];
      room.on("statechange", ({ current: state, reason: error }) =>
        states.push(error ? `${state}:${error.code}` : state),
      );
      const stop = new AbortController();
      const first = help.failure(() => room.connect({ signal: stop.signal }));
      const sharing = help.failure(() => room.connect());
      await new Promise((r) => setTimeout(r, 100));
      stop.abort(new Error("changed my mind"));
      const codes = [(await first).code, (await sharing).code];
      const second = room.connect();
      await new Promise((r) => setTimeout(r, 50));
      gates[0](seat.token);
      await new Promise((r) => setTimeout(r, 200));
      const between = room.state;
      gates[1](seat.token);
      await second;
      const state = room.state;
      await room.close();
      return { codes, between, state, states, sockets };
    },
    await seat(),
  );
  assert.deepEqual(seen, {
    codes: ["aborted", "aborted"],
    between: "connecting",
    state: "open",
    sockets: 1,
    states: ["connecting", "closed:aborted", "connecting", "open", "closed:closed"],
  });
});

it("a listener of the failure may connect again at once", async () => {
  const seen = await page.evaluate(
    async (seat) => {
      const { lib, help } = globalThis;
      let calls = 0;
      const room = new lib.RoomClient({
        url: seat.url,
        token: () => {
          calls += 1;
          if (calls === 1) throw new Error("no");
          return seat.token;
        },
      });
      let again;
      room.on("statechange", ({ current: state }) => {
        if (state === "closed" && !again) again = room.connect();
      });
      const failure = await help.failure(() => room.connect());
      await again;
      const result = { code: failure.code, state: room.state, calls };
      await room.close();
      return result;
    },
    await seat(),
  );
  assert.deepEqual(seen, { code: "invalid-token", state: "open", calls: 2 });
});

it("wrong signals, tokens, options and values are refused with codes", async () => {
  const codes = await page.evaluate(
    async (seat) => {
      const { lib, help } = globalThis;
      const room = new lib.RoomClient(seat);
      await room.connect();
      await room.messaging.enable();
      const m = room.messaging;
      const gone = new Uint8Array(8);
      structuredClone(gone, { transfer: [gone.buffer] });
      const make = (o) => () => new lib.RoomClient({ ...seat, ...o });
      const acts = {
        signal: () => m.disable({ signal: "x" }),
        nullOptions: async () => {
          await room.connect(null);
          throw new lib.RoomError("aborted", "fine", { hint: "" });
        },
        detached: () => m.broadcastMessage("x", {}, gone),
        functionValue: () => room.localParticipant.setAttribute("x", () => {}),
        hostile: () =>
          m.broadcastMessage("x", {
            toJSON() {
              throw Object.create(null);
            },
          }),
        symbol: () =>
          m.broadcastMessage("x", {
            toJSON() {
              throw Symbol("s");
            },
          }),
        token: make({ token: "a b" }),
        tokenPromise: () => new lib.RoomClient({ ...seat, token: async () => "a\nb" }).connect(),
        messaging: make({ messaging: 5 }),
        urlBig: make({ url: 5n }),
        urlCyclic: make({ url: Object.create(null) }),
        number: () => new lib.RoomClient({ ...seat, requestTimeoutMs: -1 }).connect(),
        limit: () => m.createStream({ to: "x", timeoutMs: -1 }),
        enable: () => m.enable(5),
        noArgs: () => m.sendMessage(),
      };
      const out = {};
      for (const [k, act] of Object.entries(acts)) {
        const f = await help.failure(act);
        out[k] = f.code ?? `${f} ${f.name} ${f.message}`;
      }
      out.state = room.state;
      await room.close();
      await room.close();
      return out;
    },
    await seat(),
  );
  const i = "invalid-argument";
  assert.deepEqual(codes, {
    signal: i,
    nullOptions: "aborted",
    detached: i,
    functionValue: i,
    hostile: i,
    symbol: i,
    token: "invalid-token",
    tokenPromise: "invalid-token",
    messaging: i,
    urlBig: "invalid-url",
    urlCyclic: "invalid-url",
    number: i,
    limit: i,
    enable: i,
    noArgs: i,
    state: "open",
  });
});

it("order holds when a Blob cannot be read, and bytes may be reused", async () => {
  await stage.join(page, `edges-${rooms}`, "ada");
  await stage.join(page, `edges-${rooms}`, "bob");
  const seen = await page.evaluate(async () => {
    const { ada, bob, help } = globalThis;
    const to = await help.meet(ada, bob.localParticipant.id);
    const got = [];
    const done = new Promise((r) =>
      bob.messaging.on("message", ({ message }) => {
        got.push([message.type, message.attachment?.[0]]);
        if (message.type === "3") r();
      }),
    );
    class Slow extends Blob {
      async arrayBuffer() {
        await new Promise((r) => setTimeout(r, 300));
        return super.arrayBuffer();
      }
    }
    class Bad extends Blob {
      async arrayBuffer() {
        throw new Error("unreadable");
      }
    }
    const bytes = new Uint8Array([7]);
    const first = ada.messaging.sendMessage(to, "1", {}, new Slow([new Uint8Array([1])]));
    const bad = help.failure(() => ada.messaging.sendMessage(to, "2", {}, new Bad([])));
    const badCode = (await bad).code;
    const third = ada.messaging.sendMessage(to, "3", {}, bytes);
    bytes[0] = 9;
    await Promise.all([first, third, done]);
    return { got, badCode };
  });
  assert.deepEqual(seen, {
    got: [
      ["1", 1],
      ["3", 7],
    ],
    badCode: "invalid-argument",
  });
});

it("closing and sending in listeners, and a limit for one stream", async () => {
  await stage.join(page, `edges-${rooms}`, "ada");
  await stage.join(page, `edges-${rooms}`, "bob");
  const seen = await page.evaluate(async () => {
    const { ada, bob, help } = globalThis;
    const log = [];
    await bob.messaging.enable(() => new Promise(() => {}));
    const to = await help.meet(ada, bob.localParticipant.id);
    const late = await help.failure(() => ada.messaging.createStream({ to, timeoutMs: 80 }));
    await bob.messaging.enable((reader) => {
      void reader.bytes().cancel;
    });
    const writer = await ada.messaging.createStream(to);
    ada.messaging.on("stream_closed", ({ error }) =>
      log.push(`stream:${error?.code}:${ada.messaging.isEnabled}`),
    );
    ada.on("statechange", ({ current: state, reason: error }) =>
      log.push(`${state}:${error.code}`),
    );
    const closing = new Promise((r) =>
      ada.messaging.on("message", () => {
        r(ada.close());
        log.push(`now ${ada.state}`);
      }),
    );
    const pending = help.failure(async () => {
      for (;;) await writer.write({ data: new Uint8Array(100_000) });
    });
    await bob.messaging.sendMessage(ada.localParticipant.id, "bye", {});
    await closing;
    return {
      late: [late.code, late.retryable, late.message],
      log,
      pending: (await pending).code,
      people: ada.messaging.remoteParticipants.length,
      again: (await help.failure(() => ada.connect())).code,
    };
  });
  assert.equal(seen.late[0], "timeout");
  assert.equal(seen.pending, "closed");
  assert.equal(seen.people, 0);
  assert.equal(seen.again, "closed");
  assert.equal(seen.log.filter((l) => l.startsWith("stream:")).length, 1);
});

it("the wasm may fail once, is tried again; and clients that ended are collected", async () => {
  const context = page.context();
  await page.goto(new URL("/healthz", stage.server.origin).href);
  let broken = true;
  await context.route("**/*.wasm", (route) =>
    broken ? route.fulfill({ status: 404, body: "no" }) : route.continue(),
  );
  const s = await seat();
  const first = await page.evaluate(async (seat) => {
    const lib = await import("/pkg/index.js");
    globalThis.lib = lib;
    globalThis.room = new lib.RoomClient(seat);
    return globalThis.room.connect().catch((e) => `${e.code} ${e.message}`);
  }, s);
  broken = false;
  const second = await page.evaluate(async () => {
    await globalThis.room.connect();
    return globalThis.room.state;
  });
  assert.match(first, /^wasm-unavailable/);
  assert.equal(second, "open");
  const collected = await page.evaluate(async (seat) => {
    const { lib } = globalThis;
    let count = 0;
    const registry = new FinalizationRegistry(() => {
      count += 1;
    });
    for (let i = 0; i < 5; i += 1) {
      let room = new lib.RoomClient(seat);
      registry.register(room, i);
      await room.connect();
      await room.messaging.enable();
      await room.close();
      room = undefined;
    }
    for (let i = 0; i < 20; i += 1) {
      globalThis.gc();
      await new Promise((r) => setTimeout(r, 50));
    }
    return count;
  }, s);
  assert.ok(collected >= 4);
});

it("who gives up while the wasm is on its way is gone at once", { timeout: 120_000 }, async () => {
  const room = `edges-${rooms}`;
  await stage.join(page, room, "ada");
  const other = await stage.page("/healthz");
  // It never comes.
  await other.route("**/*.wasm", () => {});
  await stage.prepare(other);
  const options = await stage.server.token(room, "hasty", "user");
  await page.evaluate(() => {
    const { ada, help } = globalThis;
    globalThis.added = help.next(ada.messaging, "participant_added");
    globalThis.removed = help.next(ada.messaging, "participant_removed");
  });

  await other.evaluate((options) => {
    globalThis.hasty = new globalThis.lib.RoomClient(options);
    const asked = [globalThis.hasty.connect(), globalThis.hasty.messaging.enable()];
    globalThis.settled = Promise.allSettled(asked);
  }, options);
  await page.evaluate(async () => void (await globalThis.added));
  const began = performance.now();
  const codes = await other.evaluate(async () => {
    await globalThis.hasty.close();
    return (await globalThis.settled).map(({ reason }) => reason.code);
  });
  await page.evaluate(async () => void (await globalThis.removed));

  assert.deepEqual(codes, ["closed", "closed"]);
  // A place is kept for 30 seconds for those who may come back.
  const took = performance.now() - began;
  assert.ok(took < 20_000, `it took ${took} ms`);
  await other.context().close();
});

it("nothing went wrong unnoticed", () => {
  assert.deepEqual(stage.problems, []);
});

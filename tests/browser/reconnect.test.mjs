// Bad networks: a real browser, the real server, and a proxy between them that breaks connections.

import assert from "node:assert/strict";
import { after, before, beforeEach, it } from "node:test";

import { startFaultProxy } from "../support/fault-proxy.mjs";
import { openStage } from "./stage.mjs";

const CUTS = Number(process.env.CUTS ?? 200);
const STREAM_BYTES = 50 * 1024 * 1024;

let stage;
let proxy;
let page;
let rooms = 0;

before(async () => {
  stage = await openStage();
  proxy = await startFaultProxy(stage.server.origin);
});

after(async () => {
  await proxy?.close();
  await stage?.close();
});

// `ada` goes through the proxy, `bob` does not.
beforeEach(async () => {
  await page?.context().close();
  proxy.cutAfter(() => undefined);
  proxy.heal();
  proxy.retarget(stage.server.origin);
  rooms += 1;
  const room = `bad-${rooms}`;
  page = await stage.blank();
  await stage.join(page, room, "bob");
  await joinThroughProxy(page, stage.server, room, "ada");
  await page.evaluate(async () => {
    const { ada, bob, help } = globalThis;
    globalThis.toBob = await help.meet(ada, bob.localParticipant.id);
    globalThis.toAda = await help.meet(bob, ada.localParticipant.id);
    /** Numbers, as they arrive. */
    globalThis.collect = (client, type) => {
      const numbers = [];
      client.messaging.on("message", ({ message }) => {
        if (message.type === type) {
          numbers.push(message.message.n);
        }
      });
      return numbers;
    };
    globalThis.states = (client) => {
      const states = [];
      client.on("statechange", ({ current }) => states.push(current));
      client.on("discontinuity", () => states.push("discontinuity"));
      return states;
    };
    /** Waits until a condition holds. */
    globalThis.until = async (condition) => {
      while (!condition()) {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    };
  });
});

async function joinThroughProxy(page, server, room, name) {
  const { token } = await server.token(room, name, "user");
  await page.evaluate(
    async ({ url, token, name }) => {
      const client = new globalThis.lib.RoomClient({ url, token, reconnect: () => 5 });
      globalThis[name] = client;
      await client.connect();
      await client.messaging.enable();
    },
    { url: proxy.room(room), token, name },
  );
}

it("a short loss loses nothing, and nobody else notices", async () => {
  await page.evaluate(async () => {
    const { ada, bob, collect, states } = globalThis;
    globalThis.atAda = collect(ada, "n");
    globalThis.atBob = collect(bob, "n");
    globalThis.seen = states(ada);
    globalThis.presence = [];
    for (const type of ["participant_added", "participant_removed"]) {
      bob.messaging.on(type, () => globalThis.presence.push(type));
      ada.messaging.on(type, () => globalThis.presence.push(type));
    }
    globalThis.before = ada.localParticipant.id;
  });
  proxy.shut();
  proxy.cut();
  const seen = await page.evaluate(async () => {
    const { ada, bob, toAda, toBob, seen, until } = globalThis;
    await until(() => seen.includes("reconnecting"));
    // Both promises are kept although one of them is offline.
    const theirs = Array.from({ length: 20 }, (_, n) =>
      bob.messaging.sendMessage(toAda, "n", { n }),
    );
    const ours = Array.from({ length: 20 }, (_, n) => ada.messaging.sendMessage(toBob, "n", { n }));
    globalThis.sent = Promise.all([...theirs, ...ours]);
    await Promise.all(theirs);
    return { isEnabled: ada.messaging.isEnabled, peers: ada.messaging.remoteParticipants.length };
  });
  assert.deepEqual(seen, { isEnabled: true, peers: 1 });
  proxy.heal();
  const result = await page.evaluate(async () => {
    const { ada, atAda, atBob, seen, presence, before, until } = globalThis;
    await globalThis.sent;
    await until(() => atAda.length >= 20 && atBob.length >= 20);
    const isSame = ada.localParticipant.id === before;
    return { atAda, atBob, last: seen.at(-1), isSame, presence };
  });
  const numbers = Array.from({ length: 20 }, (_, n) => n);
  assert.deepEqual(result, {
    atAda: numbers,
    atBob: numbers,
    last: "open",
    isSame: true,
    presence: [],
  });
});

it(`${CUTS} cuts at any byte: chat and a stream of 50 MB arrive whole, once and in order`, async () => {
  const random = generator(20_261_123);
  let cutsLeft = CUTS;
  proxy.cutAfter(() => {
    cutsLeft -= 1;
    return cutsLeft < 0 ? undefined : Math.floor(random() ** 2 * 600_000) + 1;
  });
  proxy.cut();
  const seen = await page.evaluate(async (bytes) => {
    const { ada, bob, toAda, toBob, collect, states, until } = globalThis;
    const [atAda, atBob] = [collect(ada, "n"), collect(bob, "n")];
    const seen = states(ada);
    const hex = async (data) => {
      const hash = await crypto.subtle.digest("SHA-256", data);
      return [...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    };
    const source = new Uint8Array(bytes);
    for (let at = 0; at < bytes; at += 65_536) {
      crypto.getRandomValues(source.subarray(at, at + 65_536));
    }
    const received = new Promise((resolve, reject) => {
      bob.messaging.enable((reader) => {
        new Response(reader.bytes()).arrayBuffer().then(resolve, reject);
      });
    });
    const writer = await ada.messaging.createStream(toBob, {});
    let isStreaming = true;
    const streaming = new Blob([source])
      .stream()
      .pipeTo(writer.bytes())
      .finally(() => {
        isStreaming = false;
      });
    let n = 0;
    const sent = [];
    while (isStreaming) {
      sent.push(ada.messaging.sendMessage(toBob, "n", { n }));
      sent.push(bob.messaging.sendMessage(toAda, "n", { n }));
      n += 1;
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await streaming;
    await Promise.all(sent);
    const copy = await received;
    await until(() => atAda.length >= n && atBob.length >= n);
    const inOrder = (numbers) => numbers.every((number, index) => number === index);
    return {
      isEqual: (await hex(source)) === (await hex(copy)),
      counts: [atAda.length - n, atBob.length - n],
      inOrder: [inOrder(atAda), inOrder(atBob)],
      discontinuities: seen.filter((state) => state === "discontinuity").length,
      n,
    };
  }, STREAM_BYTES);
  const { n, ...result } = seen;
  assert.deepEqual(result, {
    isEqual: true,
    counts: [0, 0],
    inOrder: [true, true],
    discontinuities: 0,
  });
  console.log(
    `# ${proxy.cuts} cuts survived, ${proxy.connections} connections, ${n} messages each way`,
  );
});

function generator(seed) {
  let state = seed;
  return () => {
    // Mulberry32.
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

it("nothing went wrong unnoticed", () => {
  assert.deepEqual(stage.problems, []);
});

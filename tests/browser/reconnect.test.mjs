// Bad networks: a real browser, the real server, and a proxy between them that breaks connections.

import assert from "node:assert/strict";
import { after, before, beforeEach, it } from "node:test";

import { startFaultProxy } from "../support/fault-proxy.mjs";
import { startServer } from "../support/server.mjs";
import { equip, generator, joinThrough } from "./faults.mjs";
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
  await joinThrough(proxy, page, stage.server, room, "ada");
  await page.evaluate(async () => {
    const { ada, bob, help } = globalThis;
    globalThis.toBob = await help.meet(ada, bob.localParticipant.id);
    globalThis.toAda = await help.meet(bob, ada.localParticipant.id);
  });
  await equip(page);
});

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

it("a server that was killed: what was open fails, what can be is restored, and it is said once", async () => {
  const env = { ROOM_SECRET: "a secret that outlives the server it is given to" };
  const first = await startServer({ env });
  const page = await stage.blank();
  await equip(page);
  proxy.retarget(first.origin);
  for (const name of ["ada", "bob"]) {
    await joinThrough(proxy, page, first, "killed", name);
  }
  await page.evaluate(async () => {
    const { ada, bob, help } = globalThis;
    globalThis.log = { ada: [], bob: [] };
    for (const [name, client] of Object.entries({ ada, bob })) {
      const log = globalThis.log[name];
      client.on("discontinuity", ({ reason }) => log.push(["discontinuity", reason.code]));
      for (const type of ["participant_added", "participant_removed"]) {
        client.messaging.on(type, ({ participant }) => log.push([type, participant.name]));
      }
    }
    await ada.localParticipant.setAttribute("mood", "good");
    const toBob = await help.meet(ada, bob.localParticipant.id);
    globalThis.log.ada.length = 0;
    bob.messaging.enable((reader) => {
      reader
        .bytes()
        .pipeTo(new WritableStream())
        .catch(() => {});
    });
    globalThis.writer = await ada.messaging.createStream(toBob, {});
    globalThis.ids = [ada.localParticipant.id, bob.localParticipant.id];
  });
  proxy.stall();
  await page.evaluate(() => {
    const { ada, ids, help } = globalThis;
    globalThis.pending = help.failure(() => ada.messaging.sendMessage(ids[1], "x", {}));
  });
  process.kill(first.pid, "SIGKILL");
  await first.stop();
  const second = await startServer({ env });
  proxy.retarget(second.origin);
  proxy.heal();
  proxy.cut();
  try {
    const seen = await page.evaluate(async () => {
      const { ada, bob, log, writer, pending, ids, help, until } = globalThis;
      const isBack = ([name, other]) =>
        log[name].some(([type, who]) => type === "participant_added" && who === other);
      await until(() =>
        [
          ["ada", "bob"],
          ["bob", "ada"],
        ].every(isBack),
      );
      const received = help.next(bob.messaging, "message");
      await ada.messaging.broadcastMessage("hello", {});
      await received;
      return {
        log,
        pending: (await pending).code,
        stream: (await help.failure(() => writer.closed)).code,
        mood: bob.messaging.getParticipantByName("ada").getAttribute("mood"),
        isNew: ids.every((id) => id !== ada.localParticipant.id && id !== bob.localParticipant.id),
        peers: ada.messaging.remoteParticipants.length,
      };
    });
    const once = (name) => [
      ["discontinuity", "connection-lost"],
      ["participant_removed", name],
      ["participant_added", name],
    ];
    assert.deepEqual(seen.log.ada.toSorted(), once("bob").toSorted());
    assert.deepEqual(seen.log.bob.toSorted(), once("ada").toSorted());
    const { log, ...rest } = seen;
    assert.deepEqual(rest, {
      pending: "delivery-unknown",
      stream: "connection-lost",
      mood: "good",
      isNew: true,
      peers: 1,
    });
    assert.equal(log.ada[0][0], "discontinuity");
  } finally {
    await page.context().close();
    await second.stop();
  }
});

it("a connection over which nothing comes any more is noticed and replaced", async () => {
  // The server says something every second.
  const server = await startServer({ args: ["--idle-time", "2"] });
  const page = await stage.blank();
  await equip(page);
  proxy.retarget(server.origin);
  await joinThrough(proxy, page, server, "silent", "ada");
  try {
    await page.evaluate(() => {
      globalThis.seen = [];
      globalThis.ada.on("statechange", ({ current, reason }) =>
        globalThis.seen.push([current, reason?.code, reason?.message]),
      );
    });
    proxy.stall();
    const began = performance.now();
    await page.waitForFunction(() => globalThis.seen.length > 0);
    const noticedMs = performance.now() - began;
    proxy.heal();
    proxy.cut();
    const seen = await page.evaluate(async () => {
      const { ada, seen, until } = globalThis;
      await until(() => seen.at(-1)[0] === "open");
      await ada.messaging.broadcastMessage("here", {});
      return seen;
    });
    const silence = "nothing was heard of the server for 2500 ms";
    assert.deepEqual(seen[0], ["reconnecting", "connection-lost", silence]);
    assert.ok(noticedMs < 5000, `noticed after ${noticedMs} ms`);
  } finally {
    await page.context().close();
    await server.stop();
  }
});

it("the network's return makes us look, and a probe finds out", async () => {
  await page.evaluate(() => {
    globalThis.seen = globalThis.states(globalThis.ada);
  });
  proxy.stall();
  await page.evaluate(() => dispatchEvent(new Event("online")));
  await page.waitForFunction(() => globalThis.seen.includes("reconnecting"), null, {
    timeout: 10_000,
  });
  proxy.heal();
  // The attempts that hang would end by themselves after the time for the handshake.
  proxy.cut();
  const seen = await page.evaluate(async () => {
    const { ada, seen, toBob, until } = globalThis;
    await until(() => seen.at(-1) === "open");
    await ada.messaging.sendMessage(toBob, "n", { n: 0 });
    return seen.includes("discontinuity");
  });
  assert.equal(seen, false);
});

it("a page that sleeps lets go of its socket and keeps its place", async () => {
  const other = await stage.blank();
  await stage.join(other, `bad-${rooms}`, "cyd");
  await other.evaluate(() => {
    globalThis.gone = [];
    const { messaging } = globalThis.cyd;
    messaging.on("participant_removed", ({ participant }) =>
      globalThis.gone.push(participant.name),
    );
  });
  const asleep = await page.evaluate(async () => {
    const { ada, collect } = globalThis;
    globalThis.atAda = collect(ada, "n");
    const changes = [];
    ada.on("statechange", (event) => changes.push(event));
    dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true }));
    await new Promise((resolve) => setTimeout(resolve, 300));
    return changes.map(({ current, attempt, nextRetryAt }) => [current, attempt, nextRetryAt]);
  });
  assert.deepEqual(asleep, [["reconnecting", 1, undefined]]);
  await other.evaluate(() => globalThis.cyd.messaging.broadcastMessage("n", { n: 0 }));
  const awake = await page.evaluate(async () => {
    const { ada, atAda, help, until } = globalThis;
    const opened = help.next(ada, "statechange");
    dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));
    await opened;
    await until(() => atAda.length === 1);
    return ada.state;
  });
  assert.equal(awake, "open");
  assert.deepEqual(await other.evaluate(() => globalThis.gone), []);
  await other.context().close();
});

it("the back-forward cache keeps the page, and the page its place", async () => {
  const chromium = { ignoreDefaultArgs: ["--disable-back-forward-cache"] };
  const stage = await openStage({ chromium });
  try {
    const [page, other] = [await stage.blank(), await stage.blank()];
    await stage.join(page, "cached", "ada");
    await stage.join(other, "cached", "bob");
    await page.evaluate(() => {
      const { ada } = globalThis;
      globalThis.log = [];
      ada.on("statechange", ({ current }) => globalThis.log.push(current));
      addEventListener("pageshow", ({ persisted }) => globalThis.log.push({ persisted }));
      ada.messaging.on("message", ({ message }) => globalThis.log.push(message.type));
    });
    await page.goto(`${stage.server.origin}/index.html`);
    await other.evaluate(() => globalThis.bob.messaging.broadcastMessage("while away", {}));
    await page.goBack({ waitUntil: "commit" });
    await page.waitForFunction(() => globalThis.log.includes("while away"));
    const log = await page.evaluate(() => globalThis.log);
    assert.deepEqual(log, ["reconnecting", { persisted: true }, "open", "while away"]);
  } finally {
    await stage.close();
  }
});

it("nothing went wrong unnoticed", () => {
  assert.deepEqual(stage.problems, []);
});

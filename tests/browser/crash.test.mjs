// The WebAssembly instance fails: the page goes on, and everything that waited for it ends.

import assert from "node:assert/strict";
import { after, before, it } from "node:test";

import { exposeMemory } from "./memory.mjs";
import { openStage } from "./stage.mjs";

let stage;

before(async () => {
  stage = await openStage();
});

after(async () => {
  await stage?.close();
});

/** A page with a client in a room, whose instance's memory can be destroyed. */
async function enter(room) {
  const page = await stage.page("/healthz");
  await exposeMemory(page);
  await page.evaluate(() => {
    globalThis.destroy = () => new Uint8Array(globalThis.memory.buffer).fill(0x7f);
  });
  await stage.prepare(page);
  await stage.join(page, room, "ada");
  return page;
}

it("a trap in a call ends everything with one error", async () => {
  const page = await enter("crash-1");
  const other = await stage.blank();
  await stage.join(other, "crash-1", "bob");
  await other.evaluate(() => {
    globalThis.bob.messaging.enable(async (reader) => {
      for await (const chunk of reader) {
        void chunk;
      }
    });
  });
  const seen = await page.evaluate(async () => {
    const { ada, help, destroy } = globalThis;
    void ada.localParticipant.name;
    const bob = await help.other(ada);
    const states = [];
    ada.on("statechange", ({ current, reason }) => states.push([current, reason?.code]));
    const writer = await ada.messaging.createStream(bob, {});
    const bytes = writer.bytes().getWriter();
    const codes = {};
    const note = (name, promise) =>
      promise.then(
        () => (codes[name] = "resolved"),
        (error) => (codes[name] = error.code),
      );
    const open = [
      note("stream", writer.closed),
      note("sink", bytes.closed),
      note("offer", ada.messaging.stream(bob, "ask", {})),
    ];
    destroy();
    open.push(note("send", ada.messaging.sendMessage(bob, "x", {})));
    await Promise.all(open);
    await note("later", ada.messaging.broadcastMessage("x", {}));
    const known = [ada.messaging.isEnabled, ada.localParticipant.name];
    await note("again", ada.connect());
    return { codes, states, state: ada.state, known };
  });
  assert.deepEqual(seen, {
    codes: {
      stream: "internal",
      sink: "internal",
      offer: "internal",
      send: "internal",
      later: "internal",
      again: "internal",
    },
    states: [
      ["closed", "internal"],
      ["connecting", undefined],
      ["closed", "internal"],
    ],
    state: "closed",
    known: [false, "ada"],
  });
});

it("a loop that is busy when the instance fails ends with the error", async () => {
  const page = await enter("crash-loop");
  const other = await stage.blank();
  await stage.join(other, "crash-loop", "bob");
  const offered = page.evaluateHandle(() => {
    const { ada } = globalThis;
    return { reader: new Promise((resolve) => void ada.messaging.enable(resolve)) };
  });
  const reading = (await offered).evaluate(async (offer) => {
    const { ada, help, destroy } = globalThis;
    const sizes = [];
    const error = await help.failure(async () => {
      for await (const { data } of await offer.reader) {
        sizes.push(data.byteLength);
        destroy();
        await help.failure(() => ada.messaging.broadcastMessage("x", {}));
        await new Promise((resolve) => setTimeout(resolve));
      }
    });
    return { sizes, code: error.code };
  });
  await other.evaluate(async () => {
    const { bob, help } = globalThis;
    const ada = await help.other(bob);
    const writer = await bob.messaging.createStream(ada, {});
    await writer.write({ data: new Uint8Array(3) });
  });
  assert.deepEqual(await reading, { sizes: [3], code: "internal" });
});

it("a trap that nobody called for is noticed too", async () => {
  const page = await enter("crash-2");
  const other = await stage.blank();
  await stage.join(other, "crash-2", "bob");
  const ended = page.evaluate(async () => {
    const { ada, help, destroy } = globalThis;
    const ended = help.next(ada, "statechange");
    destroy();
    globalThis.isDestroyed = true;
    const { current, reason } = await ended;
    return [current, reason.code];
  });
  await page.waitForFunction(() => globalThis.isDestroyed);
  // It arrives in a task of the browser's own.
  await other.evaluate(() => globalThis.bob.messaging.broadcastMessage("hello", {}));
  assert.deepEqual(await ended, ["closed", "internal"]);
});

it("a trap that closing finds ends what waits too", async () => {
  const page = await enter("crash-3");
  const other = await stage.blank();
  await stage.join(other, "crash-3", "bob");
  const codes = await page.evaluate(async () => {
    const { ada, help, destroy } = globalThis;
    const bob = await help.other(ada);
    const open = [ada.messaging.stream(bob, "ask", {}), ada.messaging.sendMessage(bob, "x", {})];
    destroy();
    const closing = ada.close();
    const ends = await Promise.allSettled(open);
    await closing;
    return ends.map(({ reason }) => reason?.code);
  });
  assert.deepEqual(codes, ["internal", "internal"]);
});

// Duplex streams of generation 3 between our clients, in a page and native, and the official Python
// SDK 0.56.0, and between two of each, through our server.

import assert from "node:assert/strict";
import { after, before } from "node:test";

import { expected, waitFor } from "./cases.mjs";
import { officialInPython, oursInBrowser, oursNative } from "./cast.mjs";
import { counted, scene, Tally } from "./tally.mjs";
import { Theatre } from "./theatre.mjs";

const SIZES = [null, 0, 1, 1023, 1024, 1025, 5000, 300_000];

const TITLE =
  "Duplex streams of generation 3, called by the row and answered by the column: messages and " +
  "attachments both ways, refusals, either side closing, either side vanishing.";

const theatre = new Theatre();
const tally = new Tally("streams-duplex", TITLE);
const inPage = oursInBrowser(theatre);
const native = oursNative();
const python = officialInPython("0.56.0", process.env.MESHAGENT_PYTHON_0_56_0);

before(() => theatre.open());

after(() => theatre.close());

const cast = [inPage, native, python];

for (const caller of cast) {
  for (const callee of cast) {
    const cell = tally.cell(caller, callee);
    scene(`${caller.name} calls ${callee.name}`, [caller, callee], () =>
      pairOf(caller, callee, (name, run) => counted([cell], name, run)),
    );
  }
}

function pairOf(first, second, test) {
  let caller;
  let callee;

  async function enter(options = {}) {
    const room = theatre.newRoom();
    caller = await theatre.enter(first, room, "ada", "user");
    callee = await theatre.enter(second, room, "bob", "user");
    await waitFor("the callee to be listed", async () => {
      const participants = await caller.call("participants");
      return participants.some(({ id }) => id === callee.id);
    });
    if (options.listens !== false) {
      await callee.call("answerDuplex", { reason: options.reason ?? null });
    }
  }

  async function leave() {
    await caller?.stop();
    await callee?.stop();
  }

  /** A stream that is open, with its first message read. */
  async function open() {
    await enter();
    const message = { text: "žluťoučký 🎉", nested: [1, null] };
    await caller.call("openDuplex", { to: callee.id, type: "chat.open", message, size: 3 });
    const [first] = await received(callee, 1);
    assert.deepEqual(first, expected(caller, "chat.open", message, 3));
  }

  test("messages and attachments go both ways, and the caller closes", async () => {
    await open();
    for (const [from, to] of [
      [caller, callee],
      [callee, caller],
    ]) {
      for (const size of SIZES) {
        await from.call("sendDuplex", { type: "chat.word", message: { size }, size });
      }
      const got = await received(to, SIZES.length);
      const wanted = SIZES.map((size) => expected(from, "chat.word", { size }, size));
      assert.deepEqual(got, wanted);
    }
    await caller.call("closeDuplex");
    await ends(callee);
    await leave();
  });

  test("the callee closes", async () => {
    await open();
    await callee.call("sendDuplex", { type: "chat.last", message: {}, size: null });
    await callee.call("closeDuplex");
    await ends(caller, ["chat.last"]);
    await leave();
  });

  test("the callee refuses", async () => {
    await enter({ reason: "not now" });
    const args = { to: callee.id, type: "chat.open", message: {}, size: null };
    await assert.rejects(caller.call("openDuplex", args), /not now/);
    await leave();
  });

  test("either side vanishes", async () => {
    await open();
    await caller.call("leave");
    await ends(callee);
    await leave();

    await open();
    await callee.call("leave");
    await ends(caller);
    await leave();
  });
}

scene("a stream of chunks to somebody who takes duplex streams only", [inPage, python], () => {
  counted([tally.cell(inPage, python)], "arrives as messages, with its end", async () => {
    const room = theatre.newRoom();
    const writer = await theatre.enter(inPage, room, "ada", "user");
    const reader = await theatre.enter(python, room, "bob", "agent");
    await reader.call("answerDuplex", {});
    await reader.call("setAttribute", { name: "streams", value: ["duplex"] });
    await waitFor("the announcement", async () => {
      const participants = await writer.call("participants");
      return participants.some(({ streams }) => streams?.[0] === "duplex");
    });

    await writer.call("openStream", { to: reader.id, header: { name: "š.bin" } });
    const chunks = SIZES.map((size) => ({ header: { size }, size: size ?? 0 }));
    await writer.call("writeChunks", { chunks });
    await writer.call("closeStream");

    const got = await received(reader, chunks.length + 2, ({ end }) => end === undefined);
    const wanted = [
      expected(writer, "room-messaging.stream", { header: { name: "š.bin" } }, null),
      ...chunks.map(({ header, size }) =>
        expected(writer, "room-messaging.chunk", { header }, size),
      ),
      expected(writer, "room-messaging.end", {}, null),
    ];
    assert.deepEqual(got, wanted);
    assert.equal(await writer.call("writerEnd"), "clean");
    await writer.stop();
    await reader.stop();
  });
});

for (const ours of [inPage, native]) {
  scene(`${ours.name} where nobody answers calls`, [ours], () => {
    counted([tally.cell(ours, ours)], "a call is refused at once", async () => {
      const room = theatre.newRoom();
      const caller = await theatre.enter(ours, room, "ada", "user");
      const callee = await theatre.enter(ours, room, "bob", "user");
      await waitFor("the callee to be listed", async () => {
        const participants = await caller.call("participants");
        return participants.some(({ id }) => id === callee.id);
      });
      const args = { to: callee.id, type: "chat.open", message: {}, size: null };
      await assert.rejects(caller.call("openDuplex", args), /Streams are not allowed/);
      await caller.stop();
      await callee.stop();
    });
  });
}

async function received(peer, count, isWanted = () => true) {
  const messages = [];
  await waitFor(`${peer.name} to receive ${count}`, async () => {
    messages.push(...(await peer.call("receivedDuplex")).filter(isWanted));
    return messages.length >= count;
  });
  assert.equal(messages.length, count, JSON.stringify(messages));
  return messages;
}

/** The stream is over, whatever words the client has for it, after messages of these types. */
async function ends(peer, types = []) {
  const events = [];
  await waitFor(`${peer.name} to see the end`, async () => {
    events.push(...(await peer.call("receivedDuplex")));
    return events.some((event) => event.end !== undefined);
  });
  const messages = events.filter((event) => event.end === undefined);
  assert.deepEqual(
    messages.map(({ type }) => type),
    types,
  );
}

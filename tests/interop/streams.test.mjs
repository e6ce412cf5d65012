// Generation-1 streams between our clients and the official one that has them, both ways.

import assert from "node:assert/strict";
import { after, afterEach, before } from "node:test";

import { digest, meet, waitFor } from "./cases.mjs";
import { officialInPython, oursInBrowser, oursNative } from "./cast.mjs";
import { counted, scene, Tally } from "./tally.mjs";
import { Theatre } from "./theatre.mjs";

const TITLE =
  "Streams of generation 1, opened by the row and read by the column: headers, chunks of every " +
  "size, order, the end, refusals with their reasons; where one of ours takes part also an abort " +
  "and either side vanishing.";

const theatre = new Theatre();
const tally = new Tally("streams", TITLE);
const cast = [oursInBrowser(theatre), oursNative()];
const theirs = officialInPython("0.0.21", process.env.MESHAGENT_PYTHON_0_0_21);

const HEADER = { name: "šť 🦀.bin", size: 5000, list: [1, 2.5, null, { deep: true }] };
const SIZES = [0, 1, 1023, 1024, 1025, 5000];
const BEGUN = {
  header: HEADER,
  chunks: [
    { header: { index: 0 }, size: 10 },
    { header: { index: 1 }, size: 2000 },
  ],
};
const REFUSAL = "Streams are not allowed by this client";

let players = [];

before(() => theatre.open());
after(() => theatre.close());
afterEach(async () => {
  await Promise.all(players.map((peer) => peer.stop()));
  players = [];
});

for (const [opener, acceptor] of pairs([...cast, theirs])) {
  const cells = [tally.cell(opener, acceptor)];
  scene(`${opener.name} opens a stream to ${acceptor.name}`, [opener, acceptor], () => {
    const test = (name, run) => counted(cells, name, run);

    test("the header, every size of chunk and the end arrive", async () => {
      const [from, to] = await pair(opener, acceptor, { accepts: "accept" });
      await from.call("openStream", { to: to.id, header: HEADER });
      const chunks = SIZES.map((size) => ({ header: { size, what: ["š", null] }, size }));
      await from.call("writeChunks", { chunks });
      await from.call("closeStream");
      await streamIs(to, acceptor, { header: HEADER, chunks, end: "clean" });
      await nothingElseArrived(from, to);
    });

    test("200 chunks arrive in order", async () => {
      const [from, to] = await pair(opener, acceptor, { accepts: "accept" });
      await from.call("openStream", { to: to.id, header: {} });
      const chunks = Array.from({ length: 200 }, (_, index) => ({
        header: { index },
        size: (index * 37) % 2000,
      }));
      await from.call("writeChunks", { chunks });
      await from.call("closeStream");
      await streamIs(to, acceptor, { header: {}, chunks, end: "clean" });
      await nothingElseArrived(from, to);
    });

    test("several streams follow each other", async () => {
      const [from, to] = await pair(opener, acceptor, { accepts: "accept" });
      for (const index of [0, 1, 2]) {
        await from.call("openStream", { to: to.id, header: { index } });
        await from.call("writeChunks", { chunks: [{ header: {}, size: index }] });
        await from.call("closeStream");
        const chunks = [{ header: {}, size: index }];
        await streamIs(to, acceptor, { header: { index }, chunks, end: "clean" }, index);
      }
    });

    test("a client that takes no streams refuses, and says so", async () => {
      const [from, to] = await pair(opener, acceptor, {});
      const opened = from.call("openStream", { to: to.id, header: {} });
      await assert.rejects(opened, (error) => error.message.includes(REFUSAL));
    });

    test("an application refuses with its own reason", async () => {
      const [from, to] = await pair(opener, acceptor, { accepts: "not today, šéfe" });
      const opened = from.call("openStream", { to: to.id, header: {} });
      await assert.rejects(opened, (error) => error.message.includes("not today, šéfe"));
      assert.deepEqual(await to.call("streams"), []);
    });
  });
}

for (const ours of cast) {
  const members = [ours, theirs];
  scene(`${ours.name} and ${theirs.name}, endings that are not clean`, members, () => {
    const weOpen = (name, run) => counted([tally.cell(ours, theirs)], name, run);
    const theyOpen = (name, run) => counted([tally.cell(theirs, ours)], name, run);

    weOpen("our writer aborts: the other side gets what was written, and an end", async () => {
      const [from, to] = await begun(ours, theirs);
      await from.call("abortStream", { reason: "out of paper" });
      // The old protocol has no other end than the clean one.
      await streamIs(to, theirs, { ...BEGUN, end: "clean" });
      assert.equal(await from.call("writerEnd"), "aborted");
      await nothingElseArrived(from, to);
    });

    theyOpen("the writer vanishes: our reader gets an error after what was written", async () => {
      const [from, to] = await begun(theirs, ours);
      await from.stop();
      await streamIs(to, ours, { ...BEGUN, end: "peer-left" });
    });

    theyOpen("the writer disables messaging: our reader gets an error", async () => {
      const [from, to] = await begun(theirs, ours);
      await from.call("disable");
      await streamIs(to, ours, { ...BEGUN, end: "peer-left" });
    });

    weOpen("the reader vanishes: our writer gets an error", async () => {
      const [from, to] = await begun(ours, theirs);
      await to.stop();
      assert.equal(await from.call("writerEnd"), "peer-left");
      await assert.rejects(from.call("writeChunks", { chunks: BEGUN.chunks }));
    });
  });
}

for (const [opener, acceptor] of pairs(cast)) {
  const members = [opener, acceptor];
  scene(`${opener.name} and ${acceptor.name}, endings that are not clean`, members, () => {
    const test = (name, run) => counted([tally.cell(opener, acceptor)], name, run);

    test("the writer aborts: the reader gets an error, and so does the writer", async () => {
      const [from, to] = await begun(opener, acceptor);
      await from.call("abortStream", { reason: "out of paper" });
      await streamIs(to, acceptor, { ...BEGUN, end: "stream-aborted" });
      assert.equal(await from.call("writerEnd"), "aborted");
      await nothingElseArrived(from, to);
    });

    test("the writer vanishes: the reader gets an error after what was written", async () => {
      const [from, to] = await begun(opener, acceptor);
      await from.stop();
      await streamIs(to, acceptor, { ...BEGUN, end: "peer-left" });
    });

    test("the reader disables messaging: the writer gets an error", async () => {
      const [from, to] = await begun(opener, acceptor);
      await to.call("disable");
      assert.equal(await from.call("writerEnd"), "stream-aborted");
    });

    test("the reader vanishes: the writer gets an error", async () => {
      const [from, to] = await begun(opener, acceptor);
      await to.stop();
      assert.equal(await from.call("writerEnd"), "peer-left");
      await assert.rejects(from.call("writeChunks", { chunks: BEGUN.chunks }));
    });
  });
}

/** A stream of which the chunks have been read, but no end. */
async function begun(opener, acceptor) {
  const [from, to] = await pair(opener, acceptor, { accepts: "accept" });
  await from.call("openStream", { to: to.id, header: HEADER });
  await from.call("writeChunks", { chunks: BEGUN.chunks });
  await streamIs(to, acceptor, { ...BEGUN, end: null });
  return [from, to];
}

function pairs(members) {
  return members.flatMap((opener) => members.map((acceptor) => [opener, acceptor]));
}

/** Both in a room, and known to each other. */
async function pair(opener, acceptor, { accepts }) {
  const room = theatre.newRoom();
  const from = await enter(opener, room, "ada", "user");
  const to = await enter(acceptor, room, "bob", "agent", { streams: accepts });
  await meet(from, to);
  return [from, to];
}

async function enter(...args) {
  const peer = await theatre.enter(...args);
  players.push(peer);
  return peer;
}

/** Waits until the stream has come this far, then looks at all of it. */
async function streamIs(to, member, { header, chunks, end }, index = 0) {
  let seen;
  await waitFor(`${to.name} to read ${chunks.length} chunks and ${end}`, async () => {
    seen = (await to.call("streams"))[index];
    return seen?.end === end && seen.chunks.length >= chunks.length;
  });
  assert.deepEqual(member.ours ? seen.header : seen.header.header, header);
  const expected = chunks.map((chunk) => ({ header: chunk.header, ...digest(chunk.size) }));
  assert.deepEqual(seen.chunks, expected);
}

/** The machinery of streams is not shown to the application. */
async function nothingElseArrived(...peers) {
  for (const peer of peers) {
    assert.deepEqual(await peer.call("received"), []);
  }
}

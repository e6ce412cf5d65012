// How calls, streams and clients end: in virtual time, in a room without a network.

import assert from "node:assert/strict";
import { afterEach, it } from "node:test";

import { TestRoom } from "../../pkg/node-testing.js";

const rooms = [];

afterEach(async () => {
  await Promise.all(rooms.splice(0).map((room) => room.close()));
});

/** Ada and bob, who know each other. */
async function pair(options = {}) {
  const room = new TestRoom("lobby", { latencyMs: 5 });
  rooms.push(room);
  const ada = room.client({ name: "ada", ...options });
  const bob = room.client({ name: "bob" });
  for (const client of [ada, bob]) {
    await room.run(client.connect());
    await room.run(client.messaging.enable());
  }
  await room.advance(100);
  return { room, ada, bob, toBob: ada.messaging.getParticipantByName("bob") };
}

/** What bob answers calls with. */
function answer(bob, act) {
  bob.messaging.once("stream_requested", (event) => act(event.accept(), event));
}

it("abort() does not wait for a reader that reads nothing", async () => {
  const { room, ada, bob, toBob } = await pair();
  let offered;
  await room.run(
    bob.messaging.enable((reader) => {
      offered = reader;
    }),
  );
  const writer = await room.run(ada.messaging.createStream(toBob, {}));
  const sink = writer.bytes().getWriter();
  const written = sink.write(new Uint8Array(8 * 1024 * 1024)).catch((error) => error.code);
  await room.advance(1000);

  await room.run(sink.abort("enough"));

  assert.equal(await written, "aborted");
  await room.advance(1000);
  const read = room.run(offered.readable.getReader().read());
  await assert.rejects(read, { code: "stream-aborted", message: /enough/ });
});

it("a client that a listener closes stays closed", async () => {
  const { room, ada, toBob, bob } = await pair();
  await room.run(bob.messaging.enable(() => {}));
  await room.run(ada.messaging.createStream(toBob, {}));
  const states = [];
  ada.on("statechange", ({ current }) => states.push(current));
  ada.on("discontinuity", () => states.push("discontinuity"));
  ada.messaging.on("stream_closed", () => void ada.close());

  room.restart(1000);
  await room.advance(60_000);

  assert.equal(ada.state, "closed");
  assert.equal(states.at(-1), "closed", String(states));
});

it("the attachment of stream() is what it was at the call", async () => {
  const { room, ada, bob, toBob } = await pair();
  let came;
  answer(bob, (_stream, event) => {
    came = event.message.attachment;
  });
  const bytes = new Uint8Array([1, 2, 3]);
  const opened = ada.messaging.stream(toBob, "ask", {}, bytes);
  bytes.fill(0);
  await room.run(opened);

  assert.deepEqual([...came], [1, 2, 3]);
});

it("a duplex stream is closed after what was sent, and what came can still be read", async () => {
  const { room, ada, bob, toBob } = await pair();
  const theirs = new Promise((resolve) => answer(bob, resolve));
  const stream = await room.run(ada.messaging.stream(toBob, "ask", {}));
  const other = await theirs;
  await other.send("word", { n: 1 });
  await other.send("word", { n: 2 });
  await room.advance(100);

  const sent = stream.send("file", {}, new Blob(["text"]));
  await room.run(Promise.all([stream.close(), sent]));

  const read = async (from) => {
    const words = [];
    for await (const { type, message } of from) {
      words.push(message.n ?? type);
    }
    return words;
  };
  assert.deepEqual(await room.run(read(stream)), [1, 2]);
  assert.deepEqual(await room.run(read(other)), ["file"]);
});

it("a policy may wait for ever", async () => {
  let asked = 0;
  const { room, ada } = await pair({
    reconnect: () => {
      asked += 1;
      return Number.POSITIVE_INFINITY;
    },
  });
  room.network(ada).offline();
  await room.advance(1000);
  room.network(ada).online();
  await room.advance(60_000);

  assert.deepEqual([ada.state, asked], ["reconnecting", 1]);
});

it("more streams than may be open can be used one after the other, unread", async () => {
  const { room, ada, bob, toBob } = await pair();
  bob.messaging.on("stream_requested", (event) => event.accept());
  for (let n = 0; n < 1030; n += 1) {
    const stream = await room.run(ada.messaging.stream(toBob, "ask", {}));
    await room.run(stream.send("word", {}));
    await room.run(stream.close());
  }
});

it("many streams to somebody who reads none of them do not cost it its place", async () => {
  const { room, ada, bob, toBob } = await pair();
  const readers = [];
  await room.run(bob.messaging.enable((reader) => void readers.push(reader)));
  const piece = new Uint8Array(256 * 1024);
  const writers = [];
  for (let n = 0; n < 40; n += 1) {
    writers.push(await room.run(ada.messaging.createStream(toBob, {})));
  }
  const writing = writers.map(async (writer) => {
    for (let n = 0; n < 20; n += 1) {
      await writer.write({ data: piece });
    }
    await writer.close();
  });
  await room.advance(60_000);
  assert.equal(bob.state, "open");

  const sizes = readers.map(async (reader) => {
    let size = 0;
    for await (const { data } of reader) {
      size += data.length;
    }
    return size;
  });
  await room.run(Promise.all([...writing, ...sizes]));
  assert.deepEqual(new Set(await Promise.all(sizes)), new Set([20 * piece.length]));
});

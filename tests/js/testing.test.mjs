// Rooms for tests: virtual time, chances of a seed, and a network that does what it is told.

import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";

import { RoomError } from "../../pkg/node.js";
import { TestRoom } from "../../pkg/node-testing.js";
import { hour, watch } from "../support/hour.mjs";

const rooms = [];

function make(options = {}) {
  const room = new TestRoom("lobby", options);
  rooms.push(room);
  return room;
}

afterEach(async () => {
  await Promise.all(rooms.splice(0).map((room) => room.close()));
});

/** Members of the room by name, connected and enabled. */
async function enter(room, names, log = [], options = {}) {
  const clients = names.map((name) => room.client({ name, ...options }));
  for (const [index, client] of clients.entries()) {
    watch(room, names[index], client, log);
    await room.run(client.connect());
    await room.run(client.messaging.enable());
  }
  await room.advance(100);
  return clients;
}

/** What a promise rejects with. */
async function failure(act) {
  try {
    await act();
  } catch (error) {
    assert.ok(error instanceof RoomError, String(error));
    assert.ok(error.hint.endsWith(".") || error.hint.endsWith("?"), error.hint);
    return error;
  }
  return assert.fail("it did not fail");
}

async function codeOf(act) {
  return (await failure(act)).code;
}

/** Each number at most once and in order; one may only be missing where there was word of a gap. */
function checkCount(log, name, where) {
  let last = -1;
  let isGapKnown = false;
  for (const [at, who, what, said] of log) {
    // Ada was not there either, or was somebody else.
    isGapKnown ||= what === "discontinuity" || what === "removed" || what === "failed";
    if (who === name && what === "count") {
      const isNext = said.n === last + 1;
      assert.ok(isNext || (isGapKnown && said.n > last), `${where}: ${name} at ${at}: ${said.n}`);
      last = said.n;
      isGapKnown = false;
    }
  }
}

describe("a room for tests", () => {
  it("does the same with the same seed, and something else with another", async () => {
    const first = await hour(TestRoom, 7);
    assert.deepEqual(await hour(TestRoom, 7), first);
    // Also when others play at the same time.
    const [again, other] = await Promise.all([hour(TestRoom, 7), hour(TestRoom, 8)]);
    assert.deepEqual(again, first);
    assert.notDeepEqual(other, first);
    assert.ok(first.length > 200, `${first.length} things happened`);
    assert.ok(first.some(([, , what]) => what === "discontinuity"));
  });

  it("keeps what is promised, with many seeds", async () => {
    for (let seed = 1; seed <= 100; seed += 1) {
      const log = await hour(TestRoom, seed);
      for (const name of ["bob", "cleo"]) {
        checkCount(log, name, `seed ${seed}`);
      }
    }
  });

  it("lets half an hour pass in less than a second", async () => {
    const room = make();
    const [ada] = await enter(room, ["ada", "bob", "cleo"]);
    const began = performance.now();
    await room.advance(30 * 60_000);
    const took = performance.now() - began;
    assert.ok(took < 1000, `it took ${took} ms`);
    assert.equal(ada.state, "open");
    assert.equal(room.now % 1, 0);
  });

  it("takes the time that it is told to", async () => {
    const room = make({ latencyMs: 40 });
    const [ada, bob] = await enter(room, ["ada", "bob"]);
    const began = room.now;
    let heardAt;
    bob.messaging.on("message", () => {
      heardAt = room.now;
    });
    await room.run(ada.messaging.broadcastMessage("hi", {}));
    assert.equal(room.now - began, 80);
    // Both are told at the same time, one after the other.
    await room.advance(0);
    assert.equal(heardAt - began, 80);
  });

  it("loses nothing when a connection is cut", async () => {
    const room = make({ seed: 3 });
    const log = [];
    const [ada, bob] = await enter(room, ["ada", "bob"], log);
    const sent = [];
    for (let n = 0; n < 100; n += 1) {
      sent.push(ada.messaging.broadcastMessage("count", { n }, new Uint8Array(n * 100)));
      if (n % 10 === 5) {
        room.network(n % 20 === 5 ? bob : ada).cut();
      }
      await room.advance(n % 10 === 9 ? 5000 : 7);
    }
    await room.run(Promise.all(sent));
    await room.advance(1000);

    const heard = log.filter(([, name, type]) => name === "bob" && type === "count");
    assert.deepEqual(
      heard.map(([, , , { n }]) => n),
      [...Array(100).keys()],
    );
    assert.ok(log.some(([, , , state]) => state === "reconnecting"));
    assert.ok(!log.some(([, , what]) => what === "discontinuity" || what === "removed"));
  });

  it("has a server that dies", async () => {
    const room = make({ seed: 3 });
    const log = [];
    const [ada, bob] = await enter(room, ["ada", "bob"], log);
    const before = [ada.localParticipant.id, ada.sessionId];
    const lost = codeOf(() => ada.messaging.broadcastMessage("hi", {}));
    room.restart(3000);
    await room.advance(20_000);

    assert.equal(await lost, "delivery-unknown");
    assert.deepEqual([ada.state, bob.state], ["open", "open"]);
    assert.equal(log.filter(([, , what]) => what === "discontinuity").length, 2);
    assert.notEqual(ada.localParticipant.id, before[0]);
    assert.notEqual(ada.sessionId, before[1]);
    const back = log.filter(([, , was, is]) => was === "reconnecting" && is === "open");
    assert.ok(back.every(([at]) => at > 3000));
    assert.equal(ada.messaging.getParticipantByName("bob")?.id, bob.localParticipant.id);
  });

  it("notices silence, as with a server", async () => {
    const room = make();
    const log = [];
    const [ada, bob] = await enter(room, ["ada", "bob"], log);
    const began = room.now;
    room.network(bob).silence();
    await room.run(ada.messaging.broadcastMessage("while it is silent", {}));
    await room.advance(60_000);

    const [lostAt] = log.find(([, name, , state]) => name === "bob" && state === "reconnecting");
    assert.ok(lostAt - began <= 25_000 && lostAt - began > 14_000, `after ${lostAt - began} ms`);
    assert.equal(bob.state, "open");
    assert.ok(log.some(([, name, type]) => name === "bob" && type === "while it is silent"));
    assert.ok(!log.some(([, , what]) => what === "discontinuity" || what === "removed"));
  });

  it("gives up who stays away for too long", async () => {
    const room = make();
    const log = [];
    const [ada, bob] = await enter(room, ["ada", "bob"], log);
    room.network(bob).offline(120_000);
    await room.advance(45_000);
    assert.deepEqual([ada.state, bob.state], ["open", "reconnecting"]);
    assert.equal(ada.messaging.remoteParticipants.length, 0);
    await room.advance(120_000);

    assert.equal(bob.state, "open");
    assert.ok(log.some(([, name, what]) => name === "bob" && what === "discontinuity"));
    assert.equal(ada.messaging.getParticipantByName("bob")?.id, bob.localParticipant.id);
  });

  it("connects again when the network is there", async () => {
    const room = make();
    const ada = room.client({ name: "ada", reconnect: () => 1000 });
    room.network(ada).offline();
    assert.equal(await codeOf(() => room.run(ada.connect())), "connection-refused");
    room.network(ada).online();
    await room.run(ada.connect());
    room.network(ada).offline();
    await room.advance(10_000);
    assert.equal(ada.state, "reconnecting");
    room.network(ada).online();
    await room.advance(1100);
    assert.equal(ada.state, "open");
  });

  it("has the client's own limits in its time", async () => {
    const room = make();
    const ada = room.client({ name: "ada", handshakeTimeoutMs: 5000 });
    const connecting = ada.connect();
    await room.advance(0);
    // Nothing answers, and nobody says so.
    room.network(ada).silence();
    assert.equal(await codeOf(() => room.run(connecting)), "timeout");
    assert.equal(room.now, 5001);
  });

  it("makes a writer wait for a reader that reads nothing", async () => {
    const room = make({ latencyMs: 5 });
    const [ada, bob] = await enter(room, ["ada", "bob"]);
    let reader;
    await bob.messaging.enable((offered) => {
      reader = offered;
    });
    const to = ada.messaging.getParticipantByName("bob");
    const writer = await room.run(ada.messaging.createStream(to, {}));
    let written = 0;
    const writing = (async () => {
      for (let n = 0; n < 200; n += 1) {
        await writer.write({ data: new Uint8Array(100_000) });
        written += 100_000;
      }
      await writer.close();
    })();
    await room.advance(60_000);
    assert.ok(written > 0 && written < 10_000_000, `${written} bytes were written`);

    let read = 0;
    const reading = (async () => {
      for await (const { data } of reader) {
        read += data.length;
      }
    })();
    await room.run(Promise.all([writing, reading]));
    assert.deepEqual([written, read], [20_000_000, 20_000_000]);
  });

  it("has slow connections, and readers that do not read for a while", async () => {
    const room = make({ latencyMs: 0 });
    const log = [];
    const [ada, bob] = await enter(room, ["ada", "bob"], log);
    room.network(bob).slow(100_000);
    let began = room.now;
    await room.run(ada.messaging.broadcastMessage("large", {}, new Uint8Array(1_000_000)));
    await room.run(new Promise((resolve) => bob.messaging.once("message", resolve)));
    const took = room.now - began;
    assert.ok(took > 9900 && took < 10_500, `it took ${took} ms`);

    room.network(bob).slow(Number.POSITIVE_INFINITY);
    room.network(bob).hold(3000);
    began = room.now;
    await room.run(ada.messaging.broadcastMessage("held", {}));
    assert.equal(room.now - began, 0);
    await room.advance(2999);
    assert.ok(!log.some(([, , type]) => type === "held"));
    await room.advance(1);
    assert.equal(log.at(-1)[2], "held");
  });

  it("leaves some time to what takes real time", async () => {
    const room = make();
    const [ada, bob] = await enter(room, ["ada", "bob"]);
    const arrived = new Promise((resolve, reject) => {
      bob.messaging
        .enable(async (reader) => {
          const unpacked = reader.bytes().pipeThrough(new DecompressionStream("gzip"));
          resolve((await new Response(unpacked).arrayBuffer()).byteLength);
        })
        .catch(reject);
    });
    await room.run(ada.messaging.broadcastMessage("x", {}, new Blob(["a blob"])));
    const to = ada.messaging.getParticipantByName("bob");
    const writer = await room.run(ada.messaging.createStream(to, {}));
    const file = new Blob([new Uint8Array(3_000_000)]);
    const packed = file.stream().pipeThrough(new CompressionStream("gzip"));
    await room.run(packed.pipeTo(writer.bytes()));
    assert.equal(await room.run(arrived), 3_000_000);
  });

  it("says when a promise cannot settle", async () => {
    const room = make();
    const never = new Promise(() => {});
    const nothing = await failure(() => room.run(never));
    assert.equal(nothing.code, "timeout");
    assert.match(nothing.message, /^nothing is left to happen.*it is 0 ms$/);

    await enter(room, ["ada"]);
    const late = await failure(() => room.run(never, { limitMs: 1000 }));
    assert.equal(late.code, "timeout");
    assert.match(late.message, /not settled within 1000 virtual milliseconds/);
    const longer = await failure(() => room.run(never));
    assert.match(longer.message, /within 600000 virtual/);
  });

  it("gives what the promise gives, also an error", async () => {
    const room = make();
    assert.equal(await room.run(Promise.resolve(7)), 7);
    const [ada] = await enter(room, ["ada"]);
    const mine = new Error("mine");
    await assert.rejects(room.run(Promise.reject(mine)), mine);
    const sent = () => room.run(ada.messaging.sendMessage("nobody", "x", {}));
    assert.equal(await codeOf(sent), "participant-not-found");
  });

  it("refuses what makes no sense", async () => {
    const room = make();
    const ada = room.client({ name: "ada" });
    const other = make().client({ name: "bob" });
    const network = room.network(ada);
    const acts = [
      () => new TestRoom(""),
      () => new TestRoom("x", { seed: 1.5 }),
      () => new TestRoom("x", { seed: "7" }),
      () => new TestRoom("x", { latencyMs: -1 }),
      () => new TestRoom("x", { latencyMs: [5] }),
      () => new TestRoom("x", { latencyMs: [50, 5] }),
      () => room.client({}),
      () => room.network(other),
      () => room.network(undefined),
      () => room.run(),
      () => room.run(() => {}),
      () => room.run(Promise.resolve(), { limitMs: "5" }),
      () => room.advance(-1),
      () => room.advance(),
      () => room.advance(Number.POSITIVE_INFINITY),
      () => room.restart(-1),
      () => network.slow(0),
      () => network.offline(-1),
    ];
    for (const act of acts) {
      assert.equal(await codeOf(act), "invalid-argument", String(act));
    }
    assert.equal(await codeOf(() => network.cut()), "not-connected");
    assert.equal(await codeOf(() => network.silence()), "not-connected");
    assert.equal(await codeOf(() => network.hold(1)), "not-connected");

    const first = room.advance(1000);
    assert.equal(await codeOf(() => room.run(Promise.resolve())), "invalid-argument");
    await first;
    assert.equal(room.now, 1000);
  });

  it("ends all clients with it, also those that wait for a connection", async () => {
    const room = make();
    const [ada, bob] = await enter(room, ["ada", "bob"]);
    room.network(bob).offline();
    await room.advance(1000);
    const waiting = codeOf(() => bob.messaging.broadcastMessage("x", {}));
    await room.close();
    await room.close();

    assert.deepEqual([ada.state, bob.state], ["closed", "closed"]);
    assert.match(await waiting, /closed|delivery-unknown/);
    assert.equal(await codeOf(() => room.client({ name: "late" })), "closed");
  });

  it("lets a client leave over a silent connection", async () => {
    const room = make();
    const [ada] = await enter(room, ["ada", "bob"]);
    room.network(ada).silence();
    const began = room.now;
    await room.run(ada.close());
    assert.equal(room.now - began, 2000);
  });
});

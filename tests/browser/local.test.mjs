// A room inside a page, without a server; and one that the tabs of a browser share.

import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";

import { openStage } from "./stage.mjs";

let stage;
let page;

before(async () => {
  stage = await openStage();
});

after(async () => {
  await stage?.close();
});

afterEach(() => {
  assert.deepEqual(stage.problems.splice(0), []);
});

describe("a room in a page", () => {
  /** A fresh page with `ada` and `bob` in a room. */
  beforeEach(async () => {
    page = await stage.blank();
    await page.evaluate(async () => {
      const { help } = globalThis;
      globalThis.local = await import("/pkg/local.js");
      globalThis.room = new globalThis.local.LocalRoom("lobby");
      for (const name of ["ada", "bob"]) {
        globalThis[name] = globalThis.room.client({ name });
        await globalThis[name].connect();
        await globalThis[name].messaging.enable();
      }
      globalThis.toBob = await help.meet(globalThis.ada, globalThis.bob.localParticipant.id);
    });
  });

  afterEach(() => page.context().close());

  it("has clients of the one class, who see each other", async () => {
    const seen = await page.evaluate(async () => {
      const { ada, bob, help, lib, room } = globalThis;
      const cleo = room.client({ name: "cleo", role: "agent", attributes: { mood: "\u{1f600}" } });
      await cleo.connect();
      await cleo.messaging.enable();
      const { name, role, attributes } = await help.meet(ada, cleo.localParticipant.id);
      return {
        isRoomClient: ada instanceof lib.RoomClient,
        states: [ada.state, bob.state],
        roomName: ada.roomName,
        roomUrl: ada.roomUrl,
        sameRun: ada.sessionId === bob.sessionId && ada.sessionId !== "",
        cleo: { name, role, mood: attributes.mood },
      };
    });

    assert.deepEqual(seen, {
      isRoomClient: true,
      states: ["open", "open"],
      roomName: "lobby",
      roomUrl: "ws://local.invalid/rooms/lobby",
      sameRun: true,
      cleo: { name: "cleo", role: "agent", mood: "\u{1f600}" },
    });
  });

  it("carries messages with attachments, to one and to all, in order", async () => {
    const heard = await page.evaluate(async () => {
      const { ada, bob, toBob, help } = globalThis;
      const bytes = help.pattern(3_000_000);
      const heard = [];
      const all = new Promise((resolve) => {
        bob.messaging.on("message", ({ message }) => {
          const { type, attachment } = message;
          heard.push([type, message.message, attachment?.length ?? null]);
          if (attachment) {
            globalThis.got = attachment;
          }
          if (heard.length === 3) {
            resolve();
          }
        });
      });
      await Promise.all([
        ada.messaging.sendMessage(toBob, "first", { n: 1 }, bytes),
        ada.messaging.broadcastMessage("second", { n: 2 }),
        ada.messaging.sendMessage(toBob, "third", { n: 3 }),
      ]);
      await all;
      const isSame = (await help.sha256(bytes)) === (await help.sha256(globalThis.got));
      return { heard, isSame };
    });

    assert.deepEqual(heard, {
      heard: [
        ["first", { n: 1 }, 3_000_000],
        ["second", { n: 2 }, null],
        ["third", { n: 3 }, null],
      ],
      isSame: true,
    });
  });

  it("carries streams, whose reader makes the writer wait", async () => {
    const seen = await page.evaluate(async () => {
      const { ada, bob, toBob, help } = globalThis;
      const [chunks, size] = [600, 100_000];
      const chunk = help.pattern(size);
      let written = 0;
      const source = new ReadableStream(
        {
          pull(controller) {
            if (written === chunks * size) {
              controller.close();
              return;
            }
            written += size;
            controller.enqueue(chunk);
          },
        },
        { highWaterMark: 0 },
      );
      await bob.messaging.disable();
      const offered = new Promise((resolve) => {
        void bob.messaging.enable((reader) => resolve(reader));
      });
      await help.meet(ada, toBob.id);
      const writer = await ada.messaging.createStream(toBob.id, { name: "film" });
      const piped = source.pipeTo(writer.bytes());
      const reader = await offered;
      // The writer is done as soon as it need not wait.
      let [before, still] = [-1, 0];
      while (still < 5) {
        still = written === before ? still + 1 : 0;
        before = written;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      const waited = written;
      let read = 0;
      for await (const { data } of reader) {
        read += data.length;
      }
      await piped;
      return { waited, written, read, all: chunks * size };
    });

    assert.ok(seen.waited > 0 && seen.waited < 20_000_000, `${seen.waited} bytes were written`);
    assert.equal(seen.written, seen.all);
    assert.equal(seen.read, seen.all);
  });

  it("carries duplex streams", async () => {
    const heard = await page.evaluate(async () => {
      const { ada, bob, toBob } = globalThis;
      bob.messaging.on("stream_requested", (event) => {
        const { readable, writable } = event.accept();
        void readable.pipeTo(writable);
      });
      const stream = await ada.messaging.stream({ to: toBob, type: "talk", message: {} });
      await stream.send("say", { n: 1 });
      const { value } = await stream.readable.getReader().read();
      await stream.close();
      return { type: value.type, message: value.message };
    });

    assert.deepEqual(heard, { type: "say", message: { n: 1 } });
  });

  it("tells who leaves", async () => {
    const seen = await page.evaluate(async () => {
      const { ada, bob, help } = globalThis;
      const removed = help.next(ada.messaging, "participant_removed");
      await bob.close();
      const { participant } = await removed;
      const gone = await help.failure(() => ada.messaging.sendMessage(participant, "x", {}));
      return { name: participant.name, state: bob.state, gone: gone.code };
    });

    assert.deepEqual(seen, { name: "bob", state: "closed", gone: "participant-not-found" });
  });

  it("ends all its members with it, and nobody comes back", async () => {
    const seen = await page.evaluate(async () => {
      const { ada, bob, help, room } = globalThis;
      const left = help.next(ada, "statechange");
      const late = room.client({ name: "late" });
      await room.close();
      const { reason } = await left;
      return {
        states: [ada.state, bob.state],
        reason: [reason.code, reason.message.includes("the room was closed")],
        again: (await help.failure(() => ada.connect())).code,
        late: await help.failure(() => late.connect()),
        later: (await help.failure(() => room.client({ name: "later" }))).code,
      };
    });

    assert.equal(seen.late.code, "closed");
    assert.equal(seen.late.hint, "Make a new LocalRoom.");
    delete seen.late;
    assert.deepEqual(seen, {
      states: ["closed", "closed"],
      reason: ["dismissed", true],
      again: "closed",
      later: "closed",
    });
  });

  it("refuses what is no name, no role and no attributes", async () => {
    const failures = await page.evaluate(async () => {
      const { help, room, local } = globalThis;
      const cycle = {};
      cycle.cycle = cycle;
      const acts = [
        () => new local.LocalRoom(""),
        () => new local.LocalRoom(),
        () => room.client(),
        () => room.client({ name: "" }),
        () => room.client({ name: " " }),
        () => room.client({ name: 7 }),
        () => room.client({ name: "x", role: "" }),
        () => room.client({ name: "x", attributes: [] }),
        () => room.client({ name: "x", attributes: cycle }),
        () => room.client({ name: "x", reconnect: 5 }),
      ];
      return Promise.all(acts.map(help.failure));
    });

    for (const failure of failures) {
      assert.equal(failure.code, "invalid-argument", JSON.stringify(failure));
      assert.equal(failure.isRoomError, true);
      assert.ok(failure.hint.length > 10);
    }
    assert.match(failures[3].message, /the name of a client must be a string .*""/);
  });

  it("says what it is when the WebAssembly cannot be loaded", async () => {
    const other = await stage.blank();
    await other.route("**/room_local_bg.wasm", (route) => route.fulfill({ status: 404 }));
    const seen = await other.evaluate(async () => {
      const { LocalRoom } = await import("/pkg/local.js");
      const client = new LocalRoom("lobby").client({ name: "ada" });
      return globalThis.help.failure(() => client.connect());
    });
    await other.context().close();

    assert.equal(seen.code, "wasm-unavailable");
    assert.match(seen.hint, /room_local_bg\.wasm.*initLocal/);
  });

  it("tells the sender when a message has arrived, and nobody of another room", async () => {
    const seen = await page.evaluate(async () => {
      const { ada, bob, local, toBob } = globalThis;
      const stranger = new local.LocalRoom("lobby").client({ name: "stranger" });
      await stranger.connect();
      await stranger.messaging.enable();
      let heard = 0;
      bob.messaging.on("message", () => {
        heard += 1;
      });
      for (let n = 0; n < 100; n += 1) {
        await ada.messaging.sendMessage(toBob, "count", { n });
      }
      const others = [...stranger.messaging.remoteParticipants].length;
      return { heard, others };
    });

    assert.deepEqual(seen, { heard: 100, others: 0 });
  });
});

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
      let reason;
      ada.addEventListener("statechange", (event) => {
        reason = event.reason;
      });
      const late = room.client({ name: "late" });
      await room.close();
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

describe("a room that tabs share", () => {
  let context;
  let tabs;

  beforeEach(() => {
    tabs = [];
  });

  afterEach(() => context.close());

  /** Opens tabs one after the other, each with a member of that name. */
  async function open(...names) {
    for (const name of names) {
      const tab = tabs.length === 0 ? await stage.blank() : await context.newPage();
      context = tab.context();
      if (tabs.length > 0) {
        tab.on("pageerror", (error) => stage.problems.push(error.message));
        await tab.goto(new URL("/healthz", stage.server.origin).href);
        await stage.prepare(tab);
      }
      tabs.push(tab);
      await tab.evaluate(enter, name);
    }
    return tabs;
  }

  it("has its members see and hear each other, wherever they are", async () => {
    const [first, second, third] = await open("ada", "bob", "cleo");
    const heard = await waiting(second, "nextMessage");
    const heardToo = await waiting(third, "nextMessage");
    await Promise.all(tabs.map((tab) => tab.evaluate(() => globalThis.meet(2))));

    await first.evaluate(() => {
      const bytes = globalThis.help.pattern(2_500_000);
      return globalThis.me.messaging.broadcastMessage("hi", { n: 1 }, bytes);
    });

    const digest = await first.evaluate(() =>
      globalThis.help.sha256(globalThis.help.pattern(2_500_000)),
    );
    const expected = { type: "hi", message: { n: 1 }, from: "ada", digest };
    assert.deepEqual(await heard(), expected);
    assert.deepEqual(await heardToo(), expected);

    // From one that is not the host to another.
    const answer = await waiting(third, "nextMessage");
    await second.evaluate(async () => {
      const cleo = globalThis.me.messaging.getParticipantByName("cleo");
      await globalThis.me.messaging.sendMessage(cleo, "psst", {});
    });
    assert.deepEqual(await answer(), { type: "psst", message: {}, from: "bob", digest: null });
  });

  it("makes the writer of a stream wait for a reader in another tab", async () => {
    const [first, second] = await open("ada", "bob");
    await Promise.all(tabs.map((tab) => tab.evaluate(() => globalThis.meet(1))));
    await first.evaluate(async () => {
      const { me } = globalThis;
      globalThis.offered = new Promise((resolve) => {
        void me.messaging.enable((reader) => resolve(reader));
      });
    });
    const [chunks, size] = [400, 100_000];
    const waited = await second.evaluate(
      async ({ chunks, size }) => {
        const ada = await globalThis.meet(1);
        const chunk = globalThis.help.pattern(size);
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
        const writer = await globalThis.me.messaging.createStream(ada, {});
        globalThis.piped = source.pipeTo(writer.bytes());
        let [before, still] = [-1, 0];
        while (still < 5) {
          still = written === before ? still + 1 : 0;
          before = written;
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
        return written;
      },
      { chunks, size },
    );
    const read = await first.evaluate(async () => {
      let bytes = 0;
      for await (const { data } of await globalThis.offered) {
        bytes += data.length;
      }
      return bytes;
    });
    await second.evaluate(() => globalThis.piped);

    assert.ok(waited > 0 && waited < 20_000_000, `${waited} bytes were written`);
    assert.equal(read, chunks * size);
  });

  it("notices a tab that is gone", async () => {
    const [first, second, third] = await open("ada", "bob", "cleo");
    await Promise.all(tabs.map((tab) => tab.evaluate(() => globalThis.meet(2))));
    const left = [await waiting(first, "nextGone"), await waiting(third, "nextGone")];

    await second.close();

    assert.deepEqual(await Promise.all(left.map((gone) => gone())), ["bob", "bob"]);
  });

  it("lets several members of a tab go at once, and an attempt that is on its way", async () => {
    const [first, second] = await open("ada", "bob");
    await second.evaluate(async () => {
      const { room } = globalThis;
      // Two members of one tab, which leave together.
      globalThis.more = [room.client({ name: "ben" }), room.client({ name: "bill" })];
      for (const client of globalThis.more) {
        await client.connect();
        await client.messaging.enable();
      }
    });
    await first.evaluate(() => globalThis.meet(3));

    await second.close();

    const left = await first.evaluate(async () => {
      const { help, me } = globalThis;
      while ([...me.messaging.remoteParticipants].length > 0) {
        await help.next(me.messaging, "participant_removed");
      }
      await globalThis.room.close();
      const other = new globalThis.local.LocalRoom("lobby", { across: "tabs" });
      const again = other.client({ name: "again" });
      const connected = again.connect();
      const failure = help.failure(() => connected);
      await other.close();
      return (await failure).code;
    });
    assert.match(left, /closed|connection-refused/);
  });

  it("goes on in another tab when the host is gone", async () => {
    const [first, second, third] = await open("ada", "bob", "cleo");
    await Promise.all(tabs.map((tab) => tab.evaluate(() => globalThis.meet(2))));
    const back = [
      await waiting(second, "nextDiscontinuity"),
      await waiting(third, "nextDiscontinuity"),
    ];

    await first.close();

    const codes = await Promise.all(back.map((code) => code()));
    assert.deepEqual(codes, ["connection-lost", "connection-lost"]);
    const names = [];
    for (const tab of [second, third]) {
      names.push(
        await tab.evaluate(async () => {
          await globalThis.gone("ada");
          return (await globalThis.meet(1)).name;
        }),
      );
    }
    assert.deepEqual(names, ["cleo", "bob"]);
    const heard = await waiting(second, "nextMessage");
    await third.evaluate(() => globalThis.me.messaging.broadcastMessage("again", {}));
    assert.equal((await heard()).type, "again");
  });

  it("ends for one tab, also if that is the host", async () => {
    const [first, second] = await open("ada", "bob");
    await Promise.all(tabs.map((tab) => tab.evaluate(() => globalThis.meet(1))));
    const back = await waiting(second, "nextDiscontinuity");

    const ended = await first.evaluate(async () => {
      const { help, me, room } = globalThis;
      const closed = help.next(me, "statechange");
      await room.close();
      const { reason } = await closed;
      return [me.state, reason.code];
    });

    assert.deepEqual(ended, ["closed", "dismissed"]);
    assert.equal(await back(), "connection-lost");
    const state = await second.evaluate(async () => {
      await globalThis.gone("ada");
      return globalThis.me.state;
    });
    assert.equal(state, "open");
  });

  it("keeps rooms of other names apart, and refuses what it does not know", async () => {
    const [first] = await open("ada");
    const seen = await first.evaluate(async () => {
      const { help, local } = globalThis;
      const room = new local.LocalRoom("another", { across: "tabs" });
      const stranger = room.client({ name: "stranger" });
      await stranger.connect();
      await stranger.messaging.enable();
      const others = [...stranger.messaging.remoteParticipants].length;
      await room.close();
      const failure = await help.failure(() => new local.LocalRoom("x", { across: "worlds" }));
      return { others, code: failure.code, message: failure.message };
    });

    assert.deepEqual(seen, {
      others: 0,
      code: "invalid-argument",
      message: 'across must be "tabs" or left out, but is "worlds"',
    });
  });
});

/**
 * Begins to wait in a tab, by what `enter` put there; the function that it gives resolves when that has come.
 * What is awaited may be caused from another tab, which does not wait for this one to listen.
 */
async function waiting(tab, wait) {
  await tab.evaluate((wait) => {
    globalThis.awaited = globalThis[wait]();
  }, wait);
  return () => tab.evaluate(() => globalThis.awaited);
}

/** In a tab: a member of the room that tabs share, and what to wait for. */
async function enter(name) {
  globalThis.local = await import("/pkg/local.js");
  const { help, local } = globalThis;
  globalThis.room = new local.LocalRoom("lobby", { across: "tabs" });
  const me = globalThis.room.client({ name, reconnect: () => 20 });
  globalThis.me = me;
  /** So many others; gives the first. */
  globalThis.meet = async (count) => {
    while ([...me.messaging.remoteParticipants].length < count) {
      await help.next(me.messaging, "participant_added");
    }
    return [...me.messaging.remoteParticipants][0];
  };
  /** Who is gone is told when messaging is enabled again, after a discontinuity. */
  globalThis.gone = async (name) => {
    while (me.messaging.getParticipantByName(name) !== undefined) {
      await help.next(me.messaging, "participant_removed");
    }
  };
  globalThis.nextMessage = async () => {
    const { message } = await help.next(me.messaging, "message");
    const { type, attachment } = message;
    const from = me.messaging.getParticipant(message.fromParticipantId)?.name;
    const digest = attachment ? await help.sha256(attachment) : null;
    return { type, message: message.message, from, digest };
  };
  globalThis.nextGone = async () =>
    (await help.next(me.messaging, "participant_removed")).participant.name;
  globalThis.nextDiscontinuity = async () => (await help.next(me, "discontinuity")).reason.code;
  await me.connect();
  await me.messaging.enable();
}

// The public API in a real browser, against the real server.

import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";

import { openStage } from "./stage.mjs";

let stage;
let page;
let rooms = 0;

before(async () => {
  stage = await openStage();
});

after(async () => {
  await stage?.close();
});

/** A fresh page with `ada` and `bob` in a room of their own. */
beforeEach(async () => {
  await page?.context().close();
  stage.problems.length = 0;
  rooms += 1;
  page = await stage.pair(`api-${rooms}`);
});

describe("the room", () => {
  it("tells who and where one is", async () => {
    const seen = await page.evaluate(() => {
      const { ada, bob } = globalThis;
      return {
        state: ada.state,
        roomName: ada.roomName,
        session: ada.sessionId === bob.sessionId && ada.sessionId.length > 0,
        name: ada.localParticipant.getAttribute("name"),
        others: [...ada.messaging.remoteParticipants].map(({ id, name, role }) => ({
          isBob: id === bob.localParticipant.id,
          name,
          role,
        })),
        byName: ada.messaging.getParticipantByName("bob")?.id === bob.localParticipant.id,
        nobody: ada.messaging.getParticipant("nobody"),
        isEnabled: ada.messaging.isEnabled,
      };
    });
    assert.deepEqual(seen, {
      state: "open",
      roomName: `api-${rooms}`,
      session: true,
      name: "ada",
      others: [{ isBob: true, name: "bob", role: "user" }],
      byName: true,
      nobody: undefined,
      isEnabled: true,
    });
  });

  it("is enabled in the round trip that connects, if both are asked for together", async () => {
    const seat = await stage.server.token(`api-${rooms}`, "cleo", "user");
    const seen = await page.evaluate(async (seat) => {
      const { ada, bob, help, lib } = globalThis;
      // Of cleo: the others have theirs already.
      const urls = [];
      let said = 0;
      globalThis.WebSocket = class extends WebSocket {
        constructor(url, protocols) {
          super(url, protocols);
          urls.push(url);
        }
        send(data) {
          said += 1;
          super.send(data);
        }
      };
      const cleo = new lib.RoomClient({ ...seat, reconnect: () => 5 });
      const events = [];
      cleo.on("statechange", ({ current }) => events.push(current));
      for (const type of ["participant_added", "messaging_enabled"]) {
        cleo.messaging.on(type, () => events.push(type));
      }
      const offered = new Promise((resolve) => {
        const accept = (reader) => resolve(reader.header);
        globalThis.entering = Promise.all([cleo.connect(), cleo.messaging.enable(accept)]);
      });
      await globalThis.entering;
      const saidBefore = said;
      const toCleo = await help.meet(ada, cleo.localParticipant.id);
      await ada.messaging.createStream(toCleo, { n: 7 });
      return {
        said: saidBefore,
        asked: urls.map((url) => new URL(url).searchParams.get("enable")),
        events,
        listed: cleo.messaging.remoteParticipants.map(({ name }) => name).sort(),
        streams: toCleo.getAttribute("streams"),
        ours: bob.localParticipant.getAttribute("streams"),
        header: await offered,
      };
    }, seat);
    assert.deepEqual(seen, {
      said: 0,
      asked: ["duplex,v1"],
      events: ["connecting", "open", "participant_added", "participant_added", "messaging_enabled"],
      listed: ["ada", "bob"],
      streams: ["duplex", "v1"],
      ours: ["duplex", "v1"],
      header: { n: 7 },
    });
  });

  it("fails to enable as it fails to connect, if both are asked for together", async () => {
    const { url } = await stage.server.token("api", "cleo", "user");
    const codes = await page.evaluate(async (url) => {
      const room = new globalThis.lib.RoomClient({ url, token: "no.such.token", reconnect: false });
      const asked = [room.connect(), room.messaging.enable()];
      const settled = await Promise.allSettled(asked);
      return settled.map(({ reason }) => reason?.code);
    }, url);
    assert.deepEqual(codes, ["connection-refused", "connection-refused"]);
  });

  it("announces attributes, disabling, enabling and leaving", async () => {
    const heard = await page.evaluate(async () => {
      const { ada, bob, help } = globalThis;
      const updated = help.next(ada.messaging, "participant_attributes_updated");
      await bob.localParticipant.setAttribute("mood", { good: true });
      const { participant } = await updated;

      const removed = help.next(ada.messaging, "participant_removed");
      await bob.messaging.disable();
      const gone = await removed;
      const without = [...ada.messaging.remoteParticipants].length;

      const added = help.next(ada.messaging, "participant_added");
      await bob.messaging.enable();
      const back = await added;
      const left = help.next(ada.messaging, "participant_removed");
      await bob.close();
      return {
        mood: participant.getAttribute("mood"),
        gone: gone.participant.name,
        without,
        back: back.participant.getAttribute("mood"),
        left: (await left).participant.name,
      };
    });
    assert.deepEqual(heard, {
      mood: { good: true },
      gone: "bob",
      without: 0,
      back: { good: true },
      left: "bob",
    });
  });

  it("ends when it is closed, and says so", async () => {
    const seen = await page.evaluate(async () => {
      const { ada, help } = globalThis;
      const states = [];
      ada.addEventListener("statechange", () => states.push(ada.state));
      await ada.close();
      return { states, later: await help.failure(() => ada.messaging.broadcastMessage("x", {})) };
    });
    assert.equal(seen.states.at(-1), "closed");
    assert.equal(seen.later.isRoomError, true);
    assert.equal(seen.later.code, "closed");
  });
});

describe("messages", () => {
  it("carry every kind of attachment, and none", async () => {
    const heard = await page.evaluate(async () => {
      const { ada, bob, toBob, help } = globalThis;
      const bytes = help.pattern(5000);
      const kinds = {
        none: undefined,
        bytes,
        buffer: bytes.slice().buffer,
        view: new DataView(bytes.buffer, 10, 100),
        blob: new Blob([bytes]),
        file: new File([bytes], "a.bin"),
      };
      const received = {};
      const all = new Promise((resolve) => {
        bob.messaging.on("message", ({ message }) => {
          const { attachment } = message;
          received[message.type] = attachment && [
            attachment.length,
            attachment[0],
            attachment.at(-1),
          ];
          if (Object.keys(received).length === Object.keys(kinds).length) {
            resolve();
          }
        });
      });
      for (const [kind, attachment] of Object.entries(kinds)) {
        await ada.messaging.sendMessage(toBob, kind, { kind }, attachment);
      }
      await all;
      return { ...received, none: received.none ?? null, order: Object.keys(received) };
    });
    const whole = [5000, 7, (4999 * 31 + 7) & 255];
    assert.deepEqual(heard, {
      none: null,
      bytes: whole,
      buffer: whole,
      view: [100, (10 * 31 + 7) & 255, (109 * 31 + 7) & 255],
      blob: whole,
      file: whole,
      order: ["none", "bytes", "buffer", "view", "blob", "file"],
    });
  });

  it("keep their order, even when a Blob has to be read first", async () => {
    const order = await page.evaluate(async () => {
      const { ada, bob, toBob, help } = globalThis;
      const types = [];
      const done = new Promise((resolve) => {
        bob.messaging.on("message", ({ message }) => {
          types.push(message.type);
          if (types.length === 4) {
            resolve();
          }
        });
      });
      await Promise.all([
        ada.messaging.sendMessage(toBob, "1", {}),
        ada.messaging.sendMessage(toBob, "2", {}, new Blob([help.pattern(3_000_000)])),
        ada.messaging.sendMessage(toBob.id, "3", {}),
        ada.messaging.broadcastMessage("4", {}),
      ]);
      await done;
      return types;
    });
    assert.deepEqual(order, ["1", "2", "3", "4"]);
  });

  it("go together if they are sent at once, and much leaves before the rest is sent", async () => {
    const { little, much, heard } = await page.evaluate(async () => {
      const { ada, bob, toBob } = globalThis;
      const heard = [];
      const all = new Promise((resolve) => {
        bob.messaging.on("message", ({ message }) => {
          heard.push(message.message.n);
          if (heard.length === 100 + 1000) {
            resolve();
          }
        });
      });
      const send = WebSocket.prototype.send;
      let frames = 0;
      WebSocket.prototype.send = function (data) {
        frames += 1;
        send.call(this, data);
      };
      /** How many WebSocket messages so many take while the page sends, and together. */
      const count = async (messages) => {
        frames = 0;
        const numbers = [...Array(messages).keys()];
        const sent = numbers.map((n) => ada.messaging.sendMessage(toBob, "count", { n }));
        const before = frames;
        await Promise.resolve();
        const together = frames;
        await Promise.all(sent);
        return { before, together };
      };
      try {
        const little = await count(100);
        const much = await count(1000);
        await all;
        return { little, much, heard };
      } finally {
        WebSocket.prototype.send = send;
      }
    });
    assert.deepEqual(little, { before: 0, together: 1 });
    assert.deepEqual(much, { before: 3, together: 4 });
    assert.deepEqual(heard, [...Array(100).keys(), ...Array(1000).keys()]);
  });

  it("take one object of named options", async () => {
    const heard = await page.evaluate(async () => {
      const { ada, bob, toBob, help } = globalThis;
      const first = help.next(bob.messaging, "message");
      await ada.messaging.sendMessage({
        to: toBob,
        type: "named",
        message: { text: "žluťoučký 🎉 \ud800" },
        attachment: new Uint8Array([1]),
      });
      const { message } = await first;
      const second = help.next(bob.messaging, "message");
      await ada.messaging.broadcastMessage({ type: "all", message: { n: 1 } });
      return {
        type: message.type,
        text: message.message.text,
        from: message.fromParticipantId === ada.localParticipant.id,
        attachment: [...message.attachment],
        all: (await second).message.type,
      };
    });
    assert.deepEqual(heard, {
      type: "named",
      text: "žluťoučký 🎉 \ud800",
      from: true,
      attachment: [1],
      all: "all",
    });
  });

  it("go to `on`, `once` and `addEventListener`, and no longer after `off`", async () => {
    const counts = await page.evaluate(async () => {
      const { ada, bob, toBob } = globalThis;
      const counts = { on: 0, once: 0, off: 0, object: 0 };
      const off = () => {
        counts.off += 1;
      };
      bob.messaging.on("message", () => {
        counts.on += 1;
      });
      bob.messaging.once("message", () => {
        counts.once += 1;
      });
      bob.messaging.on("message", off);
      bob.messaging.off("message", off);
      bob.messaging.addEventListener("message", {
        handleEvent() {
          counts.object += 1;
        },
      });
      const both = new Promise((resolve) => {
        bob.messaging.on("message", ({ message }) => message.type === "2" && resolve());
      });
      await ada.messaging.sendMessage(toBob, "1", {});
      await ada.messaging.sendMessage(toBob, "2", {});
      await both;
      return counts;
    });
    assert.deepEqual(counts, { on: 2, once: 1, off: 0, object: 2 });
  });

  it("survive listeners that throw and that call back", async () => {
    const answers = await page.evaluate(async () => {
      const { ada, bob, toBob } = globalThis;
      const errors = [];
      addEventListener("error", (event) => {
        errors.push(event.message);
        event.preventDefault();
      });
      bob.messaging.on("message", () => {
        throw new Error("a listener's own fault");
      });
      bob.messaging.on("message", ({ message }) => {
        void bob.messaging.sendMessage(message.fromParticipantId, `re: ${message.type}`, {});
      });
      const answers = [];
      const done = new Promise((resolve) => {
        ada.messaging.on("message", ({ message }) => {
          answers.push(message.type);
          if (answers.length === 20) {
            resolve();
          }
        });
      });
      for (let number = 0; number < 20; number += 1) {
        void ada.messaging.sendMessage(toBob, `${number}`, {});
      }
      await done;
      return { answers, errors: errors.length };
    });
    assert.deepEqual(
      answers.answers,
      Array.from({ length: 20 }, (_, number) => `re: ${number}`),
    );
    assert.equal(answers.errors, 20);
  });
});

describe("wrong arguments", () => {
  it("are refused at once with a code, and the session goes on", async () => {
    const failures = await page.evaluate(async () => {
      const { ada, bob, toBob, help } = globalThis;
      const cyclic = {};
      cyclic.self = cyclic;
      const { messaging } = ada;
      const acts = {
        cyclic: () => messaging.sendMessage(toBob, "x", cyclic),
        bigint: () => messaging.sendMessage(toBob, "x", { n: 1n }),
        function: () => messaging.sendMessage(toBob, "x", () => {}),
        text: () => messaging.sendMessage(toBob, "x", "text"),
        array: () => messaging.sendMessage(toBob, "x", []),
        nothing: () => messaging.sendMessage(toBob, "x"),
        noRecipient: () => messaging.sendMessage(undefined, "x", {}),
        emptyOptions: () => messaging.sendMessage({}),
        numberType: () => messaging.sendMessage(toBob, 5, {}),
        attachment: () => messaging.sendMessage(toBob, "x", {}, "text"),
        reserved: () => messaging.sendMessage(toBob, "participant.disabled", {}),
        header: () => messaging.createStream(toBob, cyclic),
        attribute: () => ada.localParticipant.setAttribute("x", 1n),
      };
      const failures = {};
      for (const [name, act] of Object.entries(acts)) {
        failures[name] = await help.failure(act);
      }
      const heard = help.next(bob.messaging, "message");
      await messaging.sendMessage(toBob, "still here", {});
      return { failures, heard: (await heard).message.type };
    });
    for (const [name, failure] of Object.entries(failures.failures)) {
      assert.equal(failure.code, "invalid-argument", `${name}: ${JSON.stringify(failure)}`);
      assert.equal(failure.isRoomError, true, name);
      assert.ok(failure.hint.length > 0 && failure.message.length > 0, name);
    }
    assert.equal(failures.heard, "still here");
  });

  it("about the connection are refused with codes of their own", async () => {
    const { url } = await stage.server.token("api-errors", "eve", "user");
    const failures = await page.evaluate(async (url) => {
      const { lib, help } = globalThis;
      const connect = (options) => () => new lib.RoomClient(options).connect();
      return {
        noUrl: await help.failure(connect({ token: "x" })),
        badUrl: await help.failure(connect({ url: "not a url", token: "x" })),
        scheme: await help.failure(connect({ url: "ftp://example.org/", token: "x" })),
        noToken: await help.failure(connect({ url })),
        throwing: await help.failure(
          connect({
            url,
            token: () => {
              throw new Error("no token today");
            },
          }),
        ),
        notText: await help.failure(connect({ url, token: async () => 5 })),
        refused: await help.failure(connect({ url, token: "not.a.token" })),
        nobody: await help.failure(connect({ url: "ws://127.0.0.1:9/rooms/x", token: "x" })),
        early: await help.failure(() =>
          new lib.RoomClient({ url, token: "x" }).messaging.broadcastMessage("x", {}),
        ),
      };
    }, url);
    const codes = Object.fromEntries(
      Object.entries(failures).map(([name, failure]) => [name, failure.code]),
    );
    assert.deepEqual(codes, {
      noUrl: "invalid-url",
      badUrl: "invalid-url",
      scheme: "invalid-url",
      noToken: "invalid-token",
      throwing: "invalid-token",
      notText: "invalid-token",
      refused: "connection-refused",
      nobody: "connection-refused",
      early: "not-connected",
    });
    assert.match(failures.refused.message, /token/);
  });

  it("that name somebody who is not here say so", async () => {
    const failure = await page.evaluate(() =>
      globalThis.help.failure(() => globalThis.ada.messaging.sendMessage("nobody", "x", {})),
    );
    assert.equal(failure.code, "participant-not-found");
    assert.equal(failure.retryable, true);
  });
});

describe("abort signals", () => {
  it("end every call", async () => {
    const codes = await page.evaluate(async () => {
      const { lib, ada, toBob, help } = globalThis;
      const signal = AbortSignal.abort();
      const later = () => {
        const stop = new AbortController();
        setTimeout(() => stop.abort(), 50);
        return stop.signal;
      };
      const { messaging } = ada;
      const url = location.origin;
      const failures = [
        await help.failure(() =>
          messaging.sendMessage({ to: toBob, type: "x", message: {}, signal }),
        ),
        await help.failure(() => messaging.broadcastMessage({ type: "x", message: {}, signal })),
        await help.failure(() => messaging.createStream({ to: toBob, header: {}, signal })),
        await help.failure(() => new lib.RoomClient({ url, token: "x" }).connect({ signal })),
        await help.failure(() =>
          new lib.RoomClient({ url, token: () => new Promise(() => {}) }).connect({
            signal: later(),
          }),
        ),
      ];
      return failures.map((failure) => failure.code);
    });
    assert.deepEqual(codes, ["aborted", "aborted", "aborted", "aborted", "aborted"]);
  });
});

describe("the end of the server", () => {
  it("is a lost connection that every waiting call hears of", async () => {
    const { startServer } = await import("../support/server.mjs");
    const server = await startServer();
    const seat = await server.token("ending", "eve", "user");
    await page.evaluate(async (seat) => {
      const client = new globalThis.lib.RoomClient({ ...seat, reconnect: false });
      globalThis.eve = client;
      await client.connect();
      await client.messaging.enable();
      globalThis.ended = globalThis.help.next(client, "statechange");
    }, seat);
    await server.stop();
    const seen = await page.evaluate(async () => {
      const { eve, ended, help } = globalThis;
      const event = await ended;
      return {
        state: eve.state,
        code: event.reason?.code,
        later: (await help.failure(() => eve.messaging.broadcastMessage("x", {}))).code,
      };
    });
    assert.deepEqual(seen, { state: "closed", code: "connection-lost", later: "connection-lost" });
  });
});

describe("nothing", () => {
  it("goes wrong unnoticed", () => {
    assert.deepEqual(stage.problems, []);
  });
});

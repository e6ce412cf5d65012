// The React hooks in a real browser, under StrictMode, against the real server.

import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";

import { bundleApp } from "./react/bundle.mjs";
import { openStage } from "./stage.mjs";

let stage;
let page;
let room;
let rooms = 0;

before(async () => {
  stage = await openStage({ server: { www: await bundleApp() } });
});

after(async () => {
  await stage?.close();
});

/** A fresh page of the application, which shows nobody yet. */
beforeEach(async () => {
  await page?.context().close();
  stage.problems.length = 0;
  rooms += 1;
  room = `react-${rooms}`;
  page = await stage.page("/");
  page.on("console", (message) => {
    if (message.type() === "error") {
      stage.problems.push(message.text());
    }
  });
  await page.waitForFunction(() => globalThis.app !== undefined);
});

/** Where a member joins. */
function seat(name, where = room) {
  return stage.server.token(where, name, "user");
}

/** Shows a member whose client the provider makes. */
async function showMember(name, where = room) {
  const options = await seat(name, where);
  await page.evaluate(
    ([who, what]) => globalThis.app.show(who, { options: what }),
    [name, options],
  );
}

/** Waits until the page says this of a member. */
async function says(name, text) {
  await page.locator(`#${name} output`, { hasText: text }).waitFor();
}

/** Ada and bob, who see each other. */
async function pair() {
  await showMember("ada");
  await showMember("bob");
  await says("ada", "open, 1 others");
  await says("bob", "open, 1 others");
}

/** The texts of a list. */
function texts(selector) {
  return page.locator(`${selector} li`).allTextContents();
}

describe("the provider", () => {
  it("makes one client and connects it once, though it is mounted twice", async () => {
    await pair();
    const counts = await page.evaluate(() => {
      const { clients, mounts, sockets } = globalThis.app;
      // Messaging is asked for with the connection.
      const early = sockets.filter(({ url }) => new URL(url).searchParams.has("enable"));
      return {
        clients: clients.size,
        mounts: mounts.length,
        sockets: sockets.length,
        early: early.length,
      };
    });
    assert.deepEqual(counts, { clients: 2, mounts: 4, sockets: 2, early: 2 });
    assert.deepEqual(await texts("#ada ul"), ["bob"]);
    assert.deepEqual(await texts("#bob ul"), ["ada"]);
    assert.deepEqual(stage.problems, []);
  });

  it("closes what it made when it is unmounted", async () => {
    await pair();
    const state = await page.evaluate(async () => {
      const { app } = globalThis;
      const { client } = app.seen.ada.room;
      app.unmount("ada");
      await Promise.resolve();
      return client.state;
    });
    assert.equal(state, "closed");
    await says("bob", "open, 0 others");
    await page.waitForFunction(() => globalThis.app.sockets[0].readyState === WebSocket.CLOSED);
    assert.deepEqual(stage.problems, []);
  });

  it("connects a client that is given, and leaves it open", async () => {
    const options = await seat("ada");
    await page.evaluate((what) => {
      const { app } = globalThis;
      globalThis.ada = new app.RoomClient(what);
      app.show("ada", { client: globalThis.ada });
    }, options);
    await page.waitForFunction(() => globalThis.ada.messaging.isEnabled);
    const states = await page.evaluate(async () => {
      const { app, ada } = globalThis;
      app.unmount("ada");
      await new Promise((resolve) => setTimeout(resolve));
      return [ada.state, ada.messaging.isEnabled];
    });
    assert.deepEqual(states, ["open", true]);

    // Whoever came meanwhile is there at once when it is shown again.
    await showMember("bob");
    await says("bob", "open, 1 others");
    await page.evaluate(() => globalThis.app.show("ada", { client: globalThis.ada }));
    await says("ada", "open, 1 others");
    assert.equal(await page.evaluate(() => globalThis.app.sockets.length), 2);
    assert.deepEqual(stage.problems, []);
  });

  it("moves to another room with another url", async () => {
    await pair();
    await page.evaluate(() => {
      globalThis.before = globalThis.app.seen.ada.room.client;
    });
    await showMember("ada", `${room}-next`);
    await says("ada", "open, 0 others");
    await says("bob", "open, 0 others");
    const seen = await page.evaluate(() => {
      const { client } = globalThis.app.seen.ada.room;
      return [globalThis.before.state, client.state, client.roomName];
    });
    assert.deepEqual(seen, ["closed", "open", `${room}-next`]);
    assert.deepEqual(stage.problems, []);
  });

  it("leaves when it is hidden, and comes back with another client", async () => {
    const options = await seat("ada");
    const show = (isHidden) =>
      page.evaluate((props) => globalThis.app.show("ada", props), { options, isHidden });
    await show(false);
    await showMember("bob");
    await says("bob", "open, 1 others");
    await show(true);
    await says("bob", "open, 0 others");
    await show(false);
    await says("bob", "open, 1 others");
    await says("ada", "open, 1 others");
    assert.equal(await page.evaluate(() => globalThis.app.sockets.length), 3);
    assert.deepEqual(stage.problems, []);
  });

  it("says why it cannot connect, and can be told to try again", async () => {
    const options = await seat("ada");
    const code = await page.evaluate(async (what) => {
      const { app } = globalThis;
      let isDown = true;
      const token = () => {
        if (isDown) {
          throw new Error("no token today");
        }
        return what.token;
      };
      app.show("ada", { options: { ...what, token } });
      while (app.seen.ada?.room.state !== "closed") {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      const { client, error } = app.seen.ada.room;
      isDown = false;
      void client.connect();
      return error.code;
    }, options);
    assert.equal(code, "invalid-token");
    await says("ada", "open, 0 others");
    const now = await page.evaluate(() => {
      return globalThis.app.seen.ada.room.error ?? null;
    });
    assert.equal(now, null);
    await page.waitForFunction(() => globalThis.app.seen.ada.room.client.messaging.isEnabled);
  });

  it("asks the token function of the last render", async () => {
    const options = await seat("ada");
    const asked = await page.evaluate(async (what) => {
      const { app } = globalThis;
      const names = [];
      const show = (name) => {
        const token = () => {
          names.push(name);
          return name === "first" ? Promise.reject(new Error("not yet")) : what.token;
        };
        app.show("ada", { options: { ...what, token } });
      };
      show("first");
      while (app.seen.ada?.room.state !== "closed") {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      const { renders } = app.seen.ada;
      show("second");
      while (app.seen.ada.renders === renders) {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      await app.seen.ada.room.client.connect();
      return names;
    }, options);
    assert.deepEqual(asked, ["first", "second"]);
  });

  it("takes over what a server has rendered", async () => {
    const options = await seat("ada");
    const { html, problems } = await page.evaluate((what) => {
      return globalThis.app.hydrate("ada", { options: what });
    }, options);
    assert.match(html, /idle, 0 others/);
    await says("ada", "open, 0 others");
    assert.deepEqual([problems, stage.problems], [[], []]);
  });
});

describe("messages", () => {
  it("appear, the last ones, of the type that was asked for", async () => {
    await pair();
    const sent = await page.evaluate(async () => {
      const { ada } = globalThis.app.seen;
      const results = [];
      for (const text of ["one", "two", "three", "four"]) {
        results.push(await ada.sending.broadcast("chat.message", { text }));
      }
      const [bob] = ada.participants;
      results.push(await ada.sending.send(bob, "cursor", { x: 1 }));
      return results;
    });
    assert.deepEqual(sent, [true, true, true, true, true]);
    await page.waitForFunction(() => globalThis.app.seen.bob.all.length === 5);
    assert.deepEqual(await texts("#bob ol"), ["two", "three", "four"]);
    const types = await page.evaluate(() => globalThis.app.seen.bob.all.map(({ type }) => type));
    assert.deepEqual(types, [...Array(4).fill("chat.message"), "cursor"]);
    assert.deepEqual(stage.problems, []);
  });

  it("that cannot be sent leave an error, until one can", async () => {
    await pair();
    const result = await page.evaluate(() => {
      return globalThis.app.seen.ada.sending.send("nobody", "chat.message", {});
    });
    assert.equal(result, false);
    await page.waitForFunction(() => globalThis.app.seen.ada.sending.error !== undefined);
    const { code, isSending } = await page.evaluate(() => {
      const { error, isSending } = globalThis.app.seen.ada.sending;
      return { code: error.code, isSending };
    });
    assert.deepEqual([code, isSending], ["participant-not-found", false]);
    await page.evaluate(() => globalThis.app.seen.ada.sending.broadcast("chat.message", {}));
    await page.waitForFunction(() => globalThis.app.seen.ada.sending.error === undefined);
  });
});

describe("participants", () => {
  it("change only when they do", async () => {
    await pair();
    await showMember("cleo");
    // All of them, so that nothing is drawn for her any more.
    for (const name of ["ada", "bob", "cleo"]) {
      await says(name, "open, 2 others");
    }
    const kept = await page.evaluate(async () => {
      const { app } = globalThis;
      const { participants } = app.seen.ada;
      globalThis.drawnBefore = { ...app.drawn };
      await app.seen.bob.sending.broadcast("chat.message", { text: "hello" });
      while (app.seen.ada.messages.length === 0) {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      const isSame = app.seen.ada.participants === participants;
      globalThis.participants = participants;
      await app.seen.bob.room.client.localParticipant.setAttribute("mood", "good");
      return isSame;
    });
    assert.equal(kept, true);
    await page.locator("#ada ul li", { hasText: "bob good" }).waitFor();
    await page.locator("#cleo ul li", { hasText: "bob good" }).waitFor();
    const changed = await page.evaluate(() => {
      const { app, participants, drawnBefore } = globalThis;
      const now = app.seen.ada.participants;
      const same = now.filter((one) => participants.includes(one)).map(({ name }) => name);
      const again = Object.keys(app.drawn).filter((name) => app.drawn[name] > drawnBefore[name]);
      return { isSame: now === participants, same, again };
    });
    assert.deepEqual(changed, { isSame: false, same: ["cleo"], again: ["bob"] });
  });
});

describe("streams", () => {
  it("come to the callback once, and are listed while they are open", async () => {
    await pair();
    const listed = await page.evaluate(async () => {
      const { app } = globalThis;
      const [bob] = app.seen.ada.participants;
      const writer = await app.seen.ada.streams.open(bob, { name: "a.bin" });
      await writer.write({ data: new Uint8Array(100_000) });
      while (app.seen.bob.streams.incoming.length === 0) {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      const { incoming } = app.seen.bob.streams;
      const { outgoing } = app.seen.ada.streams;
      await writer.close();
      return {
        incoming: incoming.map(({ header, from }) => [header.name, from.name]),
        outgoing: outgoing.map((one) => one === writer),
      };
    });
    assert.deepEqual(listed, { incoming: [["a.bin", "ada"]], outgoing: [true] });
    await page.waitForFunction(() => {
      const { ada, bob } = globalThis.app.seen;
      return (
        ada.streams.outgoing.length + bob.streams.incoming.length === 0 && bob.files.length > 0
      );
    });
    const files = await page.evaluate(() => globalThis.app.seen.bob.files);
    assert.deepEqual(files, [{ name: "a.bin", size: 100_000 }]);
    assert.deepEqual(stage.problems, []);
  });

  it("are shown as text while they come, and say how they end", async () => {
    await pair();
    const say = (end) =>
      page.evaluate(async (end) => {
        const { app } = globalThis;
        const [bob] = app.seen.ada.participants;
        const writer = await app.seen.ada.streams.open(bob, { kind: "text" });
        const shows = async (text, isDone) => {
          const { heard } = app.seen.bob;
          if (heard.text !== text || heard.isDone !== isDone) {
            await new Promise((resolve) => setTimeout(resolve, 5));
            await shows(text, isDone);
          }
        };
        // A letter of two bytes comes in two pieces.
        const bytes = new TextEncoder().encode("grüß");
        await writer.write({ data: bytes.subarray(0, 3) });
        await shows("gr", false);
        await writer.write({ data: bytes.subarray(3) });
        await shows("grüß", false);
        await writer[end]("no more");
        await shows("grüß", true);
        const { bytes: count, error } = app.seen.bob.heard;
        const { textContent } = document.querySelector("#bob p");
        return { count, code: error?.code, textContent };
      }, end);

    const whole = { count: 6, code: undefined, textContent: "grüß" };
    assert.deepEqual(await say("close"), whole);
    assert.deepEqual(await say("abort"), { ...whole, code: "stream-aborted" });
    assert.deepEqual(stage.problems, []);
  });

  it("that no component accepts are refused", async () => {
    await pair();
    const code = await page.evaluate(async () => {
      const { ada } = globalThis.app.seen;
      const [bob] = ada.participants;
      return ada.streams.open(bob, { name: "unwanted" }).catch((error) => error.code);
    });
    assert.equal(code, "stream-rejected");
  });
});

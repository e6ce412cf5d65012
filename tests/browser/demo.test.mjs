// The demo as people use it: two tabs of a browser, and what they see of each other.

import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { after, before, describe, it } from "node:test";

import { openStage, screenshotPath } from "./stage.mjs";

const ATTACHMENT_BYTES = 5_000_000;
const FILE_BYTES = 50_000_000;
const PATIENCE = { timeout: 60_000 };

let stage;
let folder;
let ada;
let bob;

before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "room-demo-"));
  stage = await openStage();
});

after(async () => {
  await stage?.close();
  await rm(folder, { recursive: true, force: true });
});

/** Opens the demo and joins through the form. */
async function join(name, { room = "lobby", role = "user" } = {}) {
  const address = role === "user" ? "/" : `/?role=${role}`;
  const page = await stage.page(address, { viewport: { width: 1280, height: 800 } });
  await page.getByTestId("join-name").fill(name);
  await page.getByTestId("join-room").fill(room);
  await page.getByTestId("join-submit").click();
  await page.locator('#connection[data-state="open"]').waitFor(PATIENCE);
  return page;
}

async function say(page, text) {
  await page.getByTestId("text").fill(text);
  await page.getByTestId("send").click();
}

function bubble(page, text) {
  return page.getByTestId("bubble").filter({ hasText: text });
}

async function turnTo(page, name) {
  await page.locator(`[data-testid="conversation-entry"][data-name="${name}"]`).click();
}

/** Writes a file that nobody can guess; gives its path and checksum. */
async function makeFile(name, size) {
  const bytes = randomBytes(size);
  const file = path.join(folder, name);
  await writeFile(file, bytes);
  return { path: file, sha256: createHash("sha256").update(bytes).digest("hex") };
}

describe("two tabs", () => {
  it("join a room by name and see each other", async () => {
    ada = await join("Ada");
    bob = await join("Bob");

    await ada.getByTestId("people").getByText("Bob").waitFor(PATIENCE);
    await bob.getByTestId("people").getByText("Ada").waitFor(PATIENCE);
    assert.equal(await ada.getByTestId("room-name").textContent(), "lobby");
  });

  it("exchange messages, to everybody and to one", async () => {
    await say(ada, "Hello, room!");
    await bubble(bob, "Hello, room!").waitFor(PATIENCE);
    await say(bob, "Hello, Ada — žluťoučký");
    await bubble(ada, "Hello, Ada — žluťoučký").waitFor(PATIENCE);

    const eve = await join("Eve");
    await turnTo(ada, "Bob");
    await say(ada, "Only for you.");
    await turnTo(bob, "Ada");
    await bubble(bob, "Only for you.").waitFor(PATIENCE);
    assert.equal(await bubble(eve, "Only for you.").count(), 0);
    await eve.getByTestId("leave").click();
    await ada
      .getByTestId("people")
      .getByText("Eve")
      .waitFor({ ...PATIENCE, state: "detached" });
    await turnTo(ada, "lobby");
    await turnTo(bob, "lobby");
  });

  it("exchange an attachment of 5 MB that stays what it was", async () => {
    const file = await makeFile("notes.bin", ATTACHMENT_BYTES);
    await ada.getByTestId("attach").setInputFiles(file.path);
    await say(ada, "Here are my notes");

    const received = bob.locator('[data-testid="attachment"][data-name="notes.bin"][data-sha256]');
    await received.waitFor(PATIENCE);
    assert.equal(await received.getAttribute("data-sha256"), file.sha256);
    assert.equal(await received.getAttribute("data-size"), String(ATTACHMENT_BYTES));
  });

  it("show text while it is typed", async () => {
    await ada.getByTestId("live").click();
    await ada.getByTestId("text").pressSequentially("This is being typed");
    const live = bob.getByTestId("live-text").filter({ hasText: "This is being typed" });
    await live.waitFor(PATIENCE);
    assert.equal(await live.getAttribute("data-state"), "typing");

    await ada.getByTestId("send").click();
    await bob.locator('[data-testid="live-text"][data-state="done"]').waitFor(PATIENCE);
    await ada.getByTestId("live").click();
  });

  it("stream a file of 50 MB that stays what it was, and see how fast it goes", async () => {
    const file = await makeFile("film.bin", FILE_BYTES);
    for (const page of [ada, bob]) {
      await page.evaluate(rememberWords, "film.bin");
    }
    await ada.getByTestId("stream-file").setInputFiles(file.path);
    await bob.getByTestId("accept").click(PATIENCE);

    await arrives(file, "film.bin");
    for (const page of [ada, bob]) {
      const words = await page.evaluate(() => globalThis.words);
      const running = words.filter((one) => /^\d+ % of 50 MB · [\d.]+ [KMG]B\/s$/.test(one));
      assert.notEqual(running.length, 0, words.join("\n"));
    }
  });

  it("see a file stand still while the line is cut, and go on", async () => {
    const file = await makeFile("tunnel.bin", FILE_BYTES);
    await ada.getByTestId("stream-file").setInputFiles(file.path);
    const running = '[data-name="tunnel.bin"][data-state="running"]';
    await ada.evaluate(clickWhenThere, { click: '[data-testid="cut"]', there: running });
    for (const page of [ada, bob]) {
      await page.evaluate(rememberWords, "tunnel.bin");
    }
    await bob.getByTestId("accept").click(PATIENCE);

    await arrives(file, "tunnel.bin");
    for (const page of [ada, bob]) {
      const { words, since } = await page.evaluate(() => {
        const { words, since } = globalThis;
        return { words, since };
      });
      // It may say so for a moment at the beginning too.
      const stood = words.filter((one, index) => {
        return /^\d+ % of 50 MB · waiting$/.test(one) && since[index + 1] - since[index] > 1000;
      });
      assert.notEqual(stood.length, 0, words.join("\n"));
    }
  });

  it("cancel a file that is offered, and one that is on its way, at either end", async () => {
    for (const { name, canceller, isRunning } of [
      { name: "withdrawn.bin", canceller: ada, isRunning: false },
      { name: "stopped.bin", canceller: ada, isRunning: true },
      { name: "cancelled.bin", canceller: bob, isRunning: true },
    ]) {
      const file = await makeFile(name, FILE_BYTES);
      const card = (page) => page.locator(`[data-testid="transfer"][data-name="${name}"]`);
      await ada.getByTestId("stream-file").setInputFiles(file.path);
      await card(bob).getByTestId("accept").waitFor(PATIENCE);
      if (isRunning) {
        const there = `[data-name="${name}"][data-state="running"] [data-testid="cancel"]`;
        await canceller.evaluate(clickWhenThere, { click: there, there });
        await card(bob).getByTestId("accept").click(PATIENCE);
      } else {
        await card(canceller).getByTestId("cancel").click(PATIENCE);
      }

      const who = canceller === ada ? "Ada" : "Bob";
      for (const page of [ada, bob]) {
        const words = page === canceller ? "You cancelled it." : `${who} cancelled`;
        await page
          .locator(`[data-testid="transfer"][data-name="${name}"][data-state="failed"]`)
          .getByText(words)
          .waitFor(PATIENCE);
      }
    }
  });
});

/** Waits until Bob has the file, whole, and Ada knows. */
async function arrives({ sha256 }, name) {
  const received = bob.locator(`[data-testid="transfer"][data-name="${name}"][data-sha256]`);
  await received.waitFor(PATIENCE);
  assert.equal(await received.getAttribute("data-state"), "done");
  assert.equal(await received.getAttribute("data-sha256"), sha256);
  await ada
    .locator(`[data-testid="transfer"][data-name="${name}"][data-state="done"]`)
    .waitFor(PATIENCE);
}

/**
 * Keeps all that the card of a file says from now on, in `words`, and since when, in `since`: it is gone
 * before a test can look.
 */
function rememberWords(name) {
  globalThis.watching?.disconnect();
  globalThis.words = [];
  globalThis.since = [];
  const selector = `[data-name="${name}"] [data-testid="transfer-status"]`;
  const observer = new MutationObserver(() => {
    const text = document.querySelector(selector)?.textContent;
    if (text !== undefined && text !== globalThis.words.at(-1)) {
      globalThis.words.push(text);
      globalThis.since.push(performance.now());
    }
  });
  observer.observe(document.body, { childList: true, subtree: true, characterData: true });
  globalThis.watching = observer;
}

/** Clicks as soon as something is there: between two steps of a test the whole file would be through. */
function clickWhenThere({ click, there }) {
  const observer = new MutationObserver(() => {
    if (document.querySelector(there)) {
      observer.disconnect();
      document.querySelector(click).click();
    }
  });
  observer.observe(document.body, { childList: true, subtree: true, attributes: true });
}

describe("the demo", () => {
  it("looks like this", async () => {
    const room = "harbour";
    const [grace, agent] = [
      await join("Grace", { room }),
      await join("Pilot", { room, role: "agent" }),
    ];
    const ada = await join("Ada", { room });
    await say(ada, "Morning! Are the tide tables for next week ready?");
    await bubble(grace, "Morning!").waitFor(PATIENCE);
    await say(grace, "Yes. I am sending them now, together with the soundings.");
    await bubble(ada, "I am sending them").waitFor(PATIENCE);
    const file = await makeFile("soundings.zip", 3_400_000);
    await grace.getByTestId("stream-file").setInputFiles(file.path);
    await ada.locator('[data-testid="transfer"][data-state="done"]').waitFor(PATIENCE);
    await say(ada, "Got them, checksum and all. Pilot, when can the Aurora leave?");
    await agent.getByTestId("live").click();
    const answer = "High water is at 14:20. With a draught of 4.2 m she can leave from 12:50, and";
    await agent.getByTestId("text").fill(answer);
    await ada.getByTestId("live-text").filter({ hasText: "from 12:50" }).waitFor(PATIENCE);

    await ada.screenshot({ path: screenshotPath("demo.png") });
    await ada.setViewportSize({ width: 390, height: 780 });
    await ada.screenshot({ path: screenshotPath("demo-narrow.png") });
    for (const page of [ada, grace, agent]) {
      const isAtEnd = await page
        .getByTestId("log")
        .locator("visible=true")
        .evaluate((log) => log.scrollHeight - log.scrollTop - log.clientHeight < 80);
      assert.ok(isAtEnd, "the newest message is in view");
    }
  });
});

describe("a person", () => {
  it("is told in words why joining failed", async () => {
    const page = await stage.page("/?room=lobby&name=Eve&token=nonsense");
    const problem = page.getByTestId("join-error");
    await problem.waitFor(PATIENCE);
    assert.match(await problem.textContent(), /token/);
  });

  it("comes back by itself when the server does, and is told that something may be missing", async () => {
    const { startServer } = await import("../support/server.mjs");
    const server = await startServer();
    const { port } = new URL(server.origin);
    const context = await stage.chromium.newContext();
    const page = await context.newPage();
    await page.goto(`${server.origin}/?room=lost&name=Eve`);
    await page.locator('#connection[data-state="open"]').waitFor(PATIENCE);

    await server.stop();
    await page.locator('#connection[data-state="reconnecting"]').waitFor(PATIENCE);
    const again = await startServer({ args: ["--listen", `127.0.0.1:${port}`] });
    try {
      await page.locator('#connection[data-state="open"]').waitFor(PATIENCE);
      await page.getByText("some messages may be missing").waitFor(PATIENCE);
    } finally {
      await again.stop();
    }
  });

  it("is told when there is no way back, and can try again", async () => {
    const { startServer } = await import("../support/server.mjs");
    const server = await startServer();
    const { port } = new URL(server.origin);
    const { token } = await server.token("lost", "Eve", "user");
    const context = await stage.chromium.newContext();
    const page = await context.newPage();
    await page.goto(`${server.origin}/?room=lost&name=Eve&token=${token}`);
    await page.locator('#connection[data-state="open"]').waitFor(PATIENCE);

    await server.stop();
    // It has another secret, so the token is of no use.
    const again = await startServer({ args: ["--listen", `127.0.0.1:${port}`] });
    try {
      await page.getByTestId("lost").waitFor(PATIENCE);
      await page.getByTestId("reconnect").click();
      await page.locator('[data-testid="reconnect"]:not([disabled])').waitFor(PATIENCE);
      assert.equal(await page.locator("#connection").getAttribute("data-state"), "closed");
    } finally {
      await again.stop();
    }
  });

  it("needs no server for a room that tabs share", async () => {
    const context = await stage.chromium.newContext();
    const connections = [];
    const pages = [];
    for (const name of ["Lou", "Max"]) {
      const page = await context.newPage();
      page.on("websocket", (socket) => connections.push(socket.url()));
      page.on("pageerror", (error) => stage.problems.push(error.message));
      await page.route("**/dev/token", (route) => route.fulfill({ status: 404 }));
      await page.goto(`${stage.server.origin}/?room=den&name=${name}&where=local`);
      await page.locator('#connection[data-state="open"]').waitFor(PATIENCE);
      pages.push(page);
    }
    const [lou, max] = pages;
    await say(max, "from tab to tab");
    await bubble(lou, "from tab to tab").waitFor(PATIENCE);
    // The tab that has the room goes; the other one takes over.
    await lou.close();
    await max.locator('#connection[data-state="open"]').waitFor(PATIENCE);
    assert.deepEqual(connections, []);
    await context.close();
  });

  it("can do everything from the keyboard", async () => {
    const page = await stage.page("/");
    await page.keyboard.type("Kay");
    await page.keyboard.press("Tab");
    await page.keyboard.type("keys");
    await page.keyboard.press("Enter");
    await page.locator('#connection[data-state="open"]').waitFor(PATIENCE);
    await page.keyboard.type("typed, not clicked");
    await page.keyboard.press("Enter");
    await bubble(page, "typed, not clicked").waitFor(PATIENCE);
  });
});

describe("the pages", () => {
  it("had no errors of their own", () => {
    assert.deepEqual(stage.problems, []);
  });
});

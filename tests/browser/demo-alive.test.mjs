// What makes the demo worth a visit alone: a guide that answers, pictures, and a line to cut.

import assert from "node:assert/strict";
import { after, before, it } from "node:test";

import { openStage, screenshotPath } from "./stage.mjs";

const PATIENCE = { timeout: 30_000 };

let stage;

before(async () => {
  stage = await openStage();
});

after(async () => {
  await stage?.close();
});

async function join(name, room, more = "") {
  const page = await stage.page(`/?room=${room}&name=${name}${more}`);
  await page.locator('#connection[data-state="open"]').waitFor(PATIENCE);
  return page;
}

async function say(page, text) {
  await page.getByTestId("text").fill(text);
  await page.getByTestId("send").click();
}

function spoken(page, text) {
  return page
    .locator('[data-testid="live-text"][data-from="Guide"][data-state="done"]')
    .filter({ hasText: text });
}

/** A picture that a browser can show. */
function drawing(page) {
  return page.evaluate(async () => {
    const canvas = new OffscreenCanvas(320, 180);
    const pen = canvas.getContext("2d");
    const sky = pen.createLinearGradient(0, 0, 0, 180);
    sky.addColorStop(0, "#274690");
    sky.addColorStop(1, "#f5a65b");
    pen.fillStyle = sky;
    pen.fillRect(0, 0, 320, 180);
    pen.fillStyle = "#1b264f";
    pen.fillRect(0, 130, 320, 50);
    const blob = await canvas.convertToBlob({ type: "image/png" });
    return [...new Uint8Array(await blob.arrayBuffer())];
  });
}

it("a visitor invites a guide that answers piece by piece, and sends it away", async () => {
  const page = await join("Ada", "alone");
  await page.getByTestId("guide").click();
  await spoken(page, "I am the guide").waitFor(PATIENCE);

  await say(page, "What can you do?");
  await spoken(page, "I know something about files").waitFor(PATIENCE);
  await say(page, "how does the connection survive?");
  await spoken(page, "Press the scissors").waitFor(PATIENCE);

  const second = await stage.page("/?room=alone&name=Bob");
  await second.locator('#connection[data-state="open"]').waitFor(PATIENCE);
  await second.getByTestId("people").getByText("Guide").waitFor(PATIENCE);
  assert.equal(await second.getByTestId("guide").isVisible(), false, "one guide is enough");

  await page.getByTestId("guide").click();
  await page.getByText("Guide left", { exact: true }).waitFor(PATIENCE);
  await second.getByTestId("guide").waitFor(PATIENCE);
});

it("who is alone is offered company, on a phone too", async () => {
  const page = await join("Ada", "company");
  await page.setViewportSize({ width: 360, height: 740 });
  await page.getByTestId("guide-here").click();
  await spoken(page, "I am the guide").waitFor(PATIENCE);
  assert.equal(await page.getByTestId("guide-here").isVisible(), false);
  await page.getByTestId("cut-here").click();
  await page.locator('#connection-short[data-state="reconnecting"]').waitFor(PATIENCE);
  await page.locator('#connection-short[data-state="open"]').waitFor(PATIENCE);

  const second = await join("Bob", "company");
  assert.equal(await second.getByTestId("guide-here").isVisible(), false);
  await second.getByTestId("leave").click();
  await page.context().close();
});

it("the guide takes a file, and says its checksum", async () => {
  const page = await join("Ada", "files");
  await page.getByTestId("guide").click();
  await spoken(page, "I am the guide").waitFor(PATIENCE);
  const file = { name: "tide.txt", mimeType: "text/plain", buffer: Buffer.from("high water") };
  await page.getByTestId("stream-file").setInputFiles(file);

  // printf 'high water' | sha256sum
  await spoken(page, "Received tide.txt: 10 bytes, SHA-256 ").waitFor(PATIENCE);
  const text = await spoken(page, "Received tide.txt").getByTestId("bubble").textContent();
  const digest = await page.evaluate(async () => {
    const bytes = new TextEncoder().encode("high water");
    const sum = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    return [...sum].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  });
  assert.ok(text.includes(digest.slice(0, 16)), text);
});

it("pictures are shown at both ends, beside a message and as a stream", async () => {
  const [ada, bob] = [await join("Ada", "pictures"), await join("Bob", "pictures")];
  await ada.getByTestId("people").getByText("Bob").waitFor(PATIENCE);
  const file = { name: "sea.png", mimeType: "image/png", buffer: Buffer.from(await drawing(ada)) };
  await ada.getByTestId("attach").setInputFiles(file);
  await say(ada, "the sea at dusk");
  await ada.getByTestId("stream-file").setInputFiles({ ...file, name: "streamed.png" });

  for (const page of [ada, bob]) {
    for (const name of ["sea.png", "streamed.png"]) {
      const picture = page.getByAltText(`Picture: ${name}`);
      await picture.waitFor(PATIENCE);
      await page.waitForFunction(
        (image) => image.naturalWidth === 320,
        await picture.elementHandle(),
      );
    }
  }
});

it("a line that is cut comes back, and nothing is lost meanwhile", async () => {
  const [ada, bob] = [await join("Ada", "cuts"), await join("Bob", "cuts")];
  await ada.getByTestId("people").getByText("Bob").waitFor(PATIENCE);

  await ada.getByTestId("cut").click();
  await ada.locator('#connection[data-state="reconnecting"]').waitFor(PATIENCE);
  await ada
    .getByTestId("connection")
    .filter({ hasText: /Trying again in \d s/ })
    .waitFor(PATIENCE);
  await say(ada, "written while cut off");
  await say(bob, "said to somebody who is cut off");

  await ada.getByText("Back again. Nothing was lost.").waitFor(PATIENCE);
  for (const [page, text] of [
    [ada, "said to somebody who is cut off"],
    [bob, "written while cut off"],
  ]) {
    const bubble = page.getByTestId("bubble").filter({ hasText: text });
    await bubble.waitFor(PATIENCE);
    assert.equal(await bubble.count(), 1);
  }
  assert.equal(await bob.getByText("Ada left").count(), 0);
  const sent = ada.locator('[data-testid="message"][data-state="sent"]');
  await sent.filter({ hasText: "written while cut off" }).waitFor(PATIENCE);
});

it("a room in the browser has a guide too, and no line", async () => {
  const page = await join("Lou", "den", "&where=local");
  assert.equal(await page.getByTestId("cut").isVisible(), false);
  await page.getByTestId("guide").click();
  await spoken(page, "I am the guide").waitFor(PATIENCE);
});

it("looks like this", async () => {
  for (const colorScheme of ["light", "dark"]) {
    const context = await stage.chromium.newContext({
      colorScheme,
      viewport: { width: 1280, height: 800 },
    });
    const page = await context.newPage();
    await page.goto(`${stage.server.origin}/?room=harbour&name=Ada`);
    await page.locator('#connection[data-state="open"]').waitFor(PATIENCE);
    await page.getByTestId("guide").click();
    await spoken(page, "I am the guide").waitFor(PATIENCE);
    await say(page, "Hello! What happens when my connection is lost?");
    await spoken(page, "Press the scissors").waitFor(PATIENCE);
    const buffer = Buffer.from(await drawing(page));
    await page
      .getByTestId("attach")
      .setInputFiles({ name: "sea.png", mimeType: "image/png", buffer });
    await say(page, "Look, the sea at dusk.");
    await spoken(page, "Received sea.png").waitFor(PATIENCE);
    await page.screenshot({ path: screenshotPath(`guide-${colorScheme}.png`) });
    const log = page.getByTestId("log").locator("visible=true");
    const left = await log.evaluate(
      (node) => node.scrollHeight - node.scrollTop - node.clientHeight,
    );
    assert.ok(left < 80, "the newest message is in view");
    await context.close();
  }
});

it("nothing went wrong unnoticed", () => {
  assert.deepEqual(stage.problems, []);
});

// The demo by the rules of WCAG 2.2, as far as a program can check them.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { after, before, it } from "node:test";

import { startServer } from "../support/server.mjs";
import { openStage } from "./stage.mjs";

const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const PATIENCE = { timeout: 30_000 };

let stage;
let axe;

before(async () => {
  stage = await openStage();
  axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
});

after(() => stage?.close());

/** What is against a rule, with the place. */
async function violations(page) {
  await page.evaluate(axe);
  return page.evaluate(async (values) => {
    const { violations } = await globalThis.axe.run({ runOnly: { type: "tag", values } });
    return violations.flatMap(({ id, nodes }) =>
      nodes.map((node) => `${id}: ${node.target.join(" ")} ${node.failureSummary}`),
    );
  }, TAGS);
}

const COLOR_SCHEMES = ["light", "dark"];
/** More than is taken without a question. */
const LARGE_FILE = {
  name: "large.bin",
  mimeType: "application/octet-stream",
  buffer: Buffer.alloc(9_000_000),
};

async function join(room, name) {
  const page = await stage.page(`/?room=${room}&name=${name}`);
  await page.locator('#connection[data-state="open"]').waitFor(PATIENCE);
  return page;
}

/** What is against a rule in one of the pages, in light or in dark colours. */
async function assertNoViolations(pages, what) {
  for (const page of pages) {
    for (const colorScheme of COLOR_SCHEMES) {
      await page.emulateMedia({ colorScheme });
      assert.deepEqual(await violations(page), [], `${what}, ${colorScheme}`);
    }
  }
}

it("files that are offered, received, declined and shown", async () => {
  const pages = [await join("files", "Ada"), await join("files", "Bob")];
  const [ada, bob] = pages;
  await ada.getByTestId("people").getByText("Bob").waitFor(PATIENCE);
  const offer = () => ada.getByTestId("stream-file").setInputFiles(LARGE_FILE);
  const answer = async (choice, state) => {
    await bob.getByTestId(choice).click(PATIENCE);
    for (const page of pages) {
      await page.locator(`[data-testid="transfer"][data-state="${state}"]`).waitFor(PATIENCE);
    }
  };
  await offer();
  await bob.getByTestId("accept").waitFor(PATIENCE);
  await assertNoViolations(pages, "a file is offered");
  await answer("accept", "done");
  await offer();
  await answer("decline", "failed");
  const image = await ada.screenshot();
  const picture = { name: "page.png", mimeType: "image/png", buffer: image };
  await ada.getByTestId("attach").setInputFiles(picture);
  await assertNoViolations([ada], "a file is attached");
  await ada.getByTestId("send").click();
  await bob.getByAltText("Picture: page.png").waitFor(PATIENCE);
  await assertNoViolations(pages, "files in a conversation");
});

it("a narrow window, the conversation and the list", async () => {
  const page = await join("narrow", "Ada");
  await assertNoViolations([page], "alone");
  const other = await join("narrow", "Bob");
  await other.getByTestId("text").fill("Can this be read on a phone?");
  await other.getByTestId("send").click();
  await page.getByTestId("bubble").waitFor(PATIENCE);
  await page.setViewportSize({ width: 360, height: 740 });
  await assertNoViolations([page], "the conversation");
  const overflow = await page.evaluate(() => document.body.scrollWidth - innerWidth);
  assert.equal(overflow, 0, "nothing sticks out");
  await page.getByTestId("show-people").click();
  await assertNoViolations([page], "the list");
});

it("what went wrong: no way in, and no way back", async () => {
  const refused = await stage.page("/?room=lobby&name=Eve&token=nonsense");
  await refused.getByTestId("join-error").waitFor(PATIENCE);
  await assertNoViolations([refused], "no way in");

  const server = await startServer();
  const { token } = await server.token("lost", "Eve", "user");
  const { origin } = server;
  const page = await stage.page(`${origin}/?room=lost&name=Eve&token=${token}`);
  await page.locator('#connection[data-state="open"]').waitFor(PATIENCE);
  await server.stop();
  // It has another secret, so the token is of no use.
  const again = await startServer({ args: ["--listen", new URL(origin).host] });
  try {
    await page.getByTestId("lost").waitFor(PATIENCE);
    await assertNoViolations([page], "no way back");
  } finally {
    await again.stop();
  }
});

for (const colorScheme of COLOR_SCHEMES) {
  it(`the form, ${colorScheme}`, async () => {
    const page = await stage.page("/?where=local", { colorScheme });
    await page.getByTestId("join-name").waitFor(PATIENCE);
    assert.deepEqual(await violations(page), []);
    await page.context().close();
  });

  it(`a conversation, ${colorScheme}`, async () => {
    const page = await stage.page(`/?room=${colorScheme}&name=Ada`, { colorScheme });
    const other = await stage.page(`/?room=${colorScheme}&name=Bob&role=agent`, { colorScheme });
    for (const one of [page, other]) {
      await one.locator('#connection[data-state="open"]').waitFor(PATIENCE);
    }
    for (const one of [other, page]) {
      await one.getByTestId("text").fill("Can everybody read this?");
      await one.getByTestId("send").click();
    }
    await page.getByTestId("bubble").nth(1).waitFor(PATIENCE);
    assert.deepEqual(await violations(page), []);
    await page.context().close();
    await other.context().close();
  });

  it(`a guide, and a line that is cut, ${colorScheme}`, async () => {
    const page = await stage.page(`/?room=cut-${colorScheme}&name=Ada`, { colorScheme });
    await page.locator('#connection[data-state="open"]').waitFor(PATIENCE);
    await page.getByTestId("guide").click();
    await page.locator('[data-testid="live-text"][data-state="done"]').waitFor(PATIENCE);
    await page.getByTestId("cut").click();
    await page.locator('#connection[data-state="reconnecting"]').waitFor(PATIENCE);
    assert.deepEqual(await violations(page), []);
    await page.context().close();
  });
}

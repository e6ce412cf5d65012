// The demo by the rules of WCAG 2.2, as far as a program can check them.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { after, before, it } from "node:test";

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

for (const colorScheme of ["light", "dark"]) {
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

// Rooms for tests in a browser: what a seed decides there, it decides in Node too.

import assert from "node:assert/strict";
import { after, before, it } from "node:test";

import { TestRoom } from "../../pkg/node-testing.js";
import { hour, watch } from "../support/hour.mjs";
import { openStage } from "./stage.mjs";

let stage;

before(async () => {
  stage = await openStage();
});

after(() => stage?.close());

it("an hour in Chromium is the same as in Node", async () => {
  const page = await stage.page("/healthz");
  for (const seed of [7, 8, 9]) {
    const log = await page.evaluate(`(async () => {
      const { TestRoom } = await import("/pkg/testing.js");
      ${watch}
      return JSON.stringify(await (${hour})(TestRoom, ${seed}));
    })()`);
    assert.equal(log, JSON.stringify(await hour(TestRoom, seed)), `seed ${seed}`);
  }
  assert.deepEqual(stage.problems, []);
});

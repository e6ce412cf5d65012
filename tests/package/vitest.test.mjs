// The example of docs/testing.md, as it stands there, in the hands of a stranger with Vitest.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { after, before, it } from "node:test";

import { examplesOf } from "../../scripts/lib/examples.mjs";
import { at } from "../../scripts/lib/paths.mjs";
import { consumers, makeStranger } from "./stranger.mjs";

const LIMIT_MS = 120_000;

/** Timers that stand still are no matter to the room. */
const FAKE = `
import { TestRoom } from "room-messaging/testing";
import { expect, test, vi } from "vitest";

test("fake timers", async () => {
  vi.useFakeTimers();
  const room = new TestRoom("lobby");
  const ada = room.client({ name: "ada" });
  await room.run(ada.connect());
  room.network(ada).cut();
  await room.advance(60_000);
  expect(ada.state).toBe("open");
  expect(vi.getTimerCount()).toBe(0);
  await room.close();
});
`;

let stranger;

before(async () => {
  stranger = await makeStranger({ tools: true });
  const examples = examplesOf(await readFile(at("docs", "testing.md"), "utf8"));
  for (const { file, text } of examples) {
    if (file !== undefined) {
      await stranger.write(file, text);
    }
  }
  await stranger.write("fake.test.ts", FAKE);
});

after(() => stranger?.remove());

for (const environment of ["node", "jsdom", "happy-dom"]) {
  it(`passes in Vitest, environment ${environment}`, { timeout: LIMIT_MS }, async () => {
    const vitest = path.join(consumers, "node_modules", "vitest", "vitest.mjs");
    const options = ["--environment", environment, "--reporter", "tap-flat"];
    const { stdout } = await stranger.node([vitest, "run", ...options]);

    const results = stdout.match(/^(not )?ok .*$/gm) ?? [];
    assert.equal(results.length, 5, stdout);
    assert.ok(results.every((line) => line.startsWith("ok ")));
  });
}

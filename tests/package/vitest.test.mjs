// The example of docs/testing.md, as it stands there, in the hands of a stranger with Vitest.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { after, before, it } from "node:test";

import { examplesOf } from "../../scripts/lib/examples.mjs";
import { at } from "../../scripts/lib/paths.mjs";
import { consumers, makeStranger } from "./stranger.mjs";

let stranger;

before(async () => {
  stranger = await makeStranger({ tools: true });
});

after(() => stranger?.remove());

it("passes in Vitest", { timeout: 120_000 }, async () => {
  const examples = examplesOf(await readFile(at("docs", "testing.md"), "utf8"));
  const files = examples.filter(({ file }) => file !== undefined);
  assert.deepEqual(
    files.map(({ file }) => file),
    ["chat.ts", "chat.test.ts"],
  );
  for (const { file, text } of files) {
    await stranger.write(file, text);
  }
  const vitest = path.join(consumers, "node_modules", "vitest", "vitest.mjs");
  const args = [vitest, "run", "--root", stranger.folder, "--reporter", "tap-flat"];
  const { stdout } = await stranger.node(args);

  const results = stdout.match(/^(not )?ok .*$/gm) ?? [];
  assert.equal(results.length, 4, stdout);
  assert.ok(results.every((line) => line.startsWith("ok ")));
});

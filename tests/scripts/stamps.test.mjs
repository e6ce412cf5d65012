// Skipping must never leave an old build behind.

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, it } from "node:test";

import { Stamps } from "../../scripts/lib/stamps.mjs";

let folder;
let stamps;
let source;
let made;
let runs;

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "stamps-"));
  stamps = new Stamps(path.join(folder, "stamps"));
  source = path.join(folder, "source");
  made = path.join(folder, "made");
  runs = 0;
  await writeFile(source, "one");
});

afterEach(() => rm(folder, { recursive: true }));

it("does nothing the second time", async () => {
  await build();
  await build();

  assert.equal(runs, 1);
});

it("starts again when an input changes", async () => {
  await build();
  await writeFile(source, "two");
  await build();

  assert.equal(runs, 2);
});

it("starts again when a word changes", async () => {
  await build({ words: ["0.1"] });
  await build({ words: ["0.2"] });

  assert.equal(runs, 2);
});

it("starts again when the result is gone", async () => {
  await build();
  await rm(made);
  await build();

  assert.equal(runs, 2);
});

it("starts again after a failure, though the old result is there", async () => {
  await build();
  await writeFile(source, "two");
  await assert.rejects(build({ fails: true }));
  await writeFile(source, "one");
  await build();

  assert.equal(runs, 3);
});

function build({ words = [], fails = false } = {}) {
  return stamps.once("build", { files: [source], words, makes: [made] }, async () => {
    runs += 1;
    if (fails) {
      throw new Error("on purpose");
    }
    await writeFile(made, "");
  });
}

// Both ways to start Chromium must start the same one.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { it } from "node:test";

import { CHROMIUM_FLAGS, ensureChromium } from "../../scripts/lib/chromium.mjs";
import { at } from "../../scripts/lib/paths.mjs";

it("gives chromedriver every flag that Playwright gets", async () => {
  const text = await readFile(at("webdriver.json"), "utf8");
  const { args } = JSON.parse(text)["goog:chromeOptions"];

  assert.deepEqual(
    CHROMIUM_FLAGS.filter((flag) => !args.includes(flag)),
    [],
  );
});

it("says which variable names a program that cannot be run", async (context) => {
  const before = process.env.CHROME;
  context.after(() => {
    process.env.CHROME = before ?? "";
  });
  process.env.CHROME = at("README.md");

  await assert.rejects(ensureChromium(), { name: "Failure", message: /CHROME names .*README\.md/ });
});

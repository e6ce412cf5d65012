// The headless Chromium of the tests.

import { chromium } from "playwright-core";

import { CHROMIUM_FLAGS, findChromium } from "../../scripts/lib/chromium.mjs";

/** Starts Chromium; `options` are Playwright's, and `args` are added to ours. */
export function launchChromium({ args = [], ...options } = {}) {
  const executablePath = process.env.CHROME ?? findChromium();
  if (executablePath === undefined) {
    throw new Error("no Chromium was found; set CHROME to the path of one");
  }
  return chromium.launch({
    executablePath,
    headless: true,
    args: [...CHROMIUM_FLAGS, ...args],
    ...options,
  });
}

// A hidden page, whose timers are late: the worker's clock has to do.

import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { startFaultProxy } from "../support/fault-proxy.mjs";
import { equip, joinThrough } from "./faults.mjs";
import { openStage } from "./stage.mjs";

let stage;
let proxy;

before(async () => {
  // The server says something every two seconds; after five the connection is lost.
  stage = await openStage({ server: { args: ["--idle-time", "4"] } });
  proxy = await startFaultProxy(stage.server.origin);
});

after(async () => {
  await proxy?.close();
  await stage?.close();
});

/** Hides a page; no timer that it sets from now on fires. */
function hide(page) {
  return page.evaluate(() => {
    for (const name of ["setTimeout", "setInterval"]) {
      globalThis[name] = () => 0;
    }
    Object.defineProperty(document, "visibilityState", { configurable: true, get: () => "hidden" });
    document.dispatchEvent(new Event("visibilitychange"));
  });
}

it("a dead connection of a hidden page is noticed although no timer of the page fires", async () => {
  const page = await stage.blank();
  await equip(page);
  await joinThrough(proxy, page, stage.server, "hidden", "ada");
  await hide(page);
  await page.evaluate(() => {
    globalThis.seen = globalThis.states(globalThis.ada);
  });
  // Whatever was set before the page was hidden has fired by then.
  await sleep(10_000);
  assert.deepEqual(await page.evaluate(() => globalThis.seen), []);
  proxy.stall();
  const began = performance.now();
  while (!(await page.evaluate(() => globalThis.seen.includes("reconnecting")))) {
    assert.ok(performance.now() - began < 30_000, "nobody noticed");
    await sleep(100);
  }
  console.log(`# noticed after ${Math.round(performance.now() - began)} ms`);
  await page.context().close();
});

it("nothing went wrong unnoticed", () => {
  assert.deepEqual(stage.problems, []);
});

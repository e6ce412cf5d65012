// A server that is killed and started again while many talk: everyone comes back without help, and
// the contract of docs/delivery.md holds for every message.

import assert from "node:assert/strict";
import { after, before, it } from "node:test";

import { startFaultProxy } from "../support/fault-proxy.mjs";
import { startServer } from "../support/server.mjs";
import { equip, joinThrough } from "./faults.mjs";
import { openStage } from "./stage.mjs";

const PAIRS = 20;
const KILLS = 3;
/** After a kill all begin anew at the same time, in one page. */
const PATIENCE = { timeout: 180_000 };
const env = { ROOM_SECRET: "a secret that outlives the server it is given to" };

let stage;
let server;
let proxy;

before(async () => {
  stage = await openStage();
  server = await startServer({ env });
  proxy = await startFaultProxy(server.origin);
});

after(async () => {
  await proxy?.close();
  await server?.stop();
  await stage?.close();
});

it(`${2 * PAIRS} members under load, ${KILLS} times SIGKILL and a new server`, async () => {
  const page = await stage.blank();
  await equip(page);
  for (let pair = 0; pair < PAIRS; pair += 1) {
    await joinThrough(proxy, page, server, `room-${pair % 4}`, `from-${pair}`);
    await joinThrough(proxy, page, server, `room-${pair % 4}`, `to-${pair}`);
  }
  await page.evaluate(talk, PAIRS);
  for (let kill = 0; kill < KILLS; kill += 1) {
    await everybodyHears(page, 200);
    process.kill(server.pid, "SIGKILL");
    await server.stop();
    server = await startServer({ env });
    proxy.retarget(server.origin);
  }
  await everybodyHears(page, 200);
  await page.evaluate(() => Promise.all(globalThis.pairs.map((pair) => pair.stop())));
  // What was answered last is on its way.
  const hasAll = () =>
    globalThis.pairs.every((pair) => pair.received.at(-1) === pair.lastResolved());
  await page.waitForFunction(hasAll, undefined, PATIENCE);

  const pairs = await page.evaluate(() => globalThis.pairs.map((pair) => pair.result()));
  for (const { silentGaps, disorder, codes, gaps, states } of pairs) {
    assert.deepEqual({ silentGaps, disorder }, { silentGaps: [], disorder: [] });
    assert.deepEqual(states, ["open", "open"]);
    assert.equal(gaps, KILLS);
    for (const code of codes) {
      assert.ok(
        ["delivery-unknown", "participant-not-found", "not-connected"].includes(code),
        code,
      );
    }
  }
  const sum = (of) => pairs.reduce((total, pair) => total + of(pair), 0);
  const [sent, received, rejected] = [
    sum((pair) => pair.sent),
    sum((pair) => pair.received),
    sum((pair) => pair.rejected),
  ];
  console.log(`# ${sent} messages sent, ${received} received, ${rejected} rejected`);
  assert.ok(rejected > 0, "nobody was interrupted");
  assert.deepEqual(stage.problems, []);
});

/** Waits until everybody has received so many more messages. */
async function everybodyHears(page, count) {
  await page.evaluate(() => {
    globalThis.before = globalThis.pairs.map((pair) => pair.received.length);
  });
  await page.waitForFunction(
    (count) =>
      globalThis.pairs.every((pair, at) => pair.received.length >= globalThis.before[at] + count),
    count,
    PATIENCE,
  );
}

/** Half of the members send to the other half without a pause, and note what becomes of it. */
function talk(count) {
  class Pair {
    /** Numbers, and `gap` where the receiver was told of one. */
    received = [];
    resolved = new Set();
    rejected = new Map();
    #next = 0;
    #isOver = false;

    constructor(number) {
      this.from = globalThis[`from-${number}`];
      this.to = globalThis[`to-${number}`];
      this.name = `to-${number}`;
      this.to.messaging.on("message", ({ message }) => {
        if (message.type === this.name) {
          this.received.push(message.message.n);
        }
      });
      this.to.on("discontinuity", () => this.received.push("gap"));
      this.running = this.#run();
    }

    async stop() {
      this.#isOver = true;
      await this.running;
    }

    async #run() {
      const open = new Set();
      while (!this.#isOver) {
        const peer = this.from.messaging.getParticipantByName(this.name);
        if (peer !== undefined) {
          const sending = this.#send(peer).finally(() => open.delete(sending));
          open.add(sending);
        }
        // Twenty are on their way at a time.
        if (open.size >= 20) {
          await Promise.race(open);
        }
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
      await Promise.all(open);
    }

    async #send(peer) {
      const n = this.#next;
      this.#next += 1;
      try {
        await this.from.messaging.sendMessage(peer, this.name, { n });
        this.resolved.add(n);
      } catch (error) {
        this.rejected.set(n, error.code);
      }
    }

    lastResolved() {
      return Math.max(...this.resolved);
    }

    result() {
      const disorder = [];
      const silentGaps = [];
      let last = -1;
      let isTold = false;
      for (const n of this.received) {
        if (n === "gap") {
          isTold = true;
          continue;
        }
        if (n <= last) {
          disorder.push([last, n]);
        }
        for (let missing = last + 1; missing < n && !isTold; missing += 1) {
          if (!this.rejected.has(missing)) {
            silentGaps.push(missing);
          }
        }
        last = n;
        isTold = false;
      }
      return {
        disorder,
        silentGaps,
        codes: [...new Set(this.rejected.values())],
        gaps: this.received.filter((n) => n === "gap").length,
        states: [this.from.state, this.to.state],
        sent: this.#next,
        received: this.received.length,
        rejected: this.rejected.size,
      };
    }
  }
  globalThis.pairs = Array.from({ length: count }, (_, number) => new Pair(number));
}

// A reader that stops: the writer waits, and nobody's memory grows.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, it } from "node:test";

import { exposeMemory } from "./memory.mjs";
import { openStage } from "./stage.mjs";

const TOTAL_BYTES = 200_000_000;
const CHUNK_BYTES = 250_000;
const STOP_MS = 5_000;
const SAMPLE_EVERY_MS = 250;
const LIMIT_BYTES = 32 * 1024 * 1024;

let stage;

before(async () => {
  stage = await openStage({ chromium: { args: ["--js-flags=--expose-gc"] } });
});

after(async () => {
  await stage?.close();
});

it("a reader that stops for 5 s makes the writer wait, and then everything arrives", async (t) => {
  const [ada, bob] = [await stage.blank(), await stage.blank()];
  await Promise.all([ada, bob].map(exposeMemory));
  await stage.join(ada, "pressure", "ada");
  await stage.join(bob, "pressure", "bob");
  await bob.evaluate(receiveLater);
  const to = await bob.evaluate(() => globalThis.bob.localParticipant.id);

  const meters = [await meter("writer", ada), await meter("reader", bob), serverMeter()];
  const start = await Promise.all(meters.map((one) => one.read()));
  await ada.evaluate(startSending, { to, total: TOTAL_BYTES, size: CHUNK_BYTES });

  const most = start.map(() => 0);
  const deadline = performance.now() + STOP_MS;
  while (performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, SAMPLE_EVERY_MS));
    const now = await Promise.all(meters.map((one) => one.read()));
    now.forEach((bytes, index) => {
      most[index] = Math.max(most[index], bytes - start[index]);
    });
  }
  const stopped = await ada.evaluate(() => ({ ...globalThis.progress }));
  meters.forEach(({ name }, index) => {
    t.diagnostic(`${name}: at most ${(most[index] / 1e6).toFixed(1)} MB more than at the start`);
  });
  t.diagnostic(`written while the reader stood still: ${(stopped.bytes / 1e6).toFixed(1)} MB`);

  assert.ok(stopped.leastDesiredSize <= 0, `desiredSize fell to ${stopped.leastDesiredSize}`);
  assert.ok(stopped.bytes > 0 && stopped.bytes < TOTAL_BYTES / 4, `${stopped.bytes} bytes written`);
  meters.forEach(({ name }, index) => {
    assert.ok(most[index] < LIMIT_BYTES, `${name} grew by ${most[index]} bytes`);
  });

  const arrived = await bob.evaluate(() => globalThis.readOn());
  const sent = await ada.evaluate(() => globalThis.sent);
  assert.deepEqual(arrived, sent);
  assert.equal(arrived.bytes, TOTAL_BYTES);
  assert.deepEqual(stage.problems, []);
});

/** In the reader's page: takes the stream, reads one chunk, and reads on when it is told to. */
async function receiveLater() {
  const { bob } = globalThis;
  const offered = new Promise((resolve) => {
    void bob.messaging.enable((reader) => resolve(reader));
  });
  globalThis.readOn = async () => {
    const reader = await offered;
    let [bytes, sum, expected] = [0, 0, 0];
    for await (const { header, data } of reader) {
      if (header.n !== expected) {
        throw new Error(`chunk ${header.n} came where ${expected} was due`);
      }
      expected += 1;
      bytes += data.length;
      const words = new Uint32Array(data.slice().buffer);
      for (const word of words) {
        sum = (Math.imul(sum, 31) + word) >>> 0;
      }
    }
    return { bytes, sum };
  };
}

/** In the writer's page: writes as fast as it may, and notes how full the stream was. */
async function startSending({ to, total, size }) {
  const { ada, help } = globalThis;
  await help.meet(ada, to);
  const stream = await ada.messaging.createStream(to, { total });
  const progress = { bytes: 0, leastDesiredSize: Number.POSITIVE_INFINITY };
  globalThis.progress = progress;
  const writer = stream.writable.getWriter();
  const chunk = new Uint32Array(size / 4).map((_, index) => Math.imul(index, 2654435761));

  globalThis.sent = (async () => {
    let sum = 0;
    for (let n = 0; progress.bytes < total; n += 1) {
      await writer.ready;
      chunk[0] = n;
      for (const word of chunk) {
        sum = (Math.imul(sum, 31) + word) >>> 0;
      }
      const written = writer.write({ header: { n }, data: new Uint8Array(chunk.buffer.slice(0)) });
      progress.leastDesiredSize = Math.min(progress.leastDesiredSize, writer.desiredSize);
      await written;
      progress.bytes += size;
    }
    await writer.close();
    return { bytes: progress.bytes, sum };
  })();
  globalThis.sent.catch(() => {});
}

/** Reads how much JavaScript, its buffers and the WebAssembly memory of a page take. */
async function meter(name, page) {
  const session = await page.context().newCDPSession(page);
  await session.send("HeapProfiler.enable");
  return {
    name,
    async read() {
      await session.send("HeapProfiler.collectGarbage");
      const { usedSize, backingStorageSize } = await session.send("Runtime.getHeapUsage");
      const wasm = await page.evaluate(() => globalThis.memory.buffer.byteLength);
      return usedSize + (backingStorageSize ?? 0) + wasm;
    },
  };
}

function serverMeter() {
  return {
    name: "server",
    read() {
      const status = readFileSync(`/proc/${stage.server.pid}/status`, "utf8");
      return Number(/VmRSS:\s+(\d+)/.exec(status)[1]) * 1024;
    },
  };
}

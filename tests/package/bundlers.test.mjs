// The package in the hands of bundlers: as a stranger uses them, with no settings but the least.

import assert from "node:assert/strict";
import { createServer as createTcpServer } from "node:net";
import path from "node:path";
import { after, before, describe, it } from "node:test";

import { start } from "../../scripts/lib/run.mjs";
import { exchangeScript } from "./exchange.mjs";
import { consumers, makeStranger, openHouse, tool } from "./stranger.mjs";

const HEAD = '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">';
const START_LIMIT_MS = 60_000;

describe("bundlers", () => {
  let stranger;
  let house;

  before(async () => {
    stranger = await makeStranger({ tools: true });
    house = await openHouse({ www: stranger.folder });
    for (const [folder, name] of [
      ["main", "room-messaging"],
      ["inline", "room-messaging/inline"],
    ]) {
      await stranger.write(`${folder}/exchange.js`, exchangeScript(name));
      const show = 'import { exchange } from "./exchange.js"; globalThis.exchange = exchange;';
      await stranger.write(`${folder}/app.js`, show);
      await stranger.write(
        `${folder}/index.html`,
        `${HEAD}<script type="module" src="./app.js"></script>`,
      );
    }
  });

  after(async () => {
    await house?.close();
    await stranger?.remove();
  });

  /** A page for what a bundler wrote. */
  async function page(folder, script) {
    await stranger.write(
      `${folder}/index.html`,
      `${HEAD}<script type="module" src="${script}"></script>`,
    );
    return `/${folder}/index.html`;
  }

  it("Vite, build", async () => {
    const { build } = await tool("vite");
    const outDir = path.join(stranger.folder, "out-vite");
    const root = path.join(stranger.folder, "main");
    await build({ root, base: "./", logLevel: "warn", configFile: false, build: { outDir } });
    await house.exchangeAt("/out-vite/index.html", "vite");
  });

  it("Vite and webpack, a room in the page", async () => {
    await stranger.write(
      "local/app.js",
      `import { LocalRoom } from "room-messaging/local";
      globalThis.exchange = async () => {
        const room = new LocalRoom("lobby");
        const [ada, bob] = ["ada", "bob"].map((name) => room.client({ name }));
        for (const client of [ada, bob]) {
          await client.connect();
          await client.messaging.enable();
        }
        const heard = new Promise((resolve) => bob.messaging.once("message", resolve));
        await ada.messaging.broadcastMessage("greeting", { text: "hello" });
        const { message } = await heard;
        await room.close();
        return message.message;
      };`,
    );
    const script = '<script type="module" src="./app.js"></script>';
    await stranger.write("local/index.html", HEAD + script);
    const root = path.join(stranger.folder, "local");
    const { build } = await tool("vite");
    const outDir = path.join(root, "out-vite");
    await build({ root, base: "./", logLevel: "warn", configFile: false, build: { outDir } });
    await bundleWithWebpack(path.join(root, "app.js"), path.join(root, "out-webpack"));
    await page("local/out-webpack", "app.js");
    for (const folder of ["out-vite", "out-webpack"]) {
      const given = await house.visit(`/local/${folder}/index.html`, []);
      assert.deepEqual(given, { text: "hello" });
    }
  });

  it("Vite, development server", async () => {
    const { createServer } = await tool("vite");
    const root = path.join(stranger.folder, "main");
    const options = { root, logLevel: "warn", configFile: false, server: { port: 0 } };
    const vite = await createServer(options);
    try {
      await vite.listen();
      await house.exchangeAt(vite.resolvedUrls.local[0], "vite-dev");
    } finally {
      await vite.close();
    }
  });

  it("Vite 7, development server: without the setting it is named, with it all works", async () => {
    const { createServer } = await tool("vite-7");
    const root = path.join(stranger.folder, "main");
    for (const exclude of [[], ["room-messaging"]]) {
      const cacheDir = path.join(stranger.folder, `vite-7-${exclude.length}`);
      const options = { root, cacheDir, optimizeDeps: { exclude }, server: { port: 0 } };
      const vite = await createServer({ ...options, logLevel: "silent", configFile: false });
      try {
        await vite.listen();
        const [address] = vite.resolvedUrls.local;
        if (exclude.length > 0) {
          await house.exchangeAt(address, "vite-7");
        } else {
          const { code, message } = await house.failureAt(address, "vite-7");
          assert.equal(code, "wasm-unavailable");
          assert.ok(message.includes('optimizeDeps: { exclude: ["room-messaging"] }'), message);
        }
      } finally {
        await vite.close();
      }
    }
  });

  it("webpack", async () => {
    const entry = path.join(stranger.folder, "main", "app.js");
    await bundleWithWebpack(entry, path.join(stranger.folder, "out-webpack"));
    await house.exchangeAt(await page("out-webpack", "app.js"), "webpack");
  });

  it("Rollup, with the WebAssembly inside", async () => {
    const [{ rollup }, { nodeResolve }] = [
      await tool("rollup"),
      await tool("@rollup/plugin-node-resolve"),
    ];
    const input = path.join(stranger.folder, "inline", "app.js");
    const plugins = [nodeResolve({ browser: true })];
    const bundle = await rollup({ input, plugins });
    await bundle.write({ dir: path.join(stranger.folder, "out-rollup"), format: "es" });
    await house.exchangeAt(await page("out-rollup", "app.js"), "rollup");
  });

  for (const format of ["esm", "iife"]) {
    it(`esbuild, with the WebAssembly inside, ${format}`, async () => {
      const { build } = await import("esbuild");
      const entryPoints = [path.join(stranger.folder, "inline", "app.js")];
      const outfile = path.join(stranger.folder, `out-${format}`, "app.js");
      await build({
        entryPoints,
        outfile,
        bundle: true,
        format,
        minify: true,
        logLevel: "warning",
      });
      await house.exchangeAt(await page(`out-${format}`, "app.js"), "esbuild");
    });
  }

  it("esbuild, with the WebAssembly as a file", async () => {
    const { build } = await import("esbuild");
    await stranger.write(
      "file/app.js",
      `import { setWasmSource } from "room-messaging";
      import wasm from "room-messaging/wasm";
      import { exchange } from "../main/exchange.js";
      setWasmSource(() => new URL(wasm, import.meta.url));
      globalThis.exchange = exchange;`,
    );
    const entryPoints = [path.join(stranger.folder, "file", "app.js")];
    const outdir = path.join(stranger.folder, "out-file");
    const loader = { ".wasm": "file" };
    await build({ entryPoints, outdir, loader, bundle: true, format: "esm", logLevel: "warning" });
    await house.exchangeAt(await page("out-file", "app.js"), "esbuild-file");
  });

  it("Next.js, client components with the hooks", async () => {
    await stranger.write("app/exchange.js", exchangeScript("room-messaging"));
    await stranger.write(
      "app/layout.js",
      "export default function Layout({ children }) { return <html><body>{children}</body></html>; }",
    );
    await stranger.write(
      "app/page.js",
      `"use client";
      import { useEffect } from "react";
      import { RoomProvider, useRoom } from "room-messaging/react";
      import { exchange } from "./exchange.js";
      const options = { url: "ws://127.0.0.1:9/rooms/none", token: () => new Promise(() => {}) };
      function State() {
        const { state } = useRoom();
        return <p>{state}</p>;
      }
      export default function Page() {
        useEffect(() => { globalThis.exchange = exchange; }, []);
        return <RoomProvider options={options}><State /></RoomProvider>;
      }`,
    );
    const next = path.join(consumers, "node_modules", "next", "dist", "bin", "next");
    const env = { ...process.env, NEXT_TELEMETRY_DISABLED: "1" };
    await stranger.node([next, "build"], { env });
    const port = await freePort();
    const args = [next, "start", "--port", String(port), "--hostname", "127.0.0.1"];
    const child = start(process.execPath, args, { cwd: stranger.folder, env, stdio: "ignore" });
    try {
      const origin = `http://127.0.0.1:${port}`;
      await answers(origin);
      await house.exchangeAt(origin, "next");
    } finally {
      child.kill();
    }
  });
});

async function bundleWithWebpack(entry, folder) {
  const { default: webpack } = await tool("webpack");
  const output = { path: folder, filename: "app.js" };
  const compiler = webpack({ mode: "production", entry, output, context: path.dirname(entry) });
  const stats = await new Promise((resolve, reject) => {
    compiler.run((error, stats) => (error ? reject(error) : resolve(stats)));
  });
  assert.equal(stats.hasErrors(), false, stats.toString());
}

async function freePort() {
  const server = createTcpServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Waits until a server answers. */
async function answers(origin) {
  const end = Date.now() + START_LIMIT_MS;
  while (Date.now() < end) {
    const response = await fetch(origin).catch(() => undefined);
    if (response?.ok) {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  assert.fail(`nothing answers at ${origin}`);
}

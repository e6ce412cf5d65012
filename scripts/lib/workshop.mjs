// What the steps of `npm test` need, each made at the first request and then shared.

import { pythonPeers } from "../python-peers.mjs";
import { ensureBindgen } from "./bindgen.mjs";
import { ensureChromedriver, ensureChromium } from "./chromium.mjs";
import { note } from "./log.mjs";
import { ensureNats } from "./nats.mjs";
import { buildPackage } from "./package-build.mjs";
import { at, loadBinary, nativePeer, roomBinary, wasmTarget } from "./paths.mjs";
import { ensureNodeModules } from "./prerequisites.mjs";
import {
  buildBench,
  buildDemoServer,
  buildLoad,
  buildNativePeer,
  buildServer,
} from "./server-build.mjs";
import { ensureWasm } from "./wasm-target.mjs";

export class Workshop {
  #made = new Map();

  /** The environment of cargo for the browser's target. */
  wasmEnv() {
    return this.#once("wasm", async () => ({
      ...(await ensureWasm()),
      CARGO_TARGET_DIR: wasmTarget,
    }));
  }

  bindgen() {
    return this.#once("bindgen", ensureBindgen);
  }

  chromium() {
    return this.#once("chromium", ensureChromium);
  }

  chromedriver() {
    return this.#once("chromedriver", ensureChromedriver);
  }

  /** The path of a nats-server, or undefined if there is none to be had. */
  nats() {
    return this.#once("nats", ensureNats);
  }

  /** The built package in pkg/. */
  builtPackage() {
    return this.#once("package", async () => {
      const wasmEnv = await this.wasmEnv();
      const { wasmBindgen } = await this.bindgen();
      await buildPackage({ wasmEnv, wasmBindgen });
    });
  }

  /** The path of the server's binary. */
  server() {
    return this.#once("server", async () => {
      await buildServer();
      return roomBinary;
    });
  }

  /** The path of the binary with the demo in it, which on Linux needs nothing else. */
  demoServer() {
    return this.#once("demo server", async () => {
      await this.builtPackage();
      return buildDemoServer({ isStatic: process.platform === "linux" });
    });
  }

  /** The paths of the server's binary and of that which puts load on it. */
  load() {
    return this.#once("load", async () => {
      const server = await this.server();
      await buildLoad();
      return { server, load: loadBinary };
    });
  }

  /** The environment of tests that use the package, the server and a browser. */
  async testEnv() {
    await this.builtPackage();
    const ROOM_BIN = await this.server();
    const CHROME = await this.chromium();
    return { ...process.env, CHROME, ROOM_BIN };
  }

  /** The environment of the benchmark, whose peers are installed. */
  async benchEnv() {
    await this.builtPackage();
    const CHROME = await this.chromium();
    await buildBench();
    await ensureNodeModules(at("bench"));
    return { ...process.env, CHROME };
  }

  /**
   * The peers of the interoperability tests, as variables: our native client, and the interpreters
   * of the official ones; their npm packages are installed.
   */
  peers() {
    return this.#once("peers", async () => {
      await buildNativePeer();
      await ensureNodeModules(at("tests", "interop"));
      return { NATIVE_PEER: nativePeer, ...(await pythonPeers(note)) };
    });
  }

  /** A failure is kept too: every step that needs the thing fails with it. */
  #once(name, make) {
    if (!this.#made.has(name)) {
      this.#made.set(name, make());
    }
    return this.#made.get(name);
  }
}

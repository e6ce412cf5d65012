// Chromium over its own protocol, and nothing more of it than pages and processor times: the tools
// that tests use switch on what copies every WebSocket message to them.

import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";

import WebSocket from "ws";

import { CHROMIUM_FLAGS, findChromium } from "../../scripts/lib/chromium.mjs";

const START_LIMIT_MS = 30_000;
/** The slowest client takes half a minute for its part of a round. */
const ANSWER_LIMIT_MS = 120_000;

/** At rest it does less than so much in a step. */
const QUIET_SECONDS = 0.01;
const QUIET_STEP_MS = 250;
const QUIET_TRIES = 80;

/** Starts a headless Chromium. */
export async function openBrowser() {
  const folder = await mkdtemp(path.join(os.tmpdir(), "room-bench-"));
  const more = ["--headless=new", "--remote-debugging-port=0", `--user-data-dir=${folder}`];
  // Pages that are measured are in front, as they would be for their users.
  const awake = ["--disable-backgrounding-occluded-windows", "--disable-renderer-backgrounding"];
  const args = [...CHROMIUM_FLAGS, ...more, ...awake, "about:blank"];
  const child = spawn(process.env.CHROME ?? findChromium(), args, {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const socket = new WebSocket(await address(child), { maxPayload: 0, perMessageDeflate: false });
  await new Promise((resolve, reject) => socket.on("open", resolve).on("error", reject));
  return new Browser(child, folder, new Wire(socket));
}

function address(child) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("Chromium did not start")), START_LIMIT_MS);
    child.on("exit", () => reject(new Error("Chromium ended")));
    createInterface({ input: child.stderr }).on("line", (line) => {
      const [, found] = /DevTools listening on (ws:\S+)/.exec(line) ?? [];
      if (found !== undefined) {
        clearTimeout(timer);
        resolve(found);
      }
    });
  });
}

/** Commands and their answers. */
class Wire {
  #socket;
  #next = 0;
  #waiting = new Map();

  constructor(socket) {
    this.#socket = socket;
    socket.on("message", (text) => this.#onMessage(JSON.parse(text)));
  }

  send(method, params = {}, sessionId = undefined) {
    this.#next += 1;
    const id = this.#next;
    this.#socket.send(JSON.stringify({ id, method, params, sessionId }));
    return new Promise((resolve, reject) => {
      const late = () => reject(new Error(`no answer to ${method}: ${params.expression ?? ""}`));
      const timer = setTimeout(late, ANSWER_LIMIT_MS);
      const settle = (act) => (value) => {
        clearTimeout(timer);
        act(value);
      };
      this.#waiting.set(id, { resolve: settle(resolve), reject: settle(reject), method });
    });
  }

  close() {
    this.#socket.close();
  }

  #onMessage({ id, result, error }) {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error !== undefined) {
      waiting?.reject(new Error(`${waiting.method}: ${error.message}`));
    } else {
      waiting?.resolve(result);
    }
  }
}

class Browser {
  #child;
  #folder;
  #wire;

  constructor(child, folder, wire) {
    this.#child = child;
    this.#folder = folder;
    this.#wire = wire;
  }

  /** Opens a page in a context of its own, and so in a process of its own. */
  async page(url, isBench = true) {
    const { browserContextId } = await this.#wire.send("Target.createBrowserContext");
    const target = { url: "about:blank", browserContextId };
    const { targetId } = await this.#wire.send("Target.createTarget", target);
    const attach = { targetId, flatten: true };
    const { sessionId } = await this.#wire.send("Target.attachToTarget", attach);
    const page = new Page(this.#wire, { browserContextId, sessionId });
    await page.open(url, isBench);
    return page;
  }

  /** What the processors have done for the browser and all its processes, in seconds. */
  async processorSeconds() {
    return (await this.processes()).reduce((sum, { cpuTime }) => sum + cpuTime, 0);
  }

  /**
   * Resolves when the browser has nothing more to do: with each window it loads parts of its own
   * surface, for seconds, in processes beside that of the page.
   */
  async quiet() {
    let before = await this.processorSeconds();
    for (let tries = 0; tries < QUIET_TRIES; tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, QUIET_STEP_MS));
      const now = await this.processorSeconds();
      if (now - before < QUIET_SECONDS) {
        return;
      }
      before = now;
    }
    throw new Error("Chromium does not come to rest");
  }

  /** Each process, with its `type`, its `id` and its `cpuTime` in seconds. */
  async processes() {
    return (await this.#wire.send("SystemInfo.getProcessInfo")).processInfo;
  }

  async close() {
    const ended = new Promise((resolve) => this.#child.on("exit", resolve));
    // The answer may not come any more.
    this.#wire.send("Browser.close").catch(() => {});
    await ended;
    this.#wire.close();
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

class Page {
  #wire;
  #ids;

  constructor(wire, ids) {
    this.#wire = wire;
    this.#ids = ids;
  }

  async open(url, isBench = true) {
    await this.cdp("Page.navigate", { url });
    if (!isBench) {
      return;
    }
    await this.call(async () => {
      while (globalThis.bench === undefined) {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    });
  }

  /** Calls a function in the page and gives what it resolves with. */
  async call(act, ...args) {
    const expression = `(${act})(...${JSON.stringify(args)})`;
    const options = { expression, awaitPromise: true, returnByValue: true };
    const { result, exceptionDetails } = await this.cdp("Runtime.evaluate", options);
    if (exceptionDetails !== undefined) {
      const { exception, text } = exceptionDetails;
      throw new Error(exception?.description ?? text);
    }
    return result.value;
  }

  /** JavaScript and its buffers, after everything that can be collected was, in bytes. */
  async heapBytes() {
    await this.cdp("HeapProfiler.enable");
    await this.cdp("HeapProfiler.collectGarbage");
    const { usedSize, backingStorageSize = 0 } = await this.cdp("Runtime.getHeapUsage");
    await this.cdp("HeapProfiler.disable");
    return usedSize + backingStorageSize;
  }

  /** What the processors have done for the process of this page, in seconds. */
  async processorSeconds() {
    await this.cdp("Performance.enable");
    const { metrics } = await this.cdp("Performance.getMetrics");
    await this.cdp("Performance.disable");
    return metrics.find(({ name }) => name === "ProcessTime").value;
  }

  async close() {
    const { browserContextId } = this.#ids;
    await this.#wire.send("Target.disposeBrowserContext", { browserContextId });
  }

  /** A command of Chromium's protocol to this page. */
  cdp(method, params = {}) {
    return this.#wire.send(method, params, this.#ids.sessionId);
  }
}

// The processes of a benchmark: the server with its relay, that of socket.io, and a browser.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { createInterface } from "node:readline";

import { build } from "esbuild";

import { at, root, target } from "../../scripts/lib/paths.mjs";
import { openBrowser } from "./browser.mjs";

/** The page modules; some of the clients have the same. */
const MODULES = ["raw", "bare", "ours", "sdk", "socketio"];
export const BINARY = path.join(target, "release", "room-bench");

/** The server of those whose packets are not to have the usual size. */
const SERVERS = {
  "ours-plain": "large",
  "bare-plain": "large",
  "ours-1k": "small",
  "sdk-1k": "small",
};

/** What `docs/loading.md` recommends: the others are one file each. */
const PRELOAD =
  '<link rel="modulepreload" href="/pkg/index.js">' +
  '<link rel="preload" href="/pkg/glue/room_messaging_bg.wasm" as="fetch" crossorigin>';

/** Bundles the pages and starts everything. */
export async function openStage({ pkg = at("pkg") } = {}) {
  const www = await makePages();
  const server = await startProcess(BINARY, ["--www", www, "--mount", `/pkg=${pkg}`]);
  const script = at("bench", "lib", "socketio-server.mjs");
  const socketio = await startProcess(process.execPath, [script]);
  const browser = await openBrowser();
  return new Stage(server, socketio, browser);
}

async function makePages() {
  const www = path.join(target, "bench", "www");
  await mkdir(www, { recursive: true });
  for (const name of MODULES) {
    await build({
      entryPoints: [at("bench", "pages", `${name}.js`)],
      outdir: www,
      bundle: true,
      minify: true,
      // The package stays as it is; the official SDK works in scripts only.
      format: name === "ours" ? "esm" : "iife",
      external: ["/pkg/*"],
      platform: "browser",
      conditions: ["browser"],
      mainFields: ["browser", "module", "main"],
      define: { "process.env.NODE_ENV": '"production"', global: "globalThis" },
      logLevel: "error",
    });
    const script = `<script type="module" src="/${name}.js"></script>`;
    const head = '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">';
    const ahead = name === "ours" ? PRELOAD : "";
    await writeFile(path.join(www, `${name}.html`), `${head}${ahead}${script}\n`);
  }
  return www;
}

/** When the page that opens at once has been answered, in milliseconds. */
function answered(page) {
  return page.call(async () => {
    while (globalThis.bench.answeredMs === undefined) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return globalThis.bench.answeredMs;
  });
}

/** Starts a process that says its ports in its first line, and ends with its input. */
async function startProcess(command, args) {
  const child = spawn(command, args, { cwd: root, stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout });
  const [line] = await Promise.race([
    once(lines, "line"),
    once(child, "exit").then(() => [undefined]),
  ]);
  if (line === undefined) {
    throw new Error(`${command} ended at once`);
  }
  return { child, ports: JSON.parse(line) };
}

class Stage {
  #server;
  #socketio;
  #browser;
  #rooms = 0;

  constructor(server, socketio, browser) {
    this.#server = server;
    this.#socketio = socketio;
    this.#browser = browser;
    this.ports = { ...server.ports, ...socketio.ports };
  }

  /** Where a client finds its rooms: which server depends on the packets that it is to get. */
  #originOf(client) {
    return `http://127.0.0.1:${this.ports[SERVERS[client] ?? "rooms"]}`;
  }

  /** Two pages with that client, connected and knowing each other. */
  async pair(client) {
    this.#rooms += 1;
    const room = `bench-${this.#rooms}`;
    const [page] = client.split("-");
    const origin = this.#originOf(client);
    const address = `${origin}/${page}.html?client=${client}`;
    const [a, b] = [await this.#browser.page(address), await this.#browser.page(address)];
    const seat = async (name, other) => {
      return { ...(await this.#seat(origin, room, name)), room, other, ports: this.ports };
    };
    const open = async (page, name, other) => {
      await page.call((seat) => globalThis.bench.open(seat), await seat(name, other));
    };
    await Promise.all([open(a, "a", "b"), open(b, "b", "a")]);
    await this.#browser.quiet();
    const pages = [a, b];
    /** The address of a page that opens at once. */
    const atOnce = async (name) =>
      `${address}#seat=${encodeURIComponent(JSON.stringify(await seat(name, "b")))}`;
    return {
      a,
      b,
      /** One more page like b. */
      third: async () => {
        const page = await this.#browser.page(address);
        pages.push(page);
        await open(page, "c", "a");
        return page;
      },
      /** Seats for as many more. */
      seats: (count) =>
        Promise.all(Array.from({ length: count }, (_, index) => seat(`more ${index}`, "a"))),
      /**
       * A page that opens at once, twice, and says after how many milliseconds it was answered.
       */
      newcomer: async () => {
        const page = await this.#browser.page("about:blank", false);
        await this.#browser.quiet();
        await page.open(await atOnce("newcomer"));
        const cold = await answered(page);
        await page.open("about:blank", false);
        await this.#browser.quiet();
        await page.open(await atOnce("newcomer again"));
        const warm = await answered(page);
        await page.close();
        return { cold, warm };
      },
      /** The same once, with what its main thread did. */
      profiledNewcomer: async (interval) => {
        const page = await this.#browser.page("about:blank", false);
        await this.#browser.quiet();
        await page.cdp("Profiler.enable");
        await page.cdp("Profiler.setSamplingInterval", { interval });
        await page.cdp("Profiler.start");
        await page.open(await atOnce("newcomer"));
        const answeredMs = await answered(page);
        const { profile } = await page.cdp("Profiler.stop");
        await page.close();
        return { answeredMs, profile };
      },
      close: () => Promise.all(pages.map((page) => page.close())),
    };
  }

  /** What the processors have done for all processes, in seconds. */
  async processorSeconds() {
    const browser = await this.#browser.processorSeconds();
    return browser + this.serverSeconds() + seconds(this.#socketio.child.pid);
  }

  /** The processes of the browser and the server, with what the processors have done for each. */
  async processes() {
    const { pid } = this.#server.child;
    const server = { type: "server", id: pid, cpuTime: this.serverSeconds() };
    return [...(await this.#browser.processes()), server];
  }

  /** What they have done for the server. */
  serverSeconds() {
    return seconds(this.#server.child.pid);
  }

  /** The memory of the server, in bytes. */
  serverBytes() {
    const status = readFileSync(`/proc/${this.#server.child.pid}/status`, "utf8");
    return Number(/VmRSS:\s+(\d+)/.exec(status)[1]) * 1024;
  }

  async close() {
    await this.#browser.close();
    for (const { child } of [this.#server, this.#socketio]) {
      const ended = once(child, "exit");
      child.stdin.end();
      await ended;
    }
  }

  async #seat(origin, room, name) {
    const response = await fetch(`${origin}/dev/token`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ room, name, role: "user" }),
    });
    return response.json();
  }
}

/** See proc_pid_stat(5): utime and stime, in ticks of 10 ms. */
function seconds(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

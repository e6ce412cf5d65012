// A room server of its own for a test, on a free port of the loopback interface.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

import { roomBinary, root } from "../../scripts/lib/paths.mjs";

const START_LIMIT_MS = 20_000;
const STOP_LIMIT_MS = 10_000;

/** Starts `room serve --dev` with the demo and the package; `args` come last and win. */
export async function startServer({ args = [], env = {}, www = "www", pkg = "pkg" } = {}) {
  const binary = process.env.ROOM_BIN ?? roomBinary;
  const listen = ["--listen", "127.0.0.1:0"];
  const fixed = ["serve", "--dev", ...listen, "--www", www, "--mount", `/pkg=${pkg}`];
  const child = spawn(binary, [...fixed, ...args], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const server = new Server(child);
  await server.ready();
  return server;
}

class Server {
  /** `http://127.0.0.1:PORT` */
  origin;
  /** What the server has logged. */
  log = "";
  #child;
  #ended;

  constructor(child) {
    this.#child = child;
    this.#ended = once(child, "close").catch((error) => {
      this.log += error.message;
    });
    child.stderr.setEncoding("utf8").on("data", (text) => {
      this.log += text;
    });
    process.once("exit", this.#kill);
  }

  get pid() {
    return this.#child.pid;
  }

  /** `ws://127.0.0.1:PORT` */
  get wsUrl() {
    return this.origin.replace("http", "ws");
  }

  /** Waits for the line with the address. */
  async ready() {
    const signal = AbortSignal.timeout(START_LIMIT_MS);
    const lines = createInterface({ input: this.#child.stdout });
    const started = once(lines, "line", { signal }).catch(() => []);
    const [line] = await Promise.race([started, this.#ended.then(() => [])]);
    this.origin = /http:\/\/\S+/.exec(line ?? "")?.[0];
    if (this.origin === undefined) {
      this.#kill();
      throw new Error(`${this.#child.spawnfile} did not start: ${line ?? ""}\n${this.log}`);
    }
  }

  /** Where and with what one joins a room: `{ url, token }`. */
  async token(room, name, role) {
    const response = await fetch(`${this.origin}/dev/token`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ room, name, role }),
    });
    if (!response.ok) {
      throw new Error(`/dev/token: ${response.status} ${await response.text()}`);
    }
    return response.json();
  }

  /** Ends the server as Ctrl-C does; resolves when it is gone. */
  async stop() {
    process.off("exit", this.#kill);
    this.#child.kill("SIGINT");
    const timer = setTimeout(this.#kill, STOP_LIMIT_MS);
    await this.#ended;
    clearTimeout(timer);
  }

  #kill = () => this.#child.kill("SIGKILL");
}

// How the tests talk to a peer, wherever it runs: `peer.call(command, args)`.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** A peer in a process of its own that speaks JSON lines. */
export class ProcessPeer {
  #child;
  #calls = new Map();
  #next = 1;
  #errors = [];

  constructor(name, command, args, options = {}) {
    this.name = name;
    this.#child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"], ...options });
    this.#child.stderr.on("data", (data) => this.#errors.push(data.toString()));
    this.#child.stdin.on("error", () => {});
    this.#child.on("exit", (code) => this.#failAll(`the process ended with ${code}`));
    createInterface({ input: this.#child.stdout }).on("line", (line) => this.#settle(line));
  }

  call(command, args = {}) {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#calls.set(id, { resolve, reject });
      this.#child.stdin.write(`${JSON.stringify({ id, command, args })}\n`);
    });
  }

  async stop() {
    this.#child.kill("SIGKILL");
  }

  #settle(line) {
    const { id, result, error } = JSON.parse(line);
    const call = this.#calls.get(id);
    this.#calls.delete(id);
    if (error === undefined) {
      call?.resolve(result);
    } else {
      call?.reject(new Error(error));
    }
  }

  #failAll(reason) {
    const details = this.#errors.join("").slice(-2000);
    for (const { reject } of this.#calls.values()) {
      reject(new Error(`${this.name}: ${reason}\n${details}`));
    }
    this.#calls.clear();
  }
}

/** A peer in a page, which has put its operations at `globalThis.peer`. */
export class PagePeer {
  #page;

  constructor(name, page) {
    this.name = name;
    this.#page = page;
  }

  call(command, args = {}) {
    return this.#page.evaluate(
      async ([name, options]) => (await globalThis.peer[name](options)) ?? null,
      [command, args],
    );
  }

  async stop() {
    await this.#page.context().close();
  }
}

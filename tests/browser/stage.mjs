// What browser tests need: a server, a Chromium, and pages that have loaded the package.

import { mkdirSync } from "node:fs";
import path from "node:path";

import { root } from "../../scripts/lib/paths.mjs";
import { launchChromium } from "../support/chromium.mjs";
import { startServer } from "../support/server.mjs";

/** Starts a server and a browser; `close()` ends both. */
export async function openStage(options = {}) {
  const server = await startServer(options.server);
  const chromium = await launchChromium(options.chromium).catch(async (error) => {
    await server.stop();
    throw error;
  });
  return new Stage(server, chromium);
}

class Stage {
  constructor(server, chromium) {
    this.server = server;
    this.chromium = chromium;
    /** What went wrong in pages without a test noticing. */
    this.problems = [];
  }

  /** A page of its own process group, at `address` of the server. */
  async page(address, options = {}) {
    const context = await this.chromium.newContext(options);
    const page = await context.newPage();
    page.on("pageerror", (error) => this.problems.push(error.message));
    await page.goto(new URL(address, this.server.origin).href);
    return page;
  }

  /** A page with the package as `lib`, and helpers as `help`. */
  async blank() {
    const page = await this.page("/healthz");
    await this.prepare(page);
    return page;
  }

  /** Loads the package and the helpers. */
  prepare(page) {
    return page.evaluate(prepare);
  }

  /** Joins a room in `page` as `globalThis[name]`, with messaging enabled. */
  async join(page, room, name, options = {}) {
    const seat = await this.server.token(room, name, options.role ?? "user");
    await page.evaluate(
      async ({ seat, name, options }) => {
        const client = new globalThis.lib.RoomClient({ ...seat, ...options.client });
        globalThis[name] = client;
        await client.connect();
        await client.messaging.enable();
      },
      { seat, name, options },
    );
  }

  /** A page with `ada` and `bob` in a room, and bob as ada knows him as `toBob`. */
  async pair(room) {
    const page = await this.blank();
    await this.join(page, room, "ada");
    await this.join(page, room, "bob");
    await page.evaluate(async () => {
      const { ada, bob, help } = globalThis;
      globalThis.toBob = await help.meet(ada, bob.localParticipant.id);
    });
    return page;
  }

  async close() {
    await this.chromium.close();
    await this.server.stop();
  }
}

async function prepare() {
  globalThis.lib = await import("/pkg/index.js");
  globalThis.help = {
    /** The next event of a type. */
    next: (target, type) =>
      new Promise((resolve) => target.addEventListener(type, resolve, { once: true })),
    /** The other one, once they are here. */
    async meet(client, id) {
      while (client.messaging.getParticipant(id) === undefined) {
        await globalThis.help.next(client.messaging, "participant_added");
      }
      return client.messaging.getParticipant(id);
    },
    /** Whoever else is there, once somebody is. */
    async other({ messaging }) {
      const [first] = messaging.remoteParticipants;
      return first ?? (await globalThis.help.next(messaging, "participant_added")).participant;
    },
    /** What a promise rejects with, as plain data. */
    async failure(act) {
      try {
        await act();
        return "it did not fail";
      } catch (error) {
        const { name, code, message, hint, retryable } = error;
        const isRoomError = error instanceof globalThis.lib.RoomError;
        return { name, code, message, hint, retryable, isRoomError };
      }
    },
    /** Bytes that differ from their neighbours. */
    pattern: (length, seed = 7) => Uint8Array.from({ length }, (_, i) => (i * 31 + seed) & 255),
    async sha256(bytes) {
      const digest = await crypto.subtle.digest("SHA-256", bytes);
      return [...new Uint8Array(digest)].map((b) => b.toString(16).padStart(2, "0")).join("");
    },
  };
}

/** Where screenshots go: `docs/images` if SCREENSHOTS=docs, else with the other build output. */
export function screenshotPath(name) {
  const folder = process.env.SCREENSHOTS === "docs" ? "docs/images" : "target/screenshots";
  const absolute = path.join(root, folder);
  mkdirSync(absolute, { recursive: true });
  return path.join(absolute, name);
}

// Where the clients play: a server, a browser, and rooms that nobody else is in.

import { randomUUID } from "node:crypto";

import { launchChromium } from "../support/chromium.mjs";
import { startServer } from "../support/server.mjs";

export class Theatre {
  #server;
  #chromium;

  async open() {
    this.#server = await startServer();
    this.#chromium = await launchChromium();
  }

  async close() {
    await this.#chromium?.close();
    await this.#server?.stop();
  }

  /** A page of its own. */
  async page() {
    const context = await this.#chromium.newContext();
    const page = await context.newPage();
    await page.goto(`${this.#server.origin}/healthz`);
    return page;
  }

  /** A name. */
  newRoom() {
    return `room-${randomUUID().slice(0, 8)}`;
  }

  /** Starts a client of the cast; it joins and enables. */
  async enter(member, room, name, role, enabling = {}) {
    const peer = await member.start();
    const { url, token } = await this.#server.token(room, name, role);
    peer.name = `${name} (${member.name})`;
    peer.role = role;
    peer.id = await peer.call("join", { url, token });
    await peer.call("enable", enabling);
    // The list holds the name under which the participant joined.
    peer.name = name;
    return peer;
  }
}

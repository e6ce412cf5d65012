// The line to the server, which can be cut on purpose to see what happens then.
//
// To be imported before the first connection is made: it watches the page's WebSockets.

import { backoff } from "./pkg/index.js";

/** Long enough to watch, and to write something meanwhile. */
const PAUSE_MS = 5_000;
/** Of those that applications may choose: the line is gone, the room is not left. */
const CUT_CODE = 4_900;

const sockets = new Set();
const usual = backoff();
let cutUntil = 0;

globalThis.WebSocket = class extends WebSocket {
  constructor(...parts) {
    super(...parts);
    sockets.add(this);
    this.addEventListener("close", () => sockets.delete(this));
  }
};

/** Cuts every connection of this page. */
export function cutTheLine() {
  cutUntil = performance.now() + PAUSE_MS;
  for (const socket of sockets) {
    socket.close(CUT_CODE, "cut on purpose");
  }
}

/** The usual policy, but a line that was cut on purpose stays so for a moment. */
export function reconnectPolicy(context) {
  const left = cutUntil - performance.now();
  return left > 0 ? left : usual(context);
}

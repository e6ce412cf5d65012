// How the connection stands, as it changes: in the head of the list, and as notes in the room.

import { byId } from "./element.js";

const WORDS = {
  idle: "Not connected",
  connecting: "Connecting…",
  open: "Connected",
  reconnecting: "Reconnecting…",
  closed: "Disconnected",
};
const STEP_MS = 200;

export class ConnectionState {
  #note;
  #countdown = undefined;
  #hasGap = false;

  /** `note` writes a line about the room. */
  constructor(note) {
    this.#note = note;
  }

  /** Shows a state; `nextRetryAt` is when the next attempt begins, as `Date.now()` counts. */
  show(state, { previous, nextRetryAt } = {}) {
    clearInterval(this.#countdown);
    put(state, WORDS[state] ?? state);
    if (state === "reconnecting") {
      this.#onLost(previous, nextRetryAt);
    } else if (state === "open" && previous === "reconnecting") {
      this.#onBack();
    }
  }

  /** The server had to begin anew. */
  noteGap() {
    this.#hasGap = true;
  }

  #onLost(previous, nextRetryAt) {
    if (previous === "open") {
      this.#note("The line is cut. What you write waits.");
    }
    if (nextRetryAt === undefined) {
      return;
    }
    const step = () => {
      const seconds = Math.ceil((nextRetryAt - Date.now()) / 1000);
      put("reconnecting", seconds > 0 ? `Trying again in ${seconds} s` : WORDS.reconnecting);
    };
    step();
    this.#countdown = setInterval(step, STEP_MS);
  }

  /** Whether something is missing is told right after the news. */
  #onBack() {
    setTimeout(() => {
      this.#note(
        this.#hasGap ? "Back. Something may be missing." : "Back again. Nothing was lost.",
      );
      this.#hasGap = false;
    });
  }
}

function put(state, words) {
  for (const id of ["connection", "connection-short"]) {
    const node = byId(id);
    node.dataset.state = state;
    if (node.textContent !== words) {
      node.textContent = words;
    }
  }
}

// Text that others see while it is written, as an agent would stream it.
//
// Each chunk has UTF-8 text as data; its header may say {keep: n}: drop what comes after the first
// n UTF-16 units, then append. A clean end means that the text is complete.

import { announce } from "./notices.js";
import { errorWords } from "./words.js";

const LONGEST_TEXT = 20_000;

/** A text on its way to everybody in a conversation. */
export class LiveWriter {
  /** Settles when the end has reached everybody; never rejects: gives the failures. */
  done;
  #text = "";
  #ending = undefined;
  #wake = [];

  constructor(room, conversation, recipients) {
    const pumps = recipients.map((person) => this.#pump(room, conversation, person));
    this.done = Promise.all(pumps).then((errors) => errors.filter(Boolean));
  }

  /** What the text is by now. */
  set(text) {
    this.#text = text;
    this.#wakeAll();
  }

  finish() {
    this.#ending ??= { complete: true };
    this.#wakeAll();
  }

  abandon(reason) {
    this.#ending ??= { complete: false, reason };
    this.#wakeAll();
  }

  /** Writes what has changed since the last write, so that slow readers get fewer, larger steps. */
  async #pump(room, conversation, person) {
    try {
      const writer = await room.openStream(person, conversation, { kind: "live-text" });
      let sent = "";
      while (sent !== this.#text || this.#ending === undefined) {
        const text = this.#text;
        if (sent === text) {
          await this.#changed();
        } else {
          await writer.write(change(sent, text));
          sent = text;
        }
      }
      await (this.#ending.complete ? writer.close() : writer.abort(this.#ending.reason));
      return undefined;
    } catch (error) {
      return { person, error };
    }
  }

  #changed() {
    return new Promise((resolve) => {
      this.#wake.push(resolve);
    });
  }

  #wakeAll() {
    for (const resolve of this.#wake.splice(0)) {
      resolve();
    }
  }
}

/** Shows the text that `reader` brings while it comes. */
export function receiveLiveText(conversation, { reader, from }) {
  const live = conversation.addLive({ from });
  void follow(live, reader, from);
}

async function follow(live, reader, from) {
  const decoder = new TextDecoder();
  let text = "";
  try {
    for await (const { header, data } of reader) {
      text = text.slice(0, header?.keep ?? text.length) + decoder.decode(data, { stream: true });
      if (text.length > LONGEST_TEXT) {
        throw new Error("the text is too long");
      }
      live.set(text);
    }
    live.finish();
    announce(`${from.name}: ${text}`);
  } catch (error) {
    live.abandon(errorWords(error).message);
  }
}

function change(before, after) {
  let keep = 0;
  while (keep < before.length && before[keep] === after[keep]) {
    keep += 1;
  }
  if (isHighSurrogate(before.charCodeAt(keep - 1))) {
    keep -= 1;
  }
  const header = keep < before.length ? { keep } : {};
  return { header, data: new TextEncoder().encode(after.slice(keep)) };
}

function isHighSurrogate(unit) {
  return unit >= 0xd800 && unit <= 0xdbff;
}

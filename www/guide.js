// The guide: an agent that a visitor can invite, so that nobody has to be alone in a room. It is a
// participant of its own, with a connection of its own, and knows what every participant knows.

import { ChatRoom, ROOM } from "./chat-room.js";
import { checksum } from "./file-view.js";
import { all } from "./files.js";
import { aboutFile, answerTo, GREETING, piecesOf } from "./guide-script.js";
import { LiveWriter } from "./live-text.js";

const NAME = "Guide";
const ROLE = "agent";
const PIECE_MS = 45;
/** A guide that is sent more forgets the file and says so. */
const LARGEST_FILE_BYTES = 256 * 1024 * 1024;

/** Whether somebody is a guide. */
export function isGuide({ name, role }) {
  return name === NAME && role === ROLE;
}

/** What a guide asks to be let in with. */
export const guideSeat = { name: NAME, role: ROLE };

export class Guide {
  #room;
  #speaking = Promise.resolve();
  #isGone = false;

  /** `way` leads to the room, as it does for `ChatRoom`. */
  constructor(way) {
    this.#room = new ChatRoom({ ...way, ...guideSeat });
    this.#room.addEventListener("message", ({ detail }) => this.#onMessage(detail));
    this.#room.takeStream = (offer) => this.#onStream(offer);
  }

  async enter() {
    await this.#room.enter();
    this.#say(ROOM, GREETING);
  }

  async leave() {
    this.#isGone = true;
    await this.#room.leave();
  }

  #onMessage({ from, conversation, text, attachment }) {
    // Two agents that answer each other would never end.
    if (from.role === ROLE || !this.#isMeant(conversation, text)) {
      return;
    }
    if (attachment) {
      void this.#describe(conversation, attachment);
    } else {
      this.#say(conversation, answerTo(text, from.name));
    }
  }

  #onStream({ reader, from, header, conversation }) {
    if (from.role === ROLE) {
      throw new Error("guides do not listen to agents");
    }
    if (header.kind === "file" && header.size > LARGEST_FILE_BYTES) {
      throw new Error("the guide takes files of up to 256 MB");
    }
    void this.#take({ reader, from, header, conversation });
  }

  async #take({ reader, from, header, conversation }) {
    try {
      const content = new Blob(await all(reader.bytes()));
      if (header.kind === "file") {
        await this.#describe(conversation, new File([content], String(header.name)));
      } else if (header.kind === "live-text" && this.#isMeant(conversation, "")) {
        this.#say(conversation, answerTo(await content.text(), from.name));
      }
    } catch {
      // Whoever sent it took it back, and knows.
    }
  }

  async #describe(conversation, file) {
    const sha256 = await checksum(file);
    this.#say(conversation, aboutFile({ name: file.name, size: file.size, sha256 }));
  }

  /** In a room of several people it speaks when it is spoken to. */
  #isMeant(conversation, text) {
    const people = [...this.#room.people.values()].filter(({ role }) => role !== ROLE);
    return conversation !== ROOM || people.length < 2 || /\bguide\b/iu.test(text);
  }

  /** One thing after the other, word by word. */
  #say(conversation, text) {
    this.#speaking = this.#speaking.then(() => this.#speak(conversation, text));
  }

  async #speak(conversation, text) {
    const recipients = this.#room.recipients(conversation);
    if (this.#isGone || recipients.length === 0) {
      return;
    }
    const writer = new LiveWriter(this.#room, conversation, recipients);
    let said = "";
    for (const piece of piecesOf(text)) {
      said += piece;
      writer.set(said);
      await new Promise((resolve) => setTimeout(resolve, PIECE_MS));
      if (this.#isGone) {
        break;
      }
    }
    writer.finish();
    // Whom it did not reach is gone.
    await writer.done;
  }
}

// The place where one writes: text, an attachment, a file to stream, or text that is seen live.

import { byId, element, icon } from "./element.js";
import { LiveWriter } from "./live-text.js";
import { showError } from "./notices.js";
import { bytesText, listText } from "./words.js";

const LARGEST_ATTACHMENT_BYTES = 16 * 1024 * 1024;

/** Events go to `actions`: `say(text, file)`, `sendFile(file)`, `said(text, failures)`. */
export class Composer {
  #actions;
  #room = undefined;
  #conversation = undefined;
  #drafts = new Map();
  #attachment = undefined;
  #live = false;
  #writer = undefined;

  constructor(actions) {
    this.#actions = actions;
    const text = byId("text");
    text.addEventListener("input", () => this.#onInput());
    text.addEventListener("keydown", (event) => this.#onKey(event));
    text.addEventListener("paste", (event) => this.#onPaste(event));
    byId("composer").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    byId("live").addEventListener("click", () => this.#setLive(!this.#live));
    onFile("attach", (file) => this.#attach(file));
    onFile("stream-file", (file) => actions.sendFile(file));
  }

  /** Turns to a conversation; what was begun in the one before is kept there. */
  open(room, conversation, name) {
    this.#stopWriting("turned to another conversation");
    if (this.#conversation !== undefined) {
      this.#drafts.set(this.#conversation, byId("text").value);
    }
    this.#room = room;
    this.#conversation = conversation;
    this.#attach(undefined);
    const text = byId("text");
    text.value = this.#drafts.get(conversation) ?? "";
    text.setAttribute("aria-label", `Message to ${name}`);
    text.placeholder = `Message ${name}`;
    this.#resize();
    this.#explain();
  }

  setEnabled(enabled) {
    for (const control of byId("composer").querySelectorAll("button, textarea, input")) {
      control.disabled = !enabled;
    }
    if (!enabled) {
      this.#stopWriting("lost the connection");
    }
  }

  focus() {
    byId("text").focus();
  }

  /** Takes the file as an attachment, or sends it as a stream if it is too large for one. */
  #attach(file) {
    if (file && file.size > LARGEST_ATTACHMENT_BYTES) {
      this.#actions.sendFile(file);
      return;
    }
    this.#attachment = file;
    const chips = byId("attachments");
    chips.hidden = file === undefined;
    chips.replaceChildren(...(file ? [this.#chip(file)] : []));
  }

  #chip(file) {
    const remove = element(
      "button",
      {
        type: "button",
        class: "icon-button",
        "aria-label": `Remove ${file.name}`,
        onclick: () => {
          this.#attach(undefined);
          this.focus();
        },
      },
      icon("close"),
    );
    return element(
      "li",
      { class: "chip" },
      icon("file"),
      `${file.name} · ${bytesText(file.size)}`,
      remove,
    );
  }

  #onInput() {
    this.#resize();
    if (this.#live) {
      this.#write(byId("text").value);
    }
  }

  #onKey(event) {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      byId("composer").requestSubmit();
    } else if (event.key === "Escape" && this.#writer) {
      this.#stopWriting("stopped writing");
      byId("text").value = "";
      this.#resize();
    }
  }

  #onPaste(event) {
    const [file] = event.clipboardData?.files ?? [];
    if (file) {
      event.preventDefault();
      this.#attach(file);
    }
  }

  #submit() {
    const field = byId("text");
    const text = field.value.trim();
    const attachment = this.#attachment;
    if (text === "" && !attachment) {
      return;
    }
    if (this.#writer) {
      this.#finishWriting(field.value);
    } else {
      this.#actions.say(text, attachment);
      this.#attach(undefined);
    }
    field.value = "";
    this.#resize();
    this.focus();
  }

  #setLive(live) {
    this.#live = live;
    byId("live").setAttribute("aria-pressed", String(live));
    if (!live) {
      this.#stopWriting("stopped writing live");
    } else if (byId("text").value !== "") {
      this.#write(byId("text").value);
    }
    this.#explain();
    this.focus();
  }

  #write(text) {
    const recipients = this.#room.recipients(this.#conversation);
    if (!this.#writer && recipients.length === 0) {
      return;
    }
    this.#writer ??= new LiveWriter(this.#room, this.#conversation, recipients);
    this.#writer.set(text);
  }

  #finishWriting(text) {
    const writer = this.#writer;
    this.#writer = undefined;
    writer.set(text);
    writer.finish();
    this.#actions.said(text, writer.done);
  }

  #stopWriting(reason) {
    this.#writer?.abandon(`${this.#room.name} ${reason}`);
    this.#writer = undefined;
  }

  #explain() {
    const names = this.#room?.recipients(this.#conversation).map((person) => person.name) ?? [];
    const live = `${listText(names)} ${names.length === 1 ? "sees" : "see"} each letter as you type. Enter ends the message, Escape takes it back.`;
    const usual = "Enter sends, Shift+Enter makes a new line.";
    byId("composer-help").textContent = this.#live && names.length > 0 ? live : usual;
  }

  #resize() {
    const text = byId("text");
    text.style.height = "auto";
    text.style.height = `${text.scrollHeight}px`;
  }
}

function onFile(id, take) {
  const input = byId(id);
  input.addEventListener("change", () => {
    const [file] = input.files;
    input.value = "";
    if (file) {
      take(file);
    }
  });
}

/** Tells of those whom a live text did not reach. */
export async function reportFailures(done) {
  for (const { person, error } of await done) {
    showError(`${person.name} did not get all of it`, error);
  }
}

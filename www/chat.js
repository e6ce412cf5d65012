// The chat of one room: what comes in goes to its conversation, what is written goes out.

import { ROOM } from "./chat-room.js";
import { Composer, reportFailures } from "./composer.js";
import { Conversation, emptyConversation } from "./conversation.js";
import { avatar, byId, element, icon } from "./element.js";
import { receiveFile, sendFile } from "./files.js";
import { receiveLiveText } from "./live-text.js";
import { announce, showError } from "./notices.js";
import { aboutPerson, showPeople } from "./people.js";
import { showView } from "./view.js";
import { countText } from "./words.js";

export class Chat {
  #room = undefined;
  #conversations = new Map();
  /** Those who have left, but with whom something was said. */
  #gone = new Map();
  #selected = ROOM;
  #composer;
  #callGuide;

  /** `callGuide` lets a guide in. */
  constructor({ callGuide }) {
    this.#callGuide = callGuide;
    this.#composer = new Composer({
      say: (text, file) => this.#say(text, file),
      said: (text, done) => this.#said(text, done),
      sendFile: (file) => this.#sendFile(file),
    });
    byId("to-latest").addEventListener("click", () => this.#current.scrollToEnd());
    document.addEventListener("visibilitychange", () => this.#look());
    acceptDrops(byId("logs"), (file) => this.#sendFile(file));
  }

  /** Shows `room`, which has been entered; what was said before stays. */
  open(room) {
    this.#room = room;
    room.addEventListener("people", ({ detail }) => this.#onPeople(detail));
    room.addEventListener("message", ({ detail }) => this.#onMessage(detail));
    room.takeStream = (offer) => this.#onStream(offer);
    this.#composer.setEnabled(true);
    this.select(this.#conversations.has(this.#selected) ? this.#selected : ROOM);
  }

  /** Writes a line about the room into the conversation of everybody. */
  note(text) {
    this.#conversation(ROOM).addNote(text);
  }

  /** The connection is gone; what was said can still be read. */
  suspend() {
    this.#composer.setEnabled(false);
  }

  /** Forgets everything. */
  clear() {
    for (const { node } of this.#conversations.values()) {
      node.remove();
    }
    this.#conversations.clear();
    this.#gone.clear();
    this.#selected = ROOM;
  }

  /** Turns to a conversation. */
  select(id) {
    this.#selected = id;
    const current = this.#conversation(id);
    for (const one of this.#conversations.values()) {
      one.node.hidden = one !== current;
    }
    showView("conversation");
    this.#composer.open(this.#room, id, this.#nameOf(id));
    this.#look();
    current.scrollToEnd();
  }

  focus() {
    if (matchMedia("(max-width: 760px)").matches) {
      byId("conversation-name").focus();
    } else {
      this.#composer.focus();
    }
  }

  get #current() {
    return this.#conversation(this.#selected);
  }

  #conversation(id) {
    if (!this.#conversations.has(id)) {
      const label = `Messages in ${this.#nameOf(id)}`;
      const made = new Conversation(id, label, { onscroll: () => this.#look() });
      made.welcome(emptyConversation(...this.#welcome(id)));
      this.#conversations.set(id, made);
      byId("logs").prepend(made.node);
    }
    return this.#conversations.get(id);
  }

  #welcome(id) {
    const name = this.#nameOf(id);
    return id === ROOM
      ? [`This is ${name}`, "Everybody in the room sees what is written here.", this.#companion()]
      : [`You and ${name}`, "Only the two of you see what is written here."];
  }

  /** For those who are alone. */
  #companion() {
    return element(
      "button",
      {
        type: "button",
        class: "button if-alone",
        "data-testid": "guide-here",
        onclick: async () => {
          await this.#callGuide();
          // The button is gone with the need for it.
          this.focus();
        },
      },
      icon("guide"),
      "Invite a guide to talk to",
    );
  }

  #nameOf(id) {
    return id === ROOM ? this.#room.roomName : (this.#person(id)?.name ?? "somebody");
  }

  #person(id) {
    return this.#room.people.get(id) ?? this.#gone.get(id);
  }

  #say(text, file) {
    const room = this.#room;
    const conversation = this.#current;
    const delivery = conversation.addMessage({ from: room.me, own: true, text, attachment: file });
    const attempt = () => delivery.watch(this.#room.say(conversation.id, text, file), attempt);
    void attempt();
  }

  #said(text, done) {
    this.#current.addMessage({ from: this.#room.me, own: true, text });
    void reportFailures(done);
  }

  #sendFile(file) {
    void sendFile(this.#room, this.#current, file).catch((error) =>
      showError(`${file.name} was not sent`, error),
    );
  }

  #onPeople({ joined, left }) {
    const room = this.#conversation(ROOM);
    if (joined) {
      room.addNote(`${joined.name} joined`);
    }
    if (left) {
      room.addNote(`${left.name} left`);
      this.#onLeft(left);
    }
    this.#show();
  }

  #onLeft(person) {
    const direct = this.#conversations.get(person.id);
    if (direct) {
      this.#gone.set(person.id, person);
      direct.addNote(`${person.name} left the room`);
    }
  }

  #onMessage({ from, conversation: id, text, isData, attachment }) {
    const conversation = this.#conversation(id);
    conversation.addMessage({ from, own: false, text, isData, attachment });
    this.#arrived(conversation, from);
  }

  #onStream(offer) {
    const conversation = this.#conversation(offer.conversation);
    const { kind } = offer.header;
    if (kind === "live-text") {
      receiveLiveText(conversation, offer);
      this.#arrived(conversation, offer.from);
      return undefined;
    }
    if (kind === "file") {
      this.#arrived(conversation, offer.from);
      return receiveFile(this.#room, conversation, offer);
    }
    throw new Error("this page takes files and live text only");
  }

  #arrived(conversation, from) {
    if (this.#isSeen(conversation)) {
      return;
    }
    conversation.unread += 1;
    if (conversation.id !== this.#selected) {
      const place = conversation.id === ROOM ? this.#room.roomName : "a direct conversation";
      announce(`${from.name} wrote in ${place}`);
    }
    this.#show();
  }

  #isSeen(conversation) {
    return conversation.id === this.#selected && !document.hidden && conversation.isPinned;
  }

  /** The selected conversation is looked at. */
  #look() {
    if (this.#room === undefined) {
      return;
    }
    const current = this.#current;
    if (this.#isSeen(current)) {
      current.unread = 0;
    }
    byId("to-latest").hidden = current.isPinned;
    this.#show();
  }

  #show() {
    const room = this.#room;
    const people = [...room.people.values()].sort((a, b) => a.name.localeCompare(b.name));
    const about =
      people.length === 0 ? "Only you" : `${countText(people.length + 1, "person", "people")}`;
    showPeople({
      room: { id: ROOM, name: room.roomName, about },
      people,
      gone: [...this.#gone.values()].filter((person) => !room.people.has(person.id)),
      conversations: this.#conversations,
      selected: this.#selected,
      select: (id) => {
        this.select(id);
        this.focus();
      },
    });
    this.#showHead(about);
    this.#showUnread();
  }

  #showHead(about) {
    const id = this.#selected;
    const person = this.#person(id);
    const here = this.#room.people.has(id);
    byId("conversation-name").textContent = this.#nameOf(id);
    byId("conversation-about").textContent =
      id === ROOM ? about : here ? aboutPerson(person) : "Left the room";
    byId("conversation-avatar").replaceChildren(
      id === ROOM || !person
        ? element("span", { class: "avatar room" }, icon("room"))
        : avatar(person),
    );
  }

  #showUnread() {
    const counts = [...this.#conversations.values()].map(({ id, unread }) => ({ id, unread }));
    const total = counts.reduce((sum, { unread }) => sum + unread, 0);
    const elsewhere = counts.filter(({ id }) => id !== this.#selected);
    const badge = byId("elsewhere");
    badge.textContent = String(elsewhere.reduce((sum, { unread }) => sum + unread, 0));
    badge.hidden = badge.textContent === "0";
    document.title = `${total > 0 ? `(${total}) ` : ""}${this.#room.roomName} · Room`;
  }
}

/** Files dropped onto the conversation are sent as streams. */
function acceptDrops(target, take) {
  const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
  target.addEventListener("dragover", (event) => {
    if (hasFiles(event)) {
      event.preventDefault();
      target.classList.add("dropping");
    }
  });
  target.addEventListener("dragleave", (event) => {
    if (!target.contains(event.relatedTarget)) {
      target.classList.remove("dropping");
    }
  });
  target.addEventListener("drop", (event) => {
    event.preventDefault();
    target.classList.remove("dropping");
    for (const file of event.dataTransfer.files) {
      take(file);
    }
  });
}

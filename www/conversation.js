// One conversation: its messages on the page, oldest first, and how many have not been seen.

import { avatar, element, icon } from "./element.js";
import { fileView } from "./file-view.js";
import { errorWords, timeText } from "./words.js";

const SAME_GROUP_MS = 4 * 60_000;
const NEAR_END_PX = 80;

export class Conversation {
  unread = 0;
  /** Whether the view follows what is added: until one scrolls up, and again at the end. */
  isPinned = true;
  #last = undefined;
  #top = 0;
  #list = element("div", { class: "log-list" });

  constructor(id, label, { onscroll }) {
    this.id = id;
    this.node = element(
      "div",
      {
        class: "log",
        role: "log",
        tabindex: "0",
        "aria-label": label,
        "data-testid": "log",
        "data-conversation": id,
        hidden: true,
        onscroll: () => {
          this.#onScroll();
          onscroll();
        },
      },
      this.#list,
    );
    // Pictures and cards grow after they were added, and the view shrinks under a keyboard.
    const follow = new ResizeObserver(() => this.isPinned && this.scrollToEnd());
    follow.observe(this.#list);
    follow.observe(this.node);
  }

  /** Puts `node` before everything that is said. */
  welcome(node) {
    this.#list.prepend(node);
  }

  get #isAtEnd() {
    const { scrollTop, scrollHeight, clientHeight } = this.node;
    return scrollHeight - scrollTop - clientHeight < NEAR_END_PX;
  }

  /** Only going up lets go of the end: the event comes late, and more may have been added. */
  #onScroll() {
    const { scrollTop } = this.node;
    this.isPinned = this.#isAtEnd || (this.isPinned && scrollTop >= this.#top);
    this.#top = scrollTop;
  }

  scrollToEnd() {
    this.isPinned = true;
    this.node.scrollTop = this.node.scrollHeight;
  }

  /** Adds a text, with an attachment if there is one. */
  addMessage({ from, own, text, isData, attachment }) {
    const message = this.#addItem({ from, own, testid: "message" });
    if (text) {
      message.body.append(bubble(text, isData));
    }
    if (attachment) {
      message.body.append(fileView(attachment));
    }
    return new Delivery(message.node, message.foot);
  }

  /** Adds anything else that somebody sent. */
  addCard({ from, own, card }) {
    const { body } = this.#addItem({ from, own, testid: "file" });
    body.append(card);
  }

  /** Adds a text that is still being written. */
  addLive({ from }) {
    const { node, body, foot } = this.#addItem({ from, own: false, testid: "live-text" });
    node.setAttribute("aria-busy", "true");
    node.dataset.state = "typing";
    const words = bubble("");
    body.append(words);
    return new LiveText({ node, words, foot });
  }

  /** Adds a line about the room itself. */
  addNote(text) {
    this.#list.append(element("p", { class: "note", "data-testid": "note" }, text));
    this.#last = undefined;
  }

  #addItem({ from, own, testid }) {
    const at = new Date();
    const again = this.#last?.from === from.id && at - this.#last.at < SAME_GROUP_MS;
    this.#last = { from: from.id, at };

    const head = element(
      "header",
      { class: "message-head" },
      element("strong", {}, own ? "You" : from.name),
      element("time", { datetime: at.toISOString() }, timeText(at)),
    );
    const body = element("div", { class: "message-body" });
    const foot = element("p", { class: "message-foot", hidden: true });
    const node = element(
      "article",
      {
        class: `message${own ? " own" : ""}${again ? " again" : ""}`,
        "data-testid": testid,
        "data-from": from.name,
      },
      own ? undefined : avatar(from),
      element("div", { class: "message-column" }, head, body, foot),
    );
    this.#list.append(node);
    if (own) {
      this.scrollToEnd();
    }
    return { node, body, foot };
  }
}

/** Whether an own message has arrived at the server. */
class Delivery {
  #node;
  #foot;

  constructor(node, foot) {
    this.#node = node;
    this.#foot = foot;
  }

  /** Shows how `sending` goes; `retry` does it again. */
  async watch(sending, retry) {
    this.#node.dataset.state = "sending";
    this.#foot.hidden = true;
    try {
      await sending;
      this.#node.dataset.state = "sent";
    } catch (error) {
      this.#fail(error, retry);
    }
  }

  #fail(error, retry) {
    const { message, hint } = errorWords(error);
    this.#node.dataset.state = "failed";
    this.#foot.replaceChildren(
      `Not sent: ${message} ${hint} `,
      element("button", { class: "link", type: "button", onclick: retry }, "Try again"),
    );
    this.#foot.hidden = false;
  }
}

/** A text that somebody is writing. */
class LiveText {
  #parts;

  constructor(parts) {
    this.#parts = parts;
  }

  set(text) {
    this.#parts.words.textContent = text;
  }

  finish() {
    this.#end("done");
  }

  /** The writer stopped before the end. */
  abandon(reason) {
    const { foot } = this.#parts;
    foot.textContent = reason;
    foot.hidden = false;
    this.#end("abandoned");
  }

  #end(state) {
    const { node } = this.#parts;
    node.dataset.state = state;
    node.removeAttribute("aria-busy");
  }
}

function bubble(text, isData = false) {
  const tag = isData ? "pre" : "p";
  return element(tag, { class: "bubble", "data-testid": "bubble", dir: "auto" }, text);
}

/** What stands in a conversation before its first message; `more` is below the text. */
export function emptyConversation(title, text, more) {
  return element(
    "div",
    { class: "empty" },
    icon("room"),
    element("h2", {}, title),
    element("p", {}, text),
    more,
  );
}

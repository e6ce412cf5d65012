// The card of a file on its way, at both ends: what it is, how far it is, and a way to stop it.

import { element, icon } from "./element.js";
import { checksum, downloadLink, picture } from "./file-view.js";
import { Rate } from "./rate.js";
import { bytesText } from "./words.js";

const PAINT_EVERY_MS = 100;
/** While nothing comes, the rate must not stay what it was. */
const LOOK_EVERY_MS = 500;

/** States (`data-state`): asking, waiting, running, done, failed. */
export class TransferCard {
  #rate = new Rate();
  #painted = 0;
  #passed;
  #looking = undefined;

  constructor({ name, size }) {
    this.name = name;
    this.size = size;
    this.#passed = { bytes: 0, total: size };
    this.bar = element("progress", { max: 1, value: 0, "aria-label": `Progress of ${name}` });
    this.about = element("span", { class: "file-about", "data-testid": "transfer-status" });
    this.actions = element("div", { class: "file-actions" });
    this.people = element("ul", { class: "file-people", hidden: true });
    this.row = element(
      "div",
      { class: "file-row" },
      element("span", { class: "file-icon" }, icon("file")),
      element(
        "div",
        { class: "file-text" },
        element("strong", { class: "file-name", dir: "auto" }, name),
        this.about,
      ),
    );
    this.node = element(
      "div",
      { class: "file transfer", "data-testid": "transfer", "data-name": name },
      this.row,
      this.bar,
      this.people,
      this.actions,
    );
    this.#state("waiting", bytesText(size));
  }

  /** Asks whether the file is wanted; `withdrawn` ends the question. */
  async ask(question, withdrawn) {
    this.#state("asking", `${bytesText(this.size)} · ${question}`);
    const answer = await new Promise((resolve) => {
      this.actions.replaceChildren(
        button("Accept", "primary", "accept", () => resolve(true)),
        button("Decline", "", "decline", () => resolve(false)),
      );
      withdrawn?.then(() => resolve(undefined));
    });
    this.actions.replaceChildren();
    return answer;
  }

  /** Waits for somebody else. */
  wait(text, oncancel) {
    this.#state("waiting", `${bytesText(this.size)} · ${text}`);
    this.#showCancel(oncancel);
  }

  /** Bytes are coming or going. */
  run(oncancel) {
    this.#state("running", bytesText(this.size));
    this.#showCancel(oncancel);
    this.#looking = setInterval(() => this.#paint(), LOOK_EVERY_MS);
  }

  /** `bytes` of `total` are through. Paints only as often as it can be seen. */
  progress(bytes, total) {
    const now = performance.now();
    this.#rate.add(now, bytes);
    this.#passed = { bytes, total };
    this.node.dataset.bytes = bytes;
    if (now - this.#painted >= PAINT_EVERY_MS) {
      this.#paint();
    }
  }

  /** Says how it went with each of several people. */
  showPeople(lines) {
    this.people.replaceChildren(...lines.map((line) => element("li", {}, line)));
    this.people.hidden = lines.length === 0;
  }

  /** The file is through; with `file` it can be looked at and kept. */
  async finish(text, { file, keep, sha256 } = {}) {
    this.bar.value = 1;
    this.#state("done", `${bytesText(this.size)} · ${text}`);
    this.actions.replaceChildren();
    if (file) {
      this.#showFile(file, keep);
      await this.#showChecksum(file, sha256, text);
    }
  }

  fail(text) {
    this.#state("failed", text);
    this.actions.replaceChildren();
  }

  #showFile(file, keep) {
    const url = URL.createObjectURL(file);
    const image = picture(file, url);
    if (image) {
      this.node.prepend(image);
    }
    if (keep) {
      this.row.append(downloadLink(file, url));
    }
  }

  async #showChecksum(file, expected, text) {
    const sha256 = await checksum(file);
    if (sha256 === undefined) {
      return;
    }
    this.node.dataset.sha256 = sha256;
    this.node.title = `SHA-256 ${sha256}`;
    if (expected === sha256) {
      this.about.textContent = `${bytesText(this.size)} · ${text}, checksum matches`;
    } else if (expected !== undefined) {
      this.#state("failed", "What came is not what was sent: the checksums differ.");
    }
  }

  #paint() {
    const now = performance.now();
    const { bytes, total } = this.#passed;
    const part = total > 0 ? bytes / total : 0;
    const rate = this.#rate.perSecond(now);
    this.#painted = now;
    this.bar.value = part;
    const speed = rate > 0 ? `${bytesText(rate)}/s` : "waiting";
    this.about.textContent = `${Math.floor(100 * part)} % of ${bytesText(total)} · ${speed}`;
  }

  #showCancel(oncancel) {
    this.actions.replaceChildren(button("Cancel", "", "cancel", oncancel));
  }

  #state(state, text) {
    clearInterval(this.#looking);
    this.node.dataset.state = state;
    this.about.textContent = text;
    this.bar.hidden = state !== "running" && state !== "waiting";
  }
}

function button(text, kind, testid, onclick) {
  return element(
    "button",
    { type: "button", class: `button small ${kind}`, "data-testid": testid, onclick },
    text,
  );
}

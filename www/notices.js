// Short notices: seen and heard when something failed, heard only when something came.

import { byId, element, icon } from "./element.js";
import { errorWords } from "./words.js";

const STAY_MS = 12_000;
const MOST = 3;

/** Shows what failed, why, and what to do. */
export function showError(what, error) {
  const { message, hint } = errorWords(error);
  const close = element(
    "button",
    {
      class: "icon-button",
      type: "button",
      "aria-label": "Dismiss",
      onclick: () => notice.remove(),
    },
    icon("close"),
  );
  const notice = element(
    "div",
    { class: "notice", "data-testid": "notice" },
    element("div", {}, ...paragraphs(what, message, hint)),
    close,
  );
  const notices = byId("notices");
  notices.append(notice);
  while (notices.childElementCount > MOST) {
    notices.firstElementChild.remove();
  }
  setTimeout(() => notice.remove(), STAY_MS);
}

/** The paragraphs of an error, for wherever one is shown. */
export function paragraphs(what, message, hint) {
  return [
    element("strong", {}, what),
    element("p", { class: "error-message" }, message),
    hint ? element("p", { class: "error-hint" }, hint) : undefined,
  ];
}

/** Says something to those who listen to the page. */
export function announce(text) {
  byId("announcer").textContent = text;
}

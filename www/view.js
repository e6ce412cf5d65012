// Which half of the page a narrow window shows: the list or a conversation.

import { byId } from "./element.js";

/** Shows the `list` or the `conversation`. A page has one heading of the first level, whichever it is. */
export function showView(view) {
  byId("app").dataset.view = view;
  byId("room-name").ariaLevel = view === "list" ? "1" : "2";
}

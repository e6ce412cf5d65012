// The list of conversations: the room, and everybody one can talk to.

import { avatar, byId, element, icon } from "./element.js";

const STATUS_WORDS = { available: "Available", busy: "Busy", away: "Away" };

/** Shows the list; `select` is called with the id of a conversation. */
export function showPeople({ room, people, gone, conversations, selected, select }) {
  const focused = document.activeElement?.dataset?.conversation;
  const entry = (id, picture, name, about) =>
    conversationButton({ id, picture, name, about, conversations, selected, select });

  byId("room-entry").replaceChildren(
    entry(room.id, element("span", { class: "avatar room" }, icon("room")), room.name, room.about),
  );
  byId("people").replaceChildren(
    ...people.map((person) =>
      entry(person.id, withStatus(person), person.name, aboutPerson(person)),
    ),
    ...gone.map((person) => entry(person.id, avatar(person), person.name, "Left the room")),
  );
  byId("people-count").textContent = people.length > 0 ? String(people.length) : "";
  byId("people-none").hidden = people.length > 0;
  if (focused) {
    document.querySelector(`[data-conversation="${CSS.escape(focused)}"][type]`)?.focus();
  }
}

/** Role and status in words. */
export function aboutPerson({ role, status }) {
  const words = [role === "user" ? undefined : role, STATUS_WORDS[status] ?? "Available"];
  return words.filter(Boolean).join(" · ");
}

function conversationButton({ id, picture, name, about, conversations, selected, select }) {
  const unread = conversations.get(id)?.unread ?? 0;
  const button = element(
    "button",
    {
      type: "button",
      class: "entry",
      "data-testid": "conversation-entry",
      "data-conversation": id,
      "data-name": name,
      "aria-current": id === selected ? "true" : undefined,
      onclick: () => select(id),
    },
    picture,
    element(
      "span",
      { class: "entry-text" },
      element("span", { class: "entry-name", dir: "auto" }, name),
      element("span", { class: "entry-about" }, about),
    ),
    unread > 0 ? unreadBadge(unread) : undefined,
  );
  return element("li", {}, button);
}

function unreadBadge(unread) {
  return element(
    "span",
    { class: "badge", "data-testid": "unread" },
    String(unread),
    element("span", { class: "hidden-text" }, " unread"),
  );
}

function withStatus(person) {
  const status = STATUS_WORDS[person.status] ? person.status : "available";
  return element(
    "span",
    { class: "avatar-box" },
    avatar(person),
    element("span", { class: "dot", "data-status": status, "aria-hidden": "true" }),
  );
}

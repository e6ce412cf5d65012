// The page: joins a room, shows the chat and the state of the connection, leaves again.

import { Chat } from "./chat.js";
import { ChatRoom } from "./chat-room.js";
import { avatar, byId } from "./element.js";
import { admission, JoinForm } from "./join-form.js";
import { announce, paragraphs, showError } from "./notices.js";
import { errorWords } from "./words.js";

const STATE_WORDS = {
  idle: "Not connected",
  connecting: "Connecting…",
  open: "Connected",
  reconnecting: "Reconnecting…",
  closed: "Disconnected",
};

const chat = new Chat();
const form = new JoinForm(join);
let room;
let lastEntered;

byId("leave").addEventListener("click", leave);
byId("lost-leave").addEventListener("click", leave);
byId("reconnect").addEventListener("click", reconnect);
byId("invite").addEventListener("click", copyInvitation);
byId("show-people").addEventListener("click", showList);
byId("me-status").addEventListener("change", changeStatus);
addEventListener("pagehide", ({ persisted }) => {
  // A page that may come back keeps its place in the room.
  if (!persisted) {
    void room?.leave();
  }
});

if (form.fill(new URLSearchParams(location.search))) {
  byId("join").hidden = false;
  void form.submit();
} else {
  form.show();
}

async function join(entered, signal) {
  const { name, role } = entered;
  const joining = new ChatRoom({ ...(await wayTo(entered, signal)), name, role });
  joining.addEventListener("gap", () => onGap(joining));
  joining.addEventListener("state", () => showState(joining));
  joining.addEventListener("lost", ({ detail }) => onLost(joining, detail));
  await joining.enter({ signal });

  room = joining;
  lastEntered = entered;
  rememberInAddress(entered);
  form.hide();
  byId("app").hidden = false;
  showMe();
  showState(room);
  chat.open(room);
  chat.focus();
}

/** The room in this browser, or the address and the tokens of one elsewhere. */
async function wayTo(entered, signal) {
  if (entered.where === "local") {
    return { localName: entered.room };
  }
  const { url, token } = await admission(entered, signal);
  const tokens = [token];
  return { url, token: async () => tokens.pop() ?? (await admission(entered)).token };
}

async function leave() {
  const leaving = room;
  room = undefined;
  byId("app").hidden = true;
  byId("lost").hidden = true;
  byId("me-status").value = "available";
  chat.clear();
  document.title = "Room";
  history.replaceState(null, "", `?room=${encodeURIComponent(lastEntered.room)}`);
  form.show();
  announce("You left the room");
  await leaving?.leave();
}

async function reconnect() {
  const button = byId("reconnect");
  button.disabled = true;
  try {
    await join(lastEntered);
    byId("lost").hidden = true;
    announce("Connected again");
  } catch (error) {
    showLost(error);
  } finally {
    button.disabled = false;
  }
}

/** The server had to begin anew: whatever was said meanwhile did not reach us. */
function onGap(gapRoom) {
  if (gapRoom === room) {
    chat.suspend();
    showMe();
    showError("The connection was interrupted", new Error("some messages may be missing"));
  }
}

/** Attempts to join report their errors themselves; this is for a room one was in. */
function onLost(lostRoom, error) {
  if (lostRoom === room) {
    chat.suspend();
    showLost(error ?? new Error("the connection was lost"));
  }
}

function showLost(error) {
  const { message, hint } = errorWords(error);
  byId("lost-words").replaceChildren(...paragraphs("The connection is gone", message, hint));
  byId("lost").hidden = false;
  byId("reconnect").focus();
}

function showState({ state }) {
  for (const id of ["connection", "connection-short"]) {
    const node = byId(id);
    node.dataset.state = state;
    node.textContent = STATE_WORDS[state] ?? state;
  }
}

function showMe() {
  byId("room-name").textContent = room.roomName;
  byId("me-name").textContent = room.name;
  byId("me-avatar").replaceChildren(avatar(room.me));
}

/** A reload joins again; a token stays out of the address. */
function rememberInAddress({ name, room: roomName, role, token, where }) {
  const query = new URLSearchParams({ room: roomName });
  if (!token) {
    query.set("name", name);
  }
  if (role !== "user") {
    query.set("role", role);
  }
  if (where !== "server") {
    query.set("where", where);
  }
  history.replaceState(null, "", `?${query}`);
}

async function copyInvitation() {
  const { room: roomName, where } = lastEntered;
  const query = new URLSearchParams(
    where === "server" ? { room: roomName } : { room: roomName, where },
  );
  const link = `${location.origin}${location.pathname}?${query}`;
  try {
    await navigator.clipboard.writeText(link);
    flash(byId("invite"), "Link copied");
  } catch {
    prompt("Copy this link:", link);
  }
}

function flash(button, text) {
  const icon = button.firstElementChild;
  const before = [...button.childNodes];
  button.replaceChildren(icon, ` ${text}`);
  announce(text);
  setTimeout(() => button.replaceChildren(...before), 2_000);
}

function showList() {
  byId("app").dataset.view = "list";
  byId("app").querySelector('.entry[aria-current="true"]')?.focus();
}

async function changeStatus({ target }) {
  byId("me-dot").dataset.status = target.value;
  try {
    await room.setStatus(target.value);
  } catch (error) {
    showError("Your status was not changed", error);
  }
}

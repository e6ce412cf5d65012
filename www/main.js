// The page: joins a room, shows the chat and the state of the connection, leaves again.

import { Chat } from "./chat.js";
import { ChatRoom } from "./chat-room.js";
import { ConnectionState } from "./connection-state.js";
import { avatar, byId } from "./element.js";
import { Guide, guideSeat, isGuide } from "./guide.js";
import { admission, JoinForm } from "./join-form.js";
import { cutTheLine } from "./line.js";
import { announce, paragraphs, showError } from "./notices.js";
import { showView } from "./view.js";
import { errorWords } from "./words.js";

const chat = new Chat({ callGuide });
const form = new JoinForm(join);
const connection = new ConnectionState((text) => chat.note(text));
let room;
let guide;
let lastEntered;

byId("leave").addEventListener("click", leave);
byId("lost-leave").addEventListener("click", leave);
byId("reconnect").addEventListener("click", reconnect);
byId("invite").addEventListener("click", copyInvitation);
byId("guide").addEventListener("click", callGuide);
// A narrow window has only one of them in view.
const cutters = [byId("cut"), byId("cut-here")];
for (const cutter of cutters) {
  cutter.addEventListener("click", cutTheLine);
}
byId("show-people").addEventListener("click", showList);
byId("me-status").addEventListener("change", changeStatus);
addEventListener("pagehide", ({ persisted }) => {
  // A page that may come back keeps its place in the room.
  if (!persisted) {
    void guide?.leave();
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
  joining.addEventListener("state", ({ detail }) => connection.show(joining.state, detail));
  joining.addEventListener("people", () => showGuide(joining));
  joining.addEventListener("lost", ({ detail }) => onLost(joining, detail));
  await joining.enter({ signal });

  room = joining;
  lastEntered = entered;
  rememberInAddress(entered);
  form.hide();
  byId("app").hidden = false;
  showMe();
  connection.show(room.state);
  // What has no line cannot lose it.
  for (const cutter of cutters) {
    cutter.hidden = entered.where === "local";
  }
  chat.open(room);
  showGuide(room);
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
  const leaving = [guide, room];
  room = undefined;
  guide = undefined;
  byId("app").hidden = true;
  byId("lost").hidden = true;
  byId("me-status").value = "available";
  chat.clear();
  document.title = "Room";
  history.replaceState(null, "", `?room=${encodeURIComponent(lastEntered.room)}`);
  form.show();
  announce("You left the room");
  await Promise.all(leaving.map((one) => one?.leave()));
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
    connection.noteGap();
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

/** Lets a guide in, or sends ours away. */
async function callGuide() {
  const button = byId("guide");
  if (button.disabled) {
    return;
  }
  button.disabled = true;
  try {
    if (guide === undefined) {
      const seat = { ...lastEntered, ...guideSeat };
      const coming = new Guide(await wayTo(seat));
      await coming.enter();
      guide = coming;
    } else {
      const leaving = guide;
      guide = undefined;
      await leaving.leave();
    }
  } catch (error) {
    showError("The guide could not come", error);
  } finally {
    button.disabled = false;
    showGuide(room);
  }
}

/** One guide is enough, whoever invited it. A token that was given is for one person only. */
function showGuide(shown) {
  if (shown !== room || room === undefined) {
    return;
  }
  const isOthers = guide === undefined && [...room.people.values()].some(isGuide);
  const button = byId("guide");
  const isForOne = Boolean(lastEntered.token);
  button.hidden = isOthers || isForOne;
  byId("app").toggleAttribute("data-alone", room.people.size === 0 && !isForOne);
  button.setAttribute("aria-pressed", String(guide !== undefined));
  byId("guide-words").textContent =
    guide === undefined ? "Invite the guide" : "Send the guide away";
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
  showView("list");
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

// The form that asks for a name and a room, and gets a token for them.

import { byId } from "./element.js";
import { paragraphs } from "./notices.js";
import { errorWords } from "./words.js";

/** `join` is called with what was filled in and an abort signal; when it throws, the form says why. */
export class JoinForm {
  #join;
  #attempt = undefined;

  constructor(join) {
    this.#join = join;
    byId("join-form").addEventListener("submit", (event) => {
      event.preventDefault();
      void this.submit();
    });
    byId("join-stop").addEventListener("click", () => this.#attempt?.abort());
  }

  /** Fills in what the address of the page says. Returns whether that is enough to join. */
  fill(parameters) {
    for (const field of ["name", "room", "role", "where", "url", "token"]) {
      const value = parameters.get(field);
      if (value) {
        byId(`join-${field}`).value = value;
      }
    }
    byId("join-more").open = ["url", "token", "where"].some((name) => parameters.has(name));
    return Boolean(parameters.get("name") && parameters.get("room"));
  }

  show() {
    byId("join").hidden = false;
    const name = byId("join-name");
    (name.value ? byId("join-submit") : name).focus();
  }

  hide() {
    byId("join").hidden = true;
  }

  async submit() {
    const attempt = new AbortController();
    this.#attempt = attempt;
    this.#busy(true);
    showProblem(undefined);
    try {
      await this.#join(entered(), attempt.signal);
    } catch (error) {
      showProblem(attempt.signal.aborted ? undefined : error);
    } finally {
      this.#busy(false);
    }
  }

  #busy(busy) {
    const button = byId("join-submit");
    button.disabled = busy;
    button.textContent = busy ? "Joining…" : "Join the room";
    byId("join-stop").hidden = !busy;
  }
}

/** Where the room is, and the token for it: given, or asked from a server in development mode. */
export async function admission({ name, room, role, url, token }, signal) {
  if (token) {
    return { url: url || ownRoomUrl(room), token };
  }
  const response = await fetch("/dev/token", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ room, name, role }),
    signal,
  });
  if (!response.ok) {
    throw await refusal(response);
  }
  const issued = await response.json();
  return { url: url || issued.url, token: issued.token };
}

function entered() {
  const value = (field) => byId(`join-${field}`).value.trim();
  const fields = ["name", "room", "role", "where", "url", "token"];
  return Object.fromEntries(fields.map((field) => [field, value(field)]));
}

function ownRoomUrl(room) {
  const url = new URL(`/rooms/${encodeURIComponent(room)}`, location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}

async function refusal(response) {
  const body = await response.json().catch(() => undefined);
  const known = body?.message ? `the server gave no token: ${body.message}` : undefined;
  const error = new Error(known ?? `the server gave no token (status ${response.status})`);
  error.hint = known
    ? ""
    : "Only a server in development mode hands out tokens. Give one under “More options”, or choose the room in this browser there.";
  return error;
}

function showProblem(error) {
  const box = byId("join-error");
  box.hidden = error === undefined;
  box.replaceChildren();
  if (error !== undefined) {
    const { message, hint } = errorWords(error);
    box.append(...paragraphs("That did not work", message, hint));
    box.focus();
  }
}

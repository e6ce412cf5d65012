// A room as the chat needs it: the only module that knows the package and the messages on the wire.
//
// Messages are `chat.message` {text, scope, attachment: {name, mime}}. Streams have a header
// {kind: "file", scope, name, size, mime, sha256} or {kind: "live-text", scope}. `scope` says where
// a thing belongs: "room" or "direct".

import { reconnectPolicy } from "./line.js";
import { RoomClient } from "./pkg/index.js";
import { LocalRoom } from "./pkg/local.js";

/** The conversation of everybody; all others have the id of a participant. */
export const ROOM = "room";

const MESSAGE_TYPE = "chat.message";
/** People decide whether they want a file, and people take their time. */
const STREAM_OPEN_TIMEOUT_MS = 120_000;
const LONGEST_NAME = 60;

/**
 * Events: `people` when somebody came, changed or left (`detail`: `{ joined, left }`), `message`
 * (`detail`: `{ from, conversation, text, attachment }`), `state`, `gap` when messages may be
 * missing, and `lost` (`detail`: the error). The `detail` of `state` has `nextRetryAt`, if there is one.
 */
export class ChatRoom extends EventTarget {
  /** Those who are here, by id. */
  people = new Map();
  /** Takes an offered stream, or throws the reason why not: `({ reader, from, conversation, header })`. */
  takeStream = undefined;
  #client;
  #localRoom = undefined;
  #leaving = false;

  /** `localName` is the name of a room in this browser; otherwise `url` and `token` lead to one. */
  constructor({ url, token, localName, name, role }) {
    super();
    this.name = name;
    this.role = role;
    const options = { streamOpenTimeoutMs: STREAM_OPEN_TIMEOUT_MS };
    if (localName === undefined) {
      this.#client = new RoomClient({ url, token, reconnect: reconnectPolicy, ...options });
    } else {
      this.#localRoom = new LocalRoom(localName, { across: "tabs" });
      this.#client = this.#localRoom.client({ name, role, ...options });
    }
    this.#client.addEventListener("statechange", (event) => this.#onState(event));
    this.#client.addEventListener("discontinuity", () => this.#emit("gap"));
    this.#listen(this.#client.messaging);
  }

  /** Connects, and resolves when everybody who is here is known. */
  async enter({ signal } = {}) {
    const { messaging } = this.#client;
    // Together they take one round trip.
    await Promise.all([
      this.#client.connect({ signal }),
      messaging.enable((reader) => this.#onOffer(reader)),
    ]);
    this.#onPeople({});
  }

  async leave() {
    this.#leaving = true;
    await this.#client.close();
    await this.#localRoom?.close();
  }

  get state() {
    return this.#client.state;
  }

  get roomName() {
    return this.#client.roomName;
  }

  /** This page's own participant. */
  get me() {
    return { id: this.#client.localParticipant?.id ?? "", name: this.name, role: this.role };
  }

  /** Everybody else, or the one of a direct conversation if still here. */
  recipients(conversation) {
    const ids = conversation === ROOM ? [...this.people.keys()] : [conversation];
    return ids.map((id) => this.people.get(id)).filter(Boolean);
  }

  async setStatus(status) {
    await this.#client.localParticipant.setAttribute("status", status);
  }

  /** Sends a text, and with it a file if there is one. */
  async say(conversation, text, file) {
    const attachment = file && { name: file.name, mime: file.type };
    const message = { text, scope: scopeOf(conversation), attachment };
    const { messaging } = this.#client;
    if (conversation === ROOM) {
      await messaging.broadcastMessage(MESSAGE_TYPE, message, file);
    } else {
      await messaging.sendMessage(conversation, MESSAGE_TYPE, message, file);
    }
  }

  /** Offers a stream to one person; resolves when it is accepted. */
  openStream(person, conversation, header, signal) {
    return this.#client.messaging.createStream({
      to: person.id,
      header: { ...header, scope: scopeOf(conversation) },
      signal,
    });
  }

  #listen(messaging) {
    messaging.on("participant_added", ({ participant }) => this.#onPeople({ joined: participant }));
    messaging.on("participant_removed", ({ participant }) => this.#onPeople({ left: participant }));
    messaging.on("participant_attributes_updated", () => this.#onPeople({}));
    messaging.on("message", ({ message }) => this.#onMessage(message));
  }

  #onState(event) {
    this.#emit("state", { previous: event.previous, nextRetryAt: event.nextRetryAt });
    if (this.state === "closed" && !this.#leaving) {
      this.#emit("lost", event.reason);
    }
  }

  #onPeople({ joined, left }) {
    const before = this.people;
    const now = [...this.#client.messaging.remoteParticipants].map(personOf);
    this.people = new Map(now.map((person) => [person.id, person]));
    this.#emit("people", {
      joined: joined && this.people.get(joined.id),
      left: left && (before.get(left.id) ?? personOf(left)),
    });
  }

  #onMessage({ fromParticipantId, type, message, attachment }) {
    const from = this.#sender(fromParticipantId);
    const known = type === MESSAGE_TYPE && typeof message?.text === "string";
    this.#emit("message", {
      from,
      conversation: conversationOf(message, from),
      text: known ? message.text : `${type} ${JSON.stringify(message, null, 2)}`,
      isData: !known,
      attachment: attachment && fileOf(attachment, message?.attachment),
    });
  }

  #onOffer(reader) {
    const from = this.#sender(reader.from?.id ?? reader.from);
    const header = reader.header ?? {};
    return this.takeStream({ reader, from, header, conversation: conversationOf(header, from) });
  }

  #sender(id) {
    return this.people.get(id) ?? { id, name: "somebody", role: "", status: "" };
  }

  #emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

function scopeOf(conversation) {
  return conversation === ROOM ? "room" : "direct";
}

function conversationOf(message, from) {
  return message?.scope === "room" ? ROOM : from.id;
}

function personOf(participant) {
  const name = participant.getAttribute("name");
  return {
    id: participant.id,
    name: (typeof name === "string" && name.trim().slice(0, LONGEST_NAME)) || "unnamed",
    role: participant.role,
    status: participant.getAttribute("status"),
  };
}

function fileOf(bytes, description) {
  const name = typeof description?.name === "string" ? description.name : "attachment";
  const type = typeof description?.mime === "string" ? description.mime : "";
  return new File([bytes], name, { type });
}

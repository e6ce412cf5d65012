// What a map of message types checks, and what it knows. Compiled, never run.

import {
  type AnyMessages,
  type MessageOf,
  type MessageType,
  MessagingClient,
  type MessagingLink,
  type RemoteParticipant,
  RoomClient,
  type RoomMessage,
  type RoomMessageEvent,
} from "room-messaging";

import { same } from "./equal.js";

interface MyMessages {
  "chat.message": { text: string };
  cursor: { x: number; y: number };
}

const seat = { url: "wss://example.org/rooms/lobby", token: "token" };
const room = new RoomClient<MyMessages>(seat);

declare const peer: RemoteParticipant;
declare const file: File;
declare const signal: AbortSignal;

export async function sends() {
  await room.messaging.sendMessage(peer, "chat.message", { text: "hello" });
  await room.messaging.sendMessage("id", "cursor", { x: 1, y: 2 }, file);
  await room.messaging.sendMessage({ to: peer, type: "cursor", message: { x: 1, y: 2 }, signal });
  await room.messaging.broadcastMessage("chat.message", { text: "hello" });
  await room.messaging.broadcastMessage({
    type: "chat.message",
    message: { text: "hello" },
    attachment: file,
  });
}

export async function refusesToSend() {
  const { messaging } = room;
  // @ts-expect-error There is no such type.
  await messaging.sendMessage(peer, "chat.mesage", { text: "hello" });
  // @ts-expect-error A cursor has no text.
  await messaging.sendMessage(peer, "cursor", { text: "hello" });
  // @ts-expect-error Half a cursor.
  await messaging.sendMessage(peer, "cursor", { x: 1 });
  // @ts-expect-error The text is missing.
  await messaging.broadcastMessage("chat.message", {});
  // @ts-expect-error Text is no number.
  await messaging.broadcastMessage("cursor", { x: 1, y: "2" });
  // @ts-expect-error There is no such type.
  await messaging.broadcastMessage({ type: "chat", message: { text: "hello" } });
  // @ts-expect-error A cursor has no text.
  await messaging.broadcastMessage({ type: "cursor", message: { text: "hello" } });
  // @ts-expect-error Half a cursor.
  await messaging.sendMessage({ to: peer, type: "cursor", message: { y: 1 } });
}

export function listens() {
  room.messaging.on("message", ({ message }) => {
    same<typeof message, MessageOf<MyMessages>>();
    same<typeof message.type, "chat.message" | "cursor">();
    same<typeof message.fromParticipantId, string>();
    switch (message.type) {
      case "chat.message":
        same<typeof message, RoomMessage<"chat.message", { text: string }>>();
        same<typeof message.message.text, string>();
        // @ts-expect-error That is the cursor.
        console.log(message.message.x);
        break;
      case "cursor":
        same<typeof message.message, { x: number; y: number }>();
        break;
      default:
        same<typeof message, never>();
    }
    // @ts-expect-error There is no such type.
    return message.type === "chat.mesage";
  });
  room.messaging.addEventListener("message", (event) => {
    same<typeof event, RoomMessageEvent<MyMessages>>();
  });
  const onMessage = ({ message }: RoomMessageEvent<MyMessages>) => console.log(message.type);
  room.messaging.once("message", onMessage).off("message", onMessage);
}

export function namesWhatItKnows(cursor: MessageOf<MyMessages, "cursor">) {
  same<MessageType<MyMessages>, "chat.message" | "cursor">();
  same<MessageType<AnyMessages>, string>();
  same<MessageOf<AnyMessages>, RoomMessage>();
  const { x, y } = cursor.message;
  same<typeof room.messaging, MessagingClient<MyMessages>>();
  const wider: RoomMessage = cursor;
  return [wider, x + y];
}

/** A subclass says itself what it says. */
class Chat extends MessagingClient<MyMessages> {
  readonly texts: string[] = [];

  constructor(link: MessagingLink) {
    super(link);
    this.on("message", ({ message }) => {
      if (message.type === "chat.message") {
        this.texts.push(message.message.text);
      }
    });
  }

  say(text: string): Promise<void> {
    // @ts-expect-error There is no such type.
    void this.broadcastMessage("chat", { text });
    return this.broadcastMessage("chat.message", { text });
  }
}

export async function infersTheSubclass() {
  const chat = new RoomClient({ ...seat, messaging: Chat });
  same<typeof chat.messaging, Chat>();
  await chat.messaging.say("hello");
  await chat.messaging.sendMessage(peer, "cursor", { x: 1, y: 2 });
  // @ts-expect-error Half a cursor.
  await chat.messaging.sendMessage(peer, "cursor", { x: 1 });
  const typed: RoomClient<MyMessages> = chat;
  const exact = new RoomClient<MyMessages, Chat>({ ...seat, messaging: Chat });
  return [typed, exact.messaging.say("hello"), new RoomClient<MyMessages>({ ...seat })];
}

/** Code for any map. */
export function counts<Messages extends { [Type in keyof Messages]: object }>(
  client: RoomClient<Messages>,
  count: (type: MessageType<Messages>) => void,
) {
  client.messaging.on("message", ({ message }) => count(message.type as MessageType<Messages>));
}

export function fitsWhereAnyClientDoes() {
  // biome-ignore lint/suspicious/noExplicitAny: a client of any map
  const close = (client: RoomClient<any>) => client.close();
  // @ts-expect-error There one could say anything.
  const messaging: MessagingClient = room.messaging;
  counts(room, (type) => same<typeof type, "chat.message" | "cursor">());
  counts(new RoomClient(seat), (type) => same<typeof type, string>());
  return [close(room), close(new RoomClient({ ...seat, messaging: Chat })), messaging];
}

/** A map may know some types and let others pass. */
interface OpenMessages {
  cursor: { x: number; y: number };
  [type: string]: object;
}

export async function knowsSomeTypes({ messaging }: RoomClient<OpenMessages>) {
  await messaging.broadcastMessage("cursor", { x: 1, y: 2 });
  await messaging.broadcastMessage("anything", { goes: true });
  // @ts-expect-error Half a cursor.
  await messaging.broadcastMessage("cursor", { x: 1 });
  messaging.on("message", ({ message }) => same<typeof message, RoomMessage>());
}

// @ts-expect-error A message is an object.
export type Wrong = RoomClient<{ count: number }>;

// What may be asked of a MessagingClient, and what its events hold. Compiled, never run.

import type {
  MessagingClient,
  ParticipantAttributesEvent,
  ParticipantEvent,
  RemoteParticipant,
  RoomError,
  RoomMessage,
  RoomMessageEvent,
  StreamClosedEvent,
  StreamOpenedEvent,
} from "room-messaging";

import { same } from "./equal.js";

declare const messaging: MessagingClient;
declare const peer: RemoteParticipant;
declare const signal: AbortSignal;

export async function enables() {
  await messaging.enable();
  await messaging.enable((reader) => console.log(reader.streamId));
  await messaging.enable(async (reader) => {
    for await (const { data } of reader) console.log(data.byteLength);
  });
  await messaging.enable({ signal });
  await messaging.enable({ onStreamAccept: undefined, signal: undefined });
  await messaging.disable();
  await messaging.disable({ signal });
  same<typeof messaging.isEnabled, boolean>();
  // @ts-expect-error Not a function.
  await messaging.enable("yes");
}

export function knowsTheOthers() {
  for (const participant of messaging.remoteParticipants) {
    same<typeof participant, RemoteParticipant>();
  }
  const found = messaging.getParticipant("id");
  same<typeof found, RemoteParticipant | undefined>();
  const named = messaging.getParticipantByName("ada");
  same<typeof named, RemoteParticipant | undefined>();
  same<typeof peer.id, string>();
  same<typeof peer.role, string>();
  same<typeof peer.name, string>();
  const mood: string = peer.getAttribute("mood");
  const attribute = peer.attributes.mood;
  same<typeof attribute, unknown>();
  // @ts-expect-error Nobody else changes it.
  peer.id = mood;
}

interface Greeting {
  text: string;
}

export async function sends(file: File, greeting: Greeting) {
  await messaging.sendMessage(peer, "greeting", { text: "hello" });
  await messaging.sendMessage("id", "greeting", greeting);
  await messaging.sendMessage(peer, "greeting", {}, new Uint8Array(1));
  await messaging.sendMessage(peer, "greeting", {}, new ArrayBuffer(1));
  await messaging.sendMessage(peer, "greeting", {}, new DataView(new ArrayBuffer(1)));
  await messaging.sendMessage(peer, "greeting", {}, file);
  await messaging.sendMessage(peer, "greeting", {}, new Blob());
  await messaging.sendMessage(peer, "greeting", {}, undefined);
  await messaging.sendMessage({
    to: peer,
    type: "greeting",
    message: {},
    attachment: file,
    signal,
  });
  await messaging.broadcastMessage("greeting", greeting, file);
  await messaging.broadcastMessage({ type: "greeting", message: greeting, signal: undefined });
}

export async function refusesToSend() {
  // @ts-expect-error No recipient.
  await messaging.sendMessage({ type: "greeting", message: {} });
  // @ts-expect-error No message.
  await messaging.sendMessage(peer, "greeting");
  // @ts-expect-error A message is an object.
  await messaging.sendMessage(peer, "greeting", "hello");
  // @ts-expect-error An attachment is bytes.
  await messaging.sendMessage(peer, "greeting", {}, "hello");
  // @ts-expect-error There is no recipient of a broadcast.
  await messaging.broadcastMessage({ to: peer, type: "greeting", message: {} });
}

export function listens() {
  messaging.on("message", (event) => {
    same<typeof event, RoomMessageEvent>();
    same<typeof event.message, RoomMessage>();
    same<typeof event.message.type, string>();
    same<typeof event.message.fromParticipantId, string>();
    same<typeof event.message.attachment, Uint8Array | undefined>();
    const text: string = event.message.message.text;
    console.log(text);
  });
  messaging.once("participant_added", (event) => same<typeof event, ParticipantEvent>());
  messaging.addEventListener(
    "participant_removed",
    ({ participant }) => same<typeof participant, RemoteParticipant>(),
    { once: true, signal },
  );
  messaging.addEventListener("participant_attributes_updated", {
    handleEvent(event) {
      same<typeof event, ParticipantAttributesEvent>();
      same<typeof event.changed, Readonly<Record<string, unknown>>>();
    },
  });
  messaging.on("messaging_enabled", (event) => same<typeof event, Event>());
  messaging.on("stream_opened", (event) => same<typeof event, StreamOpenedEvent>());
  messaging.on("stream_closed", (event) => {
    same<typeof event, StreamClosedEvent>();
    same<typeof event.streamId, string>();
    same<typeof event.error, RoomError | undefined>();
  });
}

export function stopsListening() {
  const onMessage = async ({ message }: RoomMessageEvent) => console.log(message.type);
  const same: MessagingClient = messaging.on("message", onMessage).off("message", onMessage);
  same.removeEventListener("message", onMessage);
  same.addEventListener("an event of the application's", (event) => console.log(event.type));
  same.addEventListener("message", null);
  // @ts-expect-error There is no such event.
  same.on("mesage", onMessage);
  // @ts-expect-error This event has no message.
  same.on("participant_added", onMessage);
  // @ts-expect-error Nor here.
  same.addEventListener("participant_added", onMessage);
}

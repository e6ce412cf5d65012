// What the React hooks take and give. Compiled, never run.

import { createElement, type ReactElement } from "react";
import {
  type MessageOf,
  type MessageStreamReader,
  type MessageStreamWriter,
  MessagingClient,
  RoomClient,
  type RoomError,
  type RoomMessage,
  type RoomState,
} from "room-messaging";
import {
  createRoomHooks,
  type Participant,
  RoomProvider,
  useMessages,
  useParticipants,
  useRoom,
  useSendMessage,
  useStream,
  useStreams,
} from "room-messaging/react";

import { same } from "./equal.js";

interface MyMessages {
  "chat.message": { text: string };
  cursor: { x: number; y: number };
}

const options = { url: "wss://example.org/rooms/lobby", token: async () => "token" };
const client = new RoomClient<MyMessages>(options);

export const trees: ReactElement[] = [
  createElement(RoomProvider, { options }),
  createElement(RoomProvider, { options }, createElement("p")),
  createElement(RoomProvider, { client }),
  createElement(RoomProvider, { client: new RoomClient(options) }, "hello"),
];

// @ts-expect-error Either of them.
createElement(RoomProvider, { options, client });
// @ts-expect-error One of them.
createElement(RoomProvider, {});
// @ts-expect-error The token is missing.
createElement(RoomProvider, { options: { url: "wss://example.org/" } });

export function Anything() {
  const room = useRoom();
  same<typeof room.client, RoomClient>();
  same<typeof room.state, RoomState>();
  same<typeof room.error, RoomError | undefined>();
  const participants = useParticipants();
  same<typeof participants, readonly Participant[]>();
  const all = useMessages();
  same<typeof all, readonly RoomMessage[]>();
  const last = useMessages("chat.message", { limit: 1 });
  same<typeof last, readonly RoomMessage[]>();
  const { text, bytes, isDone } = useStream(undefined);
  same<typeof text, string>();
  same<typeof bytes, number>();
  same<typeof isDone, boolean>();
  const { send, broadcast, isSending, error } = useSendMessage();
  same<typeof isSending, boolean>();
  same<typeof error, RoomError | undefined>();
  const { incoming, outgoing, open } = useStreams();
  same<typeof incoming, readonly MessageStreamReader[]>();
  same<typeof outgoing, readonly MessageStreamWriter[]>();
  useStreams(async (reader) => console.log(reader.streamId), { accepts: ({ header }) => !!header });
  useMessages(undefined, { limit: undefined });
  // @ts-expect-error A type is text.
  useMessages(5);
  return async (file: File, participant: Participant) => {
    const isSent = await send(participant, "chat.message", { text: "hello" }, file);
    same<typeof isSent, boolean>();
    await send({ to: "id", type: "chat.message", message: {} });
    await broadcast("anything", { goes: true });
    await file.stream().pipeTo((await open(participant, { name: file.name })).bytes());
    // @ts-expect-error A message is an object.
    await broadcast("chat.message", "hello");
  };
}

/** With the map named at each hook. */
export function Named() {
  const { client } = useRoom<MyMessages>();
  same<typeof client, RoomClient<MyMessages>>();
  const all = useMessages<MyMessages>();
  same<typeof all, readonly MessageOf<MyMessages>[]>();
  const cursors = useMessages<MyMessages, "cursor">("cursor");
  same<typeof cursors, readonly MessageOf<MyMessages, "cursor">[]>();
  // @ts-expect-error There is no such type.
  useMessages<MyMessages>("chat.mesage");
  return useSendMessage<MyMessages>().broadcast("cursor", { x: 1, y: 2 });
}

/** With the map named once. */
const hooks = createRoomHooks<MyMessages>();

export function Typed() {
  const cursors = hooks.useMessages("cursor");
  same<typeof cursors, readonly MessageOf<MyMessages, "cursor">[]>();
  const texts = hooks.useMessages("chat.message", { limit: 5 }).map(({ message }) => message.text);
  same<typeof texts, string[]>();
  const all = hooks.useMessages();
  for (const message of all) {
    if (message.type === "cursor") {
      same<typeof message.message.x, number>();
    }
  }
  // @ts-expect-error There is no such type.
  hooks.useMessages("chat.mesage");
  const { client } = hooks.useRoom();
  same<typeof client, RoomClient<MyMessages>>();
  const { send, broadcast } = hooks.useSendMessage();
  void send("id", "cursor", { x: 1, y: 2 });
  void broadcast({ type: "chat.message", message: { text: "hello" } });
  // @ts-expect-error Half a cursor.
  void send("id", "cursor", { x: 1 });
  // @ts-expect-error There is no such type.
  void broadcast("chat", { text: "hello" });
  return createElement(hooks.RoomProvider, { client });
}

/** With a class of one's own. */
class Chat extends MessagingClient<MyMessages> {
  say(text: string): Promise<void> {
    return this.broadcastMessage("chat.message", { text });
  }
}

const chatHooks = createRoomHooks<MyMessages, Chat>();

export function Spoken() {
  void chatHooks.useRoom().client.messaging.say("hello");
  return createElement(chatHooks.RoomProvider, { options: { ...options, messaging: Chat } });
}

// @ts-expect-error A message is an object.
createRoomHooks<{ count: number }>();

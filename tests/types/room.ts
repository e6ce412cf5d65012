// What may be asked of a RoomClient, and what it gives. Compiled, never run.

import {
  type Attributes,
  type CallOptions,
  init,
  MessagingClient,
  type MessagingLink,
  RoomClient,
  RoomError,
  type RoomErrorCode,
  type RoomState,
  type StateChangeEvent,
} from "room-messaging";

import { same } from "./equal.js";

export async function connects(signal: AbortSignal, maybe: AbortSignal | undefined) {
  const room = new RoomClient({ url: "wss://example.org/rooms/lobby", token: "token" });
  same<typeof room, RoomClient>();
  same<typeof room.messaging, MessagingClient>();
  same<typeof room.state, RoomState>();
  same<typeof room.roomName, string | undefined>();
  same<typeof room.roomUrl, string | undefined>();
  same<typeof room.sessionId, string | undefined>();

  same<ReturnType<typeof room.connect>, Promise<void>>();
  await room.connect({ signal });
  await room.connect({ signal: maybe } satisfies CallOptions);
  await room.close();
  await using other = new RoomClient({
    url: new URL("https://example.org/"),
    token: () => "token",
  });
  return other;
}

export const everyOption = new RoomClient({
  url: "ws://127.0.0.1:8787/rooms/lobby",
  token: async () => "token",
  messaging: MessagingClient,
  handshakeTimeoutMs: 1,
  requestTimeoutMs: 1,
  streamOpenTimeoutMs: undefined,
  streamWindowBytes: 1,
  maxMessageBytes: 1,
});

// @ts-expect-error The token is missing.
new RoomClient({ url: "ws://127.0.0.1/" });
// @ts-expect-error The url is missing.
new RoomClient({ token: "token" });
// @ts-expect-error A token function gives text.
new RoomClient({ url: "ws://127.0.0.1/", token: () => 5 });
// @ts-expect-error Numbers are milliseconds.
new RoomClient({ url: "ws://127.0.0.1/", token: "token", requestTimeoutMs: "1 s" });
// @ts-expect-error This is no MessagingClient.
new RoomClient({ url: "ws://127.0.0.1/", token: "token", messaging: EventTarget });

export class Chat extends MessagingClient {
  readonly #lines: string[] = [];

  constructor(link: MessagingLink) {
    super(link);
    this.on("message", ({ message }) => this.#lines.push(message.type));
  }

  say(text: string): Promise<void> {
    return this.broadcastMessage("chat.message", { text });
  }
}

export function knowsItsMessaging() {
  const room = new RoomClient({ url: "ws://127.0.0.1/", token: "token", messaging: Chat });
  same<typeof room.messaging, Chat>();
  const wider: RoomClient = room;
  const target: EventTarget = room;
  return [wider, target, room.messaging.say("hello")];
}

export function listens(room: RoomClient) {
  room.addEventListener("statechange", (event) => {
    same<typeof event, StateChangeEvent>();
    same<typeof event.current, RoomState>();
    same<typeof event.previous, RoomState>();
    same<typeof event.reason, RoomError | undefined>();
    same<typeof event.attempt, number | undefined>();
    same<typeof event.nextRetryAt, number | undefined>();
  });
  room.on("discontinuity", ({ reason }) => same<typeof reason, RoomError>());
  // @ts-expect-error No participant changes its state.
  room.on("participant_added", () => {});
}

export async function describesOneself({ localParticipant }: RoomClient) {
  same<typeof localParticipant.id, string>();
  same<typeof localParticipant.name, string>();
  same<typeof localParticipant.attributes, Attributes>();
  await localParticipant.setAttribute("mood", { good: true });
  await localParticipant.setAttributes({ mood: null, list: [1, "two"] });
  // @ts-expect-error Attributes are set, not assigned.
  localParticipant.attributes.mood = "good";
}

export function tellsErrorsApart(error: unknown) {
  if (!(error instanceof RoomError)) {
    return undefined;
  }
  same<typeof error.code, RoomErrorCode>();
  same<typeof error.hint, string>();
  same<typeof error.retryable, boolean>();
  same<typeof error.cause, unknown>();
  // @ts-expect-error There is no such code.
  const isOther = error.code === "connexion-lost";
  return isOther || error.code === "connection-lost";
}

export async function loads(response: Promise<Response>, bytes: ArrayBuffer) {
  const sources = [undefined, "/room.wasm", new URL("https://example.org/"), response, bytes];
  for (const source of sources) {
    await init(source);
  }
}

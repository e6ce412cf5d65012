// What may be asked of a LocalRoom, and what it gives. Compiled, never run.

import { MessagingClient, type RoomClient, type WasmSource } from "room-messaging";
import {
  initLocal,
  type LocalClientOptions,
  LocalRoom,
  type LocalRoomOptions,
} from "room-messaging/local";

import { same } from "./equal.js";

class Loud extends MessagingClient {}

export async function rehearse(source: WasmSource, options: LocalRoomOptions | undefined) {
  same<ReturnType<typeof initLocal>, Promise<void>>();
  await initLocal();
  await initLocal(source);
  await using room = new LocalRoom("lobby", options);
  same<typeof room.name, string>();
  const ada = room.client({ name: "ada" });
  same<typeof ada, RoomClient>();
  const bob = room.client({ name: "bob", role: "agent", attributes: { n: 1 }, messaging: Loud });
  same<typeof bob.messaging, Loud>();
  const named: LocalClientOptions = { name: "cleo", reconnect: false, requestTimeoutMs: 5 };
  room.client(named);
  // @ts-expect-error: there is no server
  room.client({ name: "dan", url: "ws://127.0.0.1" });
  // @ts-expect-error: everybody has a name
  room.client({});
  // @ts-expect-error: nor is there anything else to share it with
  new LocalRoom("lobby", { across: "worlds" });
  return room.close();
}

// What may be asked of a TestRoom, and what it gives. Compiled, never run.

import { MessagingClient, type RoomClient } from "room-messaging";
import {
  type RunOptions,
  type TestNetwork,
  TestRoom,
  type TestRoomOptions,
} from "room-messaging/testing";

import { same } from "./equal.js";

class Loud extends MessagingClient {}

interface Said {
  hello: { text: string };
}

export async function rehearse(options: TestRoomOptions | undefined, run: RunOptions) {
  await using room = new TestRoom("lobby", options);
  same<typeof room.name, string>();
  same<typeof room.now, number>();
  const ada = room.client<Said>({ name: "ada" });
  same<typeof ada, RoomClient<Said>>();
  const bob = room.client({ name: "bob", role: "agent", messaging: Loud });
  same<typeof bob.messaging, Loud>();
  await room.run(Promise.all([ada.connect(), bob.connect()]));
  const seven = await room.run(Promise.resolve(7), run);
  same<typeof seven, number>();
  const network = room.network(ada);
  same<typeof network, TestNetwork>();
  room.network(bob).cut();
  network.silence();
  network.hold(1000);
  network.slow(1e6);
  network.offline();
  network.offline(5000);
  network.online();
  same<typeof network.isConnected, boolean>();
  room.restart();
  room.restart(1000);
  await room.advance(1000);
  new TestRoom("lobby", { latencyMs: 5 });
  new TestRoom("lobby", { seed: 7, latencyMs: [5, 50] });
  // @ts-expect-error: a seed is a number
  new TestRoom("lobby", { seed: "seven" });
  // @ts-expect-error: two bounds
  new TestRoom("lobby", { latencyMs: [5] });
  // @ts-expect-error: there is no server
  room.client({ name: "dan", url: "ws://127.0.0.1" });
  // @ts-expect-error: a promise, not a function
  await room.run(() => ada.connect());
  // @ts-expect-error: a client, not its name
  room.network("ada");
  return room.close();
}

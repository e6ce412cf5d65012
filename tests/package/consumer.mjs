// A stranger's TypeScript that uses the package.

/** Strict, and with the package's declarations checked like our own files. */
export function tsconfig(resolution) {
  return {
    compilerOptions: {
      target: "es2022",
      lib: ["es2022", "dom", "dom.iterable"],
      module: resolution === "nodenext" ? "nodenext" : "esnext",
      moduleResolution: resolution,
      jsx: "react-jsx",
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      skipLibCheck: false,
      types: [],
      noEmit: true,
    },
    files: ["consumer.ts", "components.tsx"],
  };
}

export const CONSUMER = `
import { MessagingClient, RoomClient, RoomError } from "room-messaging";
import { RoomClient as InlineClient } from "room-messaging/inline";
import { initLocal, LocalRoom } from "room-messaging/local";
import { TestRoom } from "room-messaging/testing";

// The same class, whichever entry it comes from.
export const same: typeof RoomClient = InlineClient;

class LoudMessaging extends MessagingClient {}

export async function talk(url: string, file: File): Promise<string> {
  const room = new RoomClient({ url, token: async () => "token" });
  room.messaging.on("message", (event) => {
    const bytes: Uint8Array | undefined = event.message.attachment ?? undefined;
    console.log(event.message.type, event.message.fromParticipantId, bytes?.byteLength);
  });
  room.messaging.addEventListener("participant_added", (event) => {
    console.log(event.participant.id);
  });
  try {
    await room.connect();
    await room.messaging.enable();
    for (const peer of room.messaging.remoteParticipants) {
      await room.messaging.sendMessage(peer, "greeting", { text: "hello" });
      const writer = await room.messaging.createStream(peer, { name: file.name });
      await file.stream().pipeTo(writer.bytes());
    }
    return "done";
  } catch (error) {
    return error instanceof RoomError ? error.code : "unknown";
  } finally {
    room.close();
  }
}

export async function rehearse(wasm: BufferSource): Promise<MessagingClient> {
  await initLocal(wasm);
  await using room = new LocalRoom("lobby");
  const ada = room.client({ name: "ada", role: "agent", messaging: LoudMessaging, reconnect: false });
  const loud: LoudMessaging = ada.messaging;
  return loud;
}

export async function test(): Promise<number> {
  await using room = new TestRoom("lobby", { seed: 7, latencyMs: [5, 50] });
  const ada = room.client({ name: "ada" });
  await room.run(ada.connect());
  room.network(ada).cut();
  await room.advance(1000);
  return room.now;
}

export { LoudMessaging };
`;

/** A stranger's components. */
export const COMPONENTS = `
import { createRoomHooks } from "room-messaging/react";

interface MyMessages {
  "chat.message": { text: string };
}

const { RoomProvider, useMessages, useRoom, useStream, useStreams } = createRoomHooks<MyMessages>();

export const App = ({ url, token }: { url: string; token: string }) => (
  <RoomProvider options={{ url, token }}>
    <Chat />
  </RoomProvider>
);

function Chat() {
  const { state, error } = useRoom();
  const { incoming } = useStreams(() => {});
  const { text } = useStream(incoming[0]);
  // @ts-expect-error the type is misspelled
  useMessages("chat.mesage");
  const messages = useMessages("chat.message");
  return (
    <p aria-busy={state !== "open"}>
      {error?.hint} {text} {messages.map(({ message }) => message.text.trim()).join()}
    </p>
  );
}
`;

/** A room in Node, where files are not fetched. */
export const LOCAL = `
import { LocalRoom } from "room-messaging/local";

const room = new LocalRoom("lobby");
const [ada, bob] = ["ada", "bob"].map((name) => room.client({ name }));
for (const client of [ada, bob]) {
  await client.connect();
  await client.messaging.enable();
}
const heard = new Promise((resolve) => bob.messaging.once("message", resolve));
await ada.messaging.broadcastMessage("greeting", { text: "hello" });
const { message } = await heard;
const from = bob.messaging.getParticipant(message.fromParticipantId);
console.log(from.name + " says " + message.message.text);
await room.close();
`;

/** A room for tests in Node, in virtual time. */
export const TESTING = `
import { TestRoom } from "room-messaging/testing";

const room = new TestRoom("lobby", { latencyMs: 10 });
const ada = room.client({ name: "ada" });
await room.run(ada.connect());
room.network(ada).cut();
await room.advance(60_000);
console.log(ada.state + " at " + room.now);
await room.close();
`;

// room-messaging, as it comes.

import { RoomClient } from "/pkg/index.js";

import { start, startAtOnce } from "./common.js";

const client = new URLSearchParams(location.search).get("client");
const isPlain = client !== "ours";
const packetBytes = client === "ours-plain" ? 256 * 1024 : undefined;
if (isPlain) {
  // The server takes us for somebody else, and announces nothing.
  globalThis.WebSocket = class extends WebSocket {
    constructor(url, protocols) {
      const plain = new URL(url);
      plain.searchParams.delete("room-messaging");
      super(plain.href, protocols);
    }
  };
}

// Its memory, to see whether it grows.
let memory;
for (const name of ["instantiate", "instantiateStreaming"]) {
  const instantiate = WebAssembly[name];
  WebAssembly[name] = async (...args) => {
    const made = await instantiate.apply(WebAssembly, args);
    memory = (made.instance ?? made).exports.memory;
    return made;
  };
}

start(async ({ url, token, other }) => {
  const room = new RoomClient({ url, token, packetBytes });
  const early = [];
  let to;
  const peer = {
    early,
    onMessage: (...message) => early.push(message),
    send: (kind, text = "", bytes = undefined) =>
      room.messaging.sendMessage(to, kind, { text }, bytes),
    broadcast: (kind, text) => room.messaging.broadcastMessage(kind, { text }),
    async pump(total, size) {
      const writer = await room.messaging.createStream(to, { kind: "pump" });
      const data = new Uint8Array(size);
      for (let sent = 0; sent < total; sent += size) {
        await writer.write({ header: {}, data });
      }
      await writer.close();
      await writer.closed;
    },
    async pipe(file, isPiped) {
      const kind = isPiped ? "pipe" : "pump";
      const writer = await room.messaging.createStream(to, { kind });
      await file.stream().pipeTo(writer.bytes());
      await writer.closed;
    },
  };
  room.messaging.on("message", ({ message }) => {
    const { fromParticipantId, type, attachment } = message;
    const answer = (kind, text) => room.messaging.sendMessage(fromParticipantId, kind, { text });
    peer.onMessage(type, message.message.text, attachment, answer);
  });
  const onStream = async (reader) => {
    if (reader.header.kind === "pipe") {
      await reader.bytes().pipeTo(new WritableStream());
      return;
    }
    for await (const chunk of reader) {
      void chunk;
    }
  };
  // Together, which saves a round trip where the server is ours.
  await Promise.all([room.connect(), room.messaging.enable(onStream)]);
  const find = () => room.messaging.getParticipantByName(other);
  while (find() === undefined) {
    await new Promise((resolve) => room.messaging.once("participant_added", resolve));
  }
  to = find();
  return peer;
});
globalThis.bench.wasmBytes = () => memory?.buffer.byteLength ?? 0;
void startAtOnce();

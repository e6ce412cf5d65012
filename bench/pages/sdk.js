// The official SDK, unmodified.

import { start, startAtOnce, Window } from "./common.js";

// With `import` it gives its build for ES modules, which has `exports` in it and fails.
const { RoomClient, WebSocketClientProtocol } = require("@meshagent/meshagent");

const WINDOW = 128;

start(async ({ url, token, other }) => {
  const room = new RoomClient({
    protocolFactory: () => new WebSocketClientProtocol({ url, token }),
  });
  await room.start();
  const early = [];
  let to;
  const peer = {
    early,
    onMessage: (...message) => early.push(message),
    send: (kind, text = "", bytes = undefined) =>
      room.messaging.sendMessage({ to, type: kind, message: { text }, attachment: bytes }),
    broadcast: (kind, text) => room.messaging.broadcastMessage({ type: kind, message: { text } }),
    async pump(total, size) {
      const window = new Window(WINDOW);
      const data = new Uint8Array(size);
      for (let sent = 0; sent < total; sent += size) {
        await window.take();
        peer.send("chunk", "", data).then(() => window.give(1));
      }
      await window.empty();
    },
  };
  room.messaging.on("message", ({ message }) => {
    // It hands messages of the system to its listeners too.
    if (/^(messaging|participant)\./.test(message.type)) {
      return;
    }
    const { fromParticipantId, type, attachment } = message;
    const answer = (kind, text) => {
      const known = [...room.messaging.remoteParticipants];
      const sender = known.find((one) => one.id === fromParticipantId);
      room.messaging.sendMessage({ to: sender, type: kind, message: { text } });
    };
    peer.onMessage(type, message.message.text, attachment, answer);
  });
  await room.messaging.enable();
  const find = () =>
    [...room.messaging.remoteParticipants].find((one) => one.getAttribute("name") === other);
  while (find() === undefined) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  to = find();
  return peer;
});
void startAtOnce();

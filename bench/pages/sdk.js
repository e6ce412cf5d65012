// The official SDK, unmodified.

import { start, Window } from "./common.js";

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
    peer.onMessage(message.type, message.message.text, message.attachment);
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

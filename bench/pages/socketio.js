// socket.io with its own server and acknowledgements, as its documentation shows it.

import { io } from "socket.io-client";

import { start, startAtOnce, Window } from "./common.js";

const WINDOW = 128;

start(async ({ room, ports }) => {
  const socket = io(`http://127.0.0.1:${ports.socketio}`, { transports: ["websocket"] });
  const early = [];
  const peer = {
    early,
    onMessage: (...message) => early.push(message),
    send: (kind, text = "", bytes = undefined) =>
      new Promise((resolve) => socket.emit("send", kind, { text }, bytes, resolve)),
    broadcast: (kind, text) => peer.send(kind, text),
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
  socket.on("sent", (kind, { text }, bytes) => peer.onMessage(kind, text, bytes));
  const both = new Promise((resolve) => socket.once("both", resolve));
  socket.emit("join", room);
  await both;
  return peer;
});
void startAtOnce();

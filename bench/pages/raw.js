// The limit: bytes that were written before, one WebSocket message for each, nothing parsed, nothing
// acknowledged.

import { start, startAtOnce, Window } from "./common.js";

const KINDS = [
  "ping",
  "pong",
  "expect",
  "ready",
  "count",
  "counted",
  "big",
  "bigger",
  "chunk",
  "got",
  "news",
];
const encoder = new TextEncoder();
const decoder = new TextDecoder();
const WINDOW = 128;
const GIVE_EVERY = 32;

start(async ({ room, ports }) => {
  const socket = new WebSocket(`ws://127.0.0.1:${ports.relay}/${room}`);
  socket.binaryType = "arraybuffer";
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = reject;
  });
  const known = new Map();
  const window = new Window(WINDOW);
  let received = 0;

  const frame = (kind, text = "", bytes = undefined) => {
    const key = `${kind} ${text}`;
    if (bytes === undefined && known.has(key)) {
      return known.get(key);
    }
    const body = bytes ?? encoder.encode(text);
    const whole = new Uint8Array(1 + body.byteLength);
    whole[0] = KINDS.indexOf(kind);
    whole.set(body, 1);
    if (bytes === undefined) {
      known.set(key, whole);
    }
    return whole;
  };
  const peer = {
    onMessage: () => {},
    send(kind, text, bytes) {
      socket.send(frame(kind, text, bytes));
    },
    broadcast(kind, text) {
      socket.send(frame(kind, text));
    },
    async pump(total, size) {
      const chunk = frame("chunk", "", new Uint8Array(size));
      for (let sent = 0; sent < total; sent += size) {
        await window.take();
        socket.send(chunk);
      }
      socket.send(frame("got", "flush"));
      await window.empty();
    },
  };
  peer.pipe = async (file) => {
    const one = new Uint8Array([KINDS.indexOf("chunk")]);
    const write = async (bytes) => {
      const chunk = new Uint8Array(1 + bytes.byteLength);
      chunk.set(one);
      chunk.set(bytes, 1);
      await window.take();
      socket.send(chunk);
    };
    await file.stream().pipeTo(new WritableStream({ write }));
    socket.send(frame("got", "flush"));
    await window.empty();
  };
  socket.onmessage = ({ data }) => {
    const bytes = new Uint8Array(data, 1);
    const kind = KINDS[new Uint8Array(data, 0, 1)[0]];
    if (kind === "chunk") {
      received += 1;
      if (received === GIVE_EVERY) {
        socket.send(frame("got", String(received)));
        received = 0;
      }
    } else if (kind === "got") {
      const text = decoder.decode(bytes);
      if (text === "flush") {
        socket.send(frame("got", String(received)));
        received = 0;
      } else {
        window.give(Number(text));
      }
    } else {
      // Text is only read where a number is in it.
      const text = kind === "expect" || kind === "bigger" ? decoder.decode(bytes) : "";
      peer.onMessage(kind, kind === "ping" ? "x".repeat(89) : text, bytes);
    }
  };
  return peer;
});
void startAtOnce();

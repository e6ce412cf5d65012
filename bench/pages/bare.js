// The floor: the frames that our client sends, written and read by as little JavaScript as can do it.
// Nothing is checked, there are no events, and it cannot go on after a loss. What it needs more than `raw`
// are the protocol and the server; what our client needs more than it, is our client.

import { start, startAtOnce, Window } from "./common.js";

const isPlain = new URLSearchParams(location.search).get("client") === "bare-plain";
const PACKET_BYTES = isPlain ? 256 * 1024 : 2 ** 31;
const WINDOW = 128;
const GIVE_EVERY = 32;
/** The same with the large pieces of a file: with more under way, the server calls the other page too slow. */
const PIECES = 8;
/** The server answers chunks of streams when something else leaves, if it knows that this is ours. */
const CHUNK = "stream.chunk";
/** What begins a batch; see crates/proto/src/batch.rs. */
const HEAD = new Uint8Array([255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 5]);
const LAST_BYTES = 16 * 1024;
const LARGE_BYTES = 512 * 1024;
const ALL_ONES = 0xffffffff;
const NOTHING = new Uint8Array();

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The packets of one message. */
function packetsOf(id, kind, json, payload) {
  const body = new Uint8Array(8 + json.length * 3 + payload.length);
  const { written } = encoder.encodeInto(json, body.subarray(8));
  new DataView(body.buffer).setUint32(4, written);
  body.set(payload, 8 + written);
  const length = 8 + written + payload.length;
  const count = Math.ceil(length / PACKET_BYTES);
  const first = new Uint8Array(16 + kind.length);
  encoder.encodeInto(kind, first.subarray(16));
  number(first, 4, id);
  number(first, 12, count);
  const packets = [first];
  for (let index = 1; index <= count; index += 1) {
    const from = (index - 1) * PACKET_BYTES;
    const slice = body.subarray(from, Math.min(length, from + PACKET_BYTES));
    const packet = new Uint8Array(12 + slice.length);
    number(packet, 4, id);
    number(packet, 8, index);
    packet.set(slice, 12);
    packets.push(packet);
  }
  return packets;
}

function number(bytes, at, value) {
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(at, value);
}

/** Puts packets of one task into one WebSocket message, and sends the others at once. */
class Sender {
  #socket;
  #packets = [];

  constructor(socket) {
    this.#socket = socket;
  }

  send(packets) {
    for (const packet of packets) {
      if (isPlain) {
        this.#socket.send(packet);
      } else if (packet.length >= LARGE_BYTES) {
        this.#flush();
        this.#socket.send(packet);
      } else {
        if (this.#packets.length === 0) {
          queueMicrotask(() => this.#flush());
        }
        this.#packets.push(packet);
        if (packet.length >= LAST_BYTES || this.#packets.length >= 1024) {
          this.#flush();
        }
      }
    }
  }

  #flush() {
    const packets = this.#packets;
    this.#packets = [];
    if (packets.length < 2) {
      packets.forEach((packet) => {
        this.#socket.send(packet);
      });
      return;
    }
    const length = packets.reduce((sum, packet) => sum + 4 + packet.length, HEAD.length);
    const batch = new Uint8Array(length);
    batch.set(HEAD);
    let at = HEAD.length;
    for (const packet of packets) {
      number(batch, at, packet.length);
      batch.set(packet, at + 4);
      at += 4 + packet.length;
    }
    this.#socket.send(batch);
  }
}

/** Gives whole messages: `onMessage(id, kind, json, payload)`. */
function reader(onMessage) {
  let open;
  const onPacket = (buffer, from, to) => {
    const view = new DataView(buffer, from, to - from);
    const id = view.getUint32(4);
    if (view.getUint32(0) === ALL_ONES) {
      return;
    }
    if (view.getUint32(8) === 0) {
      const kind = decoder.decode(new Uint8Array(buffer, from + 16, to - from - 16));
      open = { kind, count: view.getUint32(12), slices: [] };
      return;
    }
    open.slices.push(new Uint8Array(buffer, from + 12, to - from - 12));
    if (open.slices.length === open.count) {
      const body = open.count === 1 ? open.slices[0] : joined(open.slices);
      const end = 8 + new DataView(body.buffer, body.byteOffset).getUint32(4);
      const json = JSON.parse(decoder.decode(body.subarray(8, end)));
      onMessage(id, open.kind, json, body.subarray(end));
    }
  };
  return ({ data }) => {
    const view = new DataView(data);
    if (view.getUint32(0) !== ALL_ONES || view.getUint32(8) !== 5) {
      onPacket(data, 0, data.byteLength);
      return;
    }
    for (let at = HEAD.length; at < data.byteLength; ) {
      const length = view.getUint32(at);
      onPacket(data, at + 4, at + 4 + length);
      at += 4 + length;
    }
  };
}

function joined(slices) {
  const whole = new Uint8Array(slices.reduce((sum, slice) => sum + slice.length, 0));
  let at = 0;
  for (const slice of slices) {
    whole.set(slice, at);
    at += slice.length;
  }
  return whole;
}

start(async ({ url, token, other }) => {
  const address = new URL(url);
  address.searchParams.set("token", token);
  if (!isPlain) {
    address.searchParams.set("room-messaging", "1");
  }
  const socket = new WebSocket(address);
  socket.binaryType = "arraybuffer";
  const sender = new Sender(socket);
  const window = new Window(WINDOW);
  const answers = new Map();
  const early = [];
  let lastId = 0;
  let received = 0;
  let to;

  const request = (kind, json, payload = NOTHING) => {
    lastId += 1;
    const id = lastId;
    sender.send(packetsOf(id, kind, json, payload));
    return new Promise((resolve) => answers.set(id, resolve));
  };
  const tool = (name, fields) =>
    request(
      "room.invoke_tool",
      `{"toolkit":"messaging","tool":"${name}","arguments":{"type":"json","json":${fields}}}`,
    );
  const message = (name, kind, text, bytes, recipient) => {
    const json = JSON.stringify({ text });
    const last = recipient === undefined ? "" : `,"to_participant_id":"${recipient}"`;
    if (!isPlain) {
      return request(`messaging.${name}`, `{"type":"${kind}","message":${json}${last}}`, bytes);
    }
    const base64 = bytes === undefined ? "" : `,"attachment_base64":"${bytes.toBase64()}"`;
    return tool(name, `{"type":"${kind}","message_json":${JSON.stringify(json)}${base64}${last}}`);
  };
  const peer = {
    early,
    onMessage: (...message) => early.push(message),
    send: (kind, text = "", bytes = undefined) => message("send", kind, text, bytes, to),
    broadcast: (kind, text) => message("broadcast", kind, text),
    async pump(total, size) {
      const data = new Uint8Array(size);
      for (let sent = 0; sent < total; sent += size) {
        await window.take();
        peer.send(CHUNK, "", data);
      }
      peer.send("got", "flush");
      await window.empty();
    },
    async pipe(file) {
      window.size = PIECES;
      const write = async (bytes) => {
        await window.take();
        peer.send(CHUNK, "large", bytes);
      };
      await file.stream().pipeTo(new WritableStream({ write }));
      peer.send("got", "flush");
      await window.empty();
      window.size = WINDOW;
    },
  };
  const give = (from) => {
    message("send", "got", String(received), undefined, from);
    received = 0;
  };
  const onMessage = (kind, text, bytes, from) => {
    if (kind === CHUNK) {
      received += 1;
      if (received === GIVE_EVERY || text === "large") {
        give(from);
      }
    } else if (kind === "got" && text === "flush") {
      give(from);
    } else if (kind === "got") {
      window.give(Number(text));
    } else {
      const answer = (kind, text) => message("send", kind, text, undefined, from);
      peer.onMessage(kind, text, bytes, answer);
    }
  };

  const found = new Promise((resolve) => {
    const look = (participants) =>
      participants.find(({ id, attributes }) => attributes.name === other && resolve(id));
    socket.onmessage = reader((id, kind, json, payload) => {
      if (kind === "__response__" || kind === "__responses__") {
        for (let answered = id; answered < id + (json.count ?? 1); answered += 1) {
          answers.get(answered)?.();
          answers.delete(answered);
        }
      } else if (kind === "room_ready") {
        isPlain ? tool("enable", "{}") : request("messaging.enable", "{}");
      } else if (json.type === "messaging.enabled") {
        look(json.message.participants);
      } else if (json.type === "participant.enabled") {
        look([json.message]);
      } else if (kind === "messaging.send") {
        onMessage(json.type, json.message.text, payload, json.from_participant_id);
      }
    });
    socket.onclose = ({ code, reason }) => console.error(`closed: ${code} ${reason}`);
  });
  to = await found;
  return peer;
});
void startAtOnce();

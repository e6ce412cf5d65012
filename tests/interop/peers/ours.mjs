// Our client as a peer of the tests, inside a page. `ours` is the module of the built package.

import { pattern } from "./pattern.mjs";

export function oursPeer(ours) {
  let room = null;
  const received = [];

  return {
    async join({ url, token }) {
      room = new ours.RoomClient({ url, token });
      room.messaging.on("message", (event) => received.push(describe(event.message)));
      await room.connect();
      return room.localParticipant.id;
    },
    async enable() {
      await room.messaging.enable();
    },
    async disable() {
      await room.messaging.disable();
    },
    participants() {
      return [...room.messaging.remoteParticipants].map((peer) => ({
        id: peer.id,
        role: peer.role,
        name: peer.getAttribute("name"),
        mood: peer.getAttribute("mood"),
      }));
    },
    async send({ to, type, message, size }) {
      const attachment = size === null ? undefined : pattern(size);
      await room.messaging.sendMessage(to, type, message, attachment);
    },
    async broadcast({ type, message, size }) {
      const attachment = size === null ? undefined : pattern(size);
      await room.messaging.broadcastMessage(type, message, attachment);
    },
    async burst({ to, type, count }) {
      const sends = Array.from({ length: count }, (_, index) =>
        room.messaging.sendMessage(to, type, { index }),
      );
      await Promise.all(sends);
    },
    async setAttribute({ name, value }) {
      await room.localParticipant.setAttribute(name, value);
    },
    async received() {
      return Promise.all(received.splice(0));
    },
    async leave() {
      await room.close();
    },
  };
}

async function describe(message) {
  const bytes = message.attachment ?? new Uint8Array(0);
  const digest = await crypto.subtle.digest("SHA-256", bytes);
  const sha256 = [...new Uint8Array(digest)]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
  return {
    from: message.fromParticipantId,
    type: message.type,
    message: message.message,
    size: bytes.length,
    sha256,
  };
}

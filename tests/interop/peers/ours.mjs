// Our client as a peer of the tests, inside a page. `ours` is the module of the built package.

import { pattern } from "./pattern.mjs";

export function oursPeer(ours) {
  let room = null;
  let duplex = null;
  const received = [];
  const duplexInbox = [];

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
    /** Accepts the streams that come, or refuses them for `reason`. */
    answerDuplex({ reason = null }) {
      room.messaging.on("stream_requested", (event) => {
        if (reason !== null) {
          event.reject(reason);
          return;
        }
        duplexInbox.push(describe(event.message));
        duplex = event.accept();
        void follow(duplex, duplexInbox);
      });
    },
    async openDuplex({ to, type, message, size }) {
      const attachment = size === null ? undefined : pattern(size);
      duplex = await room.messaging.stream({ to, type, message, attachment });
      void follow(duplex, duplexInbox);
      return duplex.streamId;
    },
    async sendDuplex({ type, message, size }) {
      await duplex.send(type, message, size === null ? undefined : pattern(size));
    },
    async receivedDuplex() {
      return Promise.all(duplexInbox.splice(0));
    },
    async closeDuplex() {
      await duplex.close();
    },
    async leave() {
      await room.close();
    },
  };
}

async function follow(stream, inbox) {
  try {
    for await (const message of stream) {
      inbox.push(describe(message));
    }
    inbox.push({ end: "over" });
  } catch (error) {
    inbox.push({ end: error.code });
  }
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

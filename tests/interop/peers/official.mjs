// An official TypeScript client as a peer of the tests. Runs in Node and in a browser page: it is
// handed the SDK's module, and touches nothing else of its surroundings.

import { pattern } from "./pattern.mjs";

/** Makes the operations that every peer of these tests has. */
export function officialPeer(sdk) {
  const state = { room: null, received: [], removed: [], ready: null };

  const find = (id) => state.room.messaging.remoteParticipants.find((peer) => peer.id === id);
  // A recipient that is not listed goes to the server as it is, which is what the tests want.
  const recipient = (id) => find(id) ?? { id };

  return {
    async join({ url, token }) {
      const protocol = () => new sdk.WebSocketClientProtocol({ url, token });
      // 0.35.8 takes a protocol, later versions a factory.
      state.room = new sdk.RoomClient({ protocol: safely(protocol), protocolFactory: protocol });
      state.room.messaging.on("message", (event) => record(state, event.message));
      state.room.messaging.on("participant_removed", (event) => state.removed.push(event));
      await state.room.start();
      await until(() => state.room.localParticipant !== null);
      return state.room.localParticipant.id;
    },
    async enable() {
      await state.room.messaging.enable();
    },
    async disable() {
      await state.room.messaging.disable();
    },
    participants() {
      return state.room.messaging.remoteParticipants.map((peer) => ({
        id: peer.id,
        role: peer.role,
        name: peer.getAttribute("name"),
        mood: peer.getAttribute("mood"),
      }));
    },
    async send({ to, type, message, size }) {
      const attachment = size === null ? undefined : pattern(size);
      await state.room.messaging.sendMessage({ to: recipient(to), type, message, attachment });
    },
    async broadcast({ type, message, size }) {
      const attachment = size === null ? undefined : pattern(size);
      await state.room.messaging.broadcastMessage({ type, message, attachment });
    },
    async burst({ to, type, count }) {
      const peer = recipient(to);
      const sends = Array.from({ length: count }, (_, index) =>
        state.room.messaging.sendMessage({ to: peer, type, message: { index } }),
      );
      await Promise.all(sends);
    },
    async setAttribute({ name, value }) {
      await state.room.localParticipant.setAttribute(name, value);
    },
    async received() {
      return Promise.all(state.received.splice(0));
    },
    async leave() {
      state.room.dispose();
    },
  };

  // Each SDK reads only one of the two; the other must not open a second socket.
  function safely(make) {
    return sdk.RoomClient.length === 0 ? undefined : make();
  }
}

// The clients hand system messages to their listeners too; the tests look at the list for those.
function record(state, message) {
  if (/^(messaging|participant)\./.test(message.type)) {
    return;
  }
  state.received.push(describe(message));
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

async function until(condition) {
  for (let tries = 0; tries < 500 && !condition(); tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  if (!condition()) {
    throw new Error("the official client did not get ready in five seconds");
  }
}

// Our client as a peer of the tests, inside a page. `ours` is the module of the built package.

import { pattern } from "./pattern.mjs";

export function oursPeer(ours) {
  let room = null;
  let duplex = null;
  const duplexInbox = [];
  let writer = null;
  const received = [];
  const readers = [];

  async function read(reader) {
    const seen = { header: reader.header, chunks: [], end: null };
    readers.push(seen);
    try {
      for await (const chunk of reader) {
        seen.chunks.push({ header: chunk.header, ...(await digest(chunk.data)) });
      }
      seen.end = "clean";
    } catch (error) {
      seen.end = error.code ?? String(error);
    }
  }

  return {
    async join({ url, token }) {
      room = new ours.RoomClient({ url, token });
      room.messaging.on("message", (event) => received.push(describe(event.message)));
      await room.connect();
      return room.localParticipant.id;
    },
    /** `streams` is "accept", or a reason to refuse them. */
    async enable({ streams } = {}) {
      const take = (reader) => {
        if (streams !== "accept") {
          throw new Error(streams);
        }
        void read(reader);
      };
      await room.messaging.enable(streams === undefined ? undefined : take);
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
        streams: peer.getAttribute("streams"),
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
    async openStream({ to, header }) {
      writer = await room.messaging.createStream(to, header);
    },
    async writeChunks({ chunks }) {
      for (const { header, size } of chunks) {
        await writer.write({ header, data: pattern(size) });
      }
    },
    async closeStream() {
      await writer.close();
    },
    async abortStream({ reason }) {
      await writer.abort(reason);
    },
    /** How the stream that we write ends: `clean`, or the code of the error. */
    writerEnd() {
      return writer.closed.then(
        () => "clean",
        (error) => error.code,
      );
    },
    /** What has been read of every stream that was accepted. */
    streams() {
      return readers;
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
  return {
    from: message.fromParticipantId,
    type: message.type,
    message: message.message,
    ...(await digest(message.attachment ?? new Uint8Array(0))),
  };
}

async function digest(bytes) {
  const hash = await crypto.subtle.digest("SHA-256", bytes);
  const sha256 = [...new Uint8Array(hash)]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
  return { size: bytes.length, sha256 };
}

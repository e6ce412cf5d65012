// What every consumer does: two members exchange a message with an attachment, and a stream.

/** The script of a consumer that has the package under this name. */
export function exchangeScript(name) {
  return `
import { MessageStreamChunk, RoomClient } from ${JSON.stringify(name)};

export async function exchange(seats) {
  const [ada, bob] = seats.map((seat) => new RoomClient(seat));
  for (const room of [ada, bob]) {
    await room.connect();
  }
  const text = new Promise((resolve, reject) => {
    bob.messaging.enable((reader) => {
      new Response(reader.bytes()).text().then(resolve, reject);
    });
  });
  await ada.messaging.enable();
  const heard = new Promise((resolve) => bob.messaging.once("message", resolve));
  const id = bob.localParticipant.id;
  while (ada.messaging.getParticipant(id) === undefined) {
    await new Promise((resolve) => ada.messaging.once("participant_added", resolve));
  }
  await ada.messaging.sendMessage(id, "greeting", { text: "hello" }, new Uint8Array([1, 2, 3]));
  const { message } = await heard;
  const stream = await ada.messaging.createStream(id, { name: "poem" });
  await stream.write(new MessageStreamChunk({}, new TextEncoder().encode("over the wire")));
  await stream.close();
  const received = {
    type: message.type,
    message: message.message,
    bytes: [...message.attachment],
    stream: await text,
  };
  await Promise.all([ada.close(), bob.close()]);
  return received;
}
`;
}

/** What it gives. */
export const EXCHANGED = {
  type: "greeting",
  message: { text: "hello" },
  bytes: [1, 2, 3],
  stream: "over the wire",
};

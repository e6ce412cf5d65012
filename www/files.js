// Files as streams: out to each person of a conversation, in to a Blob.

import { checksum } from "./file-view.js";
import { announce } from "./notices.js";
import { TransferCard } from "./transfer-card.js";
import { countText, errorWords, listText } from "./words.js";

const LARGEST_HASHED_FIRST_BYTES = 128 * 1024 * 1024;
/** What is larger is asked about before it is received. */
const ASK_ABOVE_BYTES = 8 * 1024 * 1024;
const LONGEST_NAME = 200;

/** Sends `file` to everybody in the conversation, one stream each, shown as one card. */
export async function sendFile(room, conversation, file) {
  const recipients = room.recipients(conversation.id);
  const card = new TransferCard({ name: file.name, size: file.size });
  conversation.addCard({ from: room.me, own: true, card: card.node });
  if (recipients.length === 0) {
    card.fail("Nobody is here to receive it.");
    return;
  }

  const stop = new AbortController();
  const cancel = () => stop.abort(new Error(`${room.name} cancelled the file`));
  card.wait(`waiting for ${listText(recipients.map((person) => person.name))}`, cancel);
  const header = await fileHeader(file);
  const deliveries = recipients.map((person) => new FileDelivery(room, conversation.id, person));
  const show = () => showDeliveries(card, deliveries, file.size, cancel);
  await Promise.all(deliveries.map((one) => one.send(file, header, stop.signal, show)));
  await conclude(card, deliveries, file, stop.signal);
}

/** Receives the file that `reader` offers; throws to decline. Small files need no question. */
export async function receiveFile(room, conversation, { reader, from, header }) {
  const name = String(header.name ?? "file").slice(0, LONGEST_NAME);
  const size = Number.isSafeInteger(header.size) && header.size >= 0 ? header.size : undefined;
  const card = new TransferCard({ name, size: size ?? 0 });
  conversation.addCard({ from, own: false, card: card.node });
  announce(`${from.name} offers the file ${name}`);

  if (size === undefined) {
    card.fail("Declined: the size was not announced.");
    throw new Error("the header has no size");
  }
  if (size > ASK_ABOVE_BYTES) {
    await askFirst(room, card, { reader, from });
  }
  void collect(room, card, { reader, from, header, name, size });
}

async function askFirst(room, card, { reader, from }) {
  // Also when the sender leaves.
  const withdrawn = reader.closed.catch(() => {});
  const answer = await card.ask(`${from.name} wants to send it`, withdrawn);
  if (answer === undefined) {
    card.fail(room.people.has(from.id) ? `${from.name} cancelled it.` : `${from.name} left.`);
    throw new Error("the offer was withdrawn");
  }
  if (!answer) {
    card.fail("You declined it.");
    throw new Error(`${room.name} declined the file`);
  }
}

async function collect(room, card, { reader, from, header, name, size }) {
  const stop = new AbortController();
  card.run(() => stop.abort(new Error(`${room.name} cancelled the file`)));
  try {
    const counted = counter((bytes) => card.progress(bytes, size), size);
    const bytes = reader.bytes().pipeThrough(counted, { signal: stop.signal });
    const file = new File(await all(bytes), name, { type: String(header.mime ?? "") });
    if (file.size !== size) {
      throw new Error(`${file.size} bytes came, ${size} were announced`);
    }
    await card.finish("received", { file, keep: true, sha256: header.sha256 });
    announce(`Received ${name} from ${from.name}`);
  } catch (error) {
    card.fail(stop.signal.aborted ? "You cancelled it." : errorWords(error).message);
  }
}

/** The pieces of a stream. (`Response` would hide why a stream failed.) */
export async function all(stream) {
  const pieces = [];
  await stream.pipeTo(new WritableStream({ write: (piece) => void pieces.push(piece) }));
  return pieces;
}

/** The way of one file to one person. */
class FileDelivery {
  bytes = 0;
  state = "waiting";
  error = undefined;

  constructor(room, conversation, person) {
    this.room = room;
    this.conversation = conversation;
    this.person = person;
  }

  /** Never rejects: how it ended stands in `state` and `error`. */
  async send(file, header, signal, show) {
    try {
      const writer = await this.room.openStream(this.person, this.conversation, header, signal);
      this.state = "running";
      show();
      const counted = counter((bytes) => {
        this.bytes = bytes;
        show();
      });
      await file.stream().pipeThrough(counted).pipeTo(writer.bytes(), { signal });
      this.state = "done";
    } catch (error) {
      this.state = "failed";
      this.error = error;
    }
    show();
  }

  get line() {
    const words = {
      waiting: "waiting",
      running: "receiving",
      done: "has it",
      failed: this.error && errorWords(this.error).message,
    };
    return `${this.person.name}: ${words[this.state]}`;
  }
}

async function fileHeader(file) {
  const { name, size, type } = file;
  const sha256 = size <= LARGEST_HASHED_FIRST_BYTES ? await checksum(file) : undefined;
  return { kind: "file", name, size, mime: type, sha256 };
}

function showDeliveries(card, deliveries, size, cancel) {
  const going = deliveries.filter((one) => one.state !== "failed");
  const bytes = going.reduce((sum, one) => sum + one.bytes, 0);
  if (card.node.dataset.state === "waiting" && going.some((one) => one.state === "running")) {
    card.run(cancel);
  }
  if (card.node.dataset.state === "running") {
    card.progress(bytes, size * Math.max(going.length, 1));
  }
  const agree = deliveries.every((one) => one.state === deliveries[0].state);
  card.showPeople(agree ? [] : deliveries.map((one) => one.line));
}

async function conclude(card, deliveries, file, signal) {
  const failed = deliveries.filter((one) => one.state === "failed");
  const done = deliveries.filter((one) => one.state === "done");
  if (done.length > 0) {
    const names = listText(done.map((one) => one.person.name));
    const missed =
      failed.length > 0 ? `, not to ${countText(failed.length, "other", "others")}` : "";
    await card.finish(`sent to ${names}${missed}`, { file });
  } else if (signal.aborted) {
    card.fail("You cancelled it.");
  } else {
    card.fail(errorWords(failed[0].error).message);
  }
}

/** Counts the bytes that pass; more than `limit` is an error. */
function counter(report, limit = Number.POSITIVE_INFINITY) {
  let bytes = 0;
  return new TransformStream({
    transform(chunk, controller) {
      bytes += chunk.byteLength;
      if (bytes > limit) {
        throw new Error(`more than the ${limit} announced bytes came`);
      }
      report(bytes);
      controller.enqueue(chunk);
    },
  });
}

// What may be asked of streams. Compiled, never run.

import {
  MessageStreamChunk,
  type MessageStreamReader,
  MessageStreamWriter,
  type MessagingClient,
  type RemoteParticipant,
  type StreamAcceptCallback,
} from "room-messaging";

import { same } from "./equal.js";

declare const messaging: MessagingClient;
declare const peer: RemoteParticipant;
declare const signal: AbortSignal;

export async function writes(file: File) {
  await using writer = await messaging.createStream(peer, { name: file.name });
  same<typeof writer, MessageStreamWriter>();
  same<typeof writer.streamId, string>();
  same<typeof writer.to, string>();
  same<typeof writer.desiredSize, number>();
  await writer.write({ header: { n: 1 }, data: new Uint8Array(1) });
  await writer.write({ data: new ArrayBuffer(1) });
  await writer.write(new MessageStreamChunk(null, new DataView(new ArrayBuffer(1))));
  await writer.close();
  await writer.abort(new Error("the disk is full"));
  await file.stream().pipeTo(writer.bytes());
  await file.stream().pipeThrough(new CompressionStream("gzip")).pipeTo(writer.bytes(), { signal });

  await messaging.createStream("id");
  await messaging.createStream({ to: peer });
  await messaging.createStream({ to: "id", header: [1, null], signal, timeoutMs: 1000 });
}

export async function refusesToWrite(writer: MessageStreamWriter) {
  // @ts-expect-error No recipient.
  await messaging.createStream({ header: {} });
  // @ts-expect-error No data.
  await writer.write({ header: {} });
  // @ts-expect-error Data is bytes.
  await writer.write({ data: "text" });
  // @ts-expect-error Text is to be encoded first.
  await new ReadableStream<string>().pipeTo(writer.bytes());
  // @ts-expect-error Only `createStream()` makes one.
  new MessageStreamWriter();
}

export const reads: StreamAcceptCallback = async (reader) => {
  same<typeof reader, MessageStreamReader>();
  same<typeof reader.streamId, string>();
  same<typeof reader.from, RemoteParticipant>();
  const name: string = reader.header.name;
  for await (const chunk of reader) {
    same<typeof chunk, MessageStreamChunk>();
    same<typeof chunk.data, Uint8Array>();
    const n: number = chunk.header.n;
    console.log(n);
  }
  await reader.cancel(`enough of ${name}`);
};

export async function pipes(reader: MessageStreamReader) {
  const readable: ReadableStream<MessageStreamChunk> = reader.readable;
  const plain = reader.bytes().pipeThrough(new DecompressionStream("gzip"));
  const text = reader.bytes().pipeThrough(new TextDecoderStream());
  const response = new Response(reader.bytes());
  return [readable, plain, text, await response.arrayBuffer()];
}

/** What an application does to chunks on their way, such as encryption. */
export async function transforms(
  reader: MessageStreamReader,
  writer: MessageStreamWriter,
  change: (data: Uint8Array) => Promise<ArrayBuffer>,
) {
  const transform = new TransformStream<MessageStreamChunk, MessageStreamChunk>({
    async transform({ header, data }, controller) {
      controller.enqueue(new MessageStreamChunk(header, await change(data)));
    },
  });
  await reader.readable.pipeThrough(transform).pipeTo(writer.writable);
}

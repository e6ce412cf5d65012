// Streams in a real browser, against the real server: the platform's own streams at both ends.

import assert from "node:assert/strict";
import { after, before, beforeEach, it } from "node:test";

import { openStage } from "./stage.mjs";

let stage;
let page;
let rooms = 0;

before(async () => {
  stage = await openStage();
});

after(async () => {
  await stage?.close();
});

/** A fresh page with `ada` and `bob`; what is offered to bob goes to `globalThis.onOffer`. */
beforeEach(async () => {
  await page?.context().close();
  rooms += 1;
  page = await stage.pair(`streams-${rooms}`);
  await page.evaluate(async () => {
    const { ada, bob } = globalThis;
    await bob.messaging.enable((reader) => globalThis.onOffer(reader));
    /** Opens a stream; gives both ends. */
    globalThis.open = async (header = {}) => {
      const offered = new Promise((resolve) => {
        globalThis.onOffer = resolve;
      });
      const writer = await ada.messaging.createStream(globalThis.toBob, header);
      return { writer, reader: await offered };
    };
  });
});

it("chunks arrive with their headers, in order, and the end is an end", async () => {
  const seen = await page.evaluate(async () => {
    const { open, lib, ada } = globalThis;
    const { writer, reader } = await open({ name: "test", list: [1, null] });
    const chunks = [];
    const reading = (async () => {
      for await (const chunk of reader) {
        chunks.push([chunk.header, [...chunk.data], chunk instanceof lib.MessageStreamChunk]);
      }
    })();
    await writer.write({ header: { n: 1 }, data: new Uint8Array([1, 2]) });
    await writer.write(new lib.MessageStreamChunk(null, new Uint8Array()));
    await writer.close();
    await reading;
    return {
      chunks,
      header: reader.header,
      from: (reader.from.id ?? reader.from) === ada.localParticipant.id,
      same: reader.streamId === writer.streamId,
    };
  });
  assert.deepEqual(seen, {
    chunks: [
      [{ n: 1 }, [1, 2], true],
      [null, [], true],
    ],
    header: { name: "test", list: [1, null] },
    from: true,
    same: true,
  });
});

it("a file is piped through gzip and arrives whole", async () => {
  const seen = await page.evaluate(async () => {
    const { open, help } = globalThis;
    const bytes = help.pattern(3_000_001);
    const file = new File([bytes], "data.bin");
    const { writer, reader } = await open({ name: file.name });
    const compressed = reader.bytes();
    const arriving = new Response(compressed.pipeThrough(new DecompressionStream("gzip")));
    const sent = file.stream().pipeThrough(new CompressionStream("gzip")).pipeTo(writer.bytes());
    const arrived = new Uint8Array(await arriving.arrayBuffer());
    await sent;
    return {
      length: arrived.length,
      equal: (await help.sha256(arrived)) === (await help.sha256(bytes)),
    };
  });
  assert.deepEqual(seen, { length: 3_000_001, equal: true });
});

it("large data goes in pieces for which there is room", async () => {
  await stage.join(page, `streams-${rooms}`, "cid", {
    client: { streamWindowBytes: 128 * 1024 },
  });
  const { toBob, toCid } = await page.evaluate(async () => {
    const { ada, bob, cid, help } = globalThis;
    /** How large the pieces are that the other side reads. */
    const sizes = async ({ messaging, localParticipant }) => {
      const found = new Promise((resolve) => {
        void messaging.enable(async (reader) => {
          const pieces = [];
          for await (const { data } of reader) {
            pieces.push(data.byteLength);
          }
          resolve(pieces);
        });
      });
      const to = await help.meet(ada, localParticipant.id);
      const bytes = (await ada.messaging.createStream(to)).bytes().getWriter();
      await bytes.write(new Uint8Array(16 * 1024 * 1024));
      await bytes.close();
      return found;
    };
    return { toBob: await sizes(bob), toCid: await sizes(cid) };
  });
  const sum = (sizes) => sizes.reduce((sum, size) => sum + size, 0);
  assert.deepEqual([sum(toBob), sum(toCid)], [16 * 1024 * 1024, 16 * 1024 * 1024]);
  assert.equal(Math.max(...toBob), 256 * 1024);
  assert.equal(Math.max(...toCid), 128 * 1024);
});

it("chunks are encrypted by a TransformStream of the application", async () => {
  const seen = await page.evaluate(async () => {
    const { open, help } = globalThis;
    const key = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, [
      "encrypt",
      "decrypt",
    ]);
    const encrypt = () =>
      new TransformStream({
        async transform({ header, data }, controller) {
          const iv = crypto.getRandomValues(new Uint8Array(12));
          const secret = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, data);
          controller.enqueue({ header: { ...header, iv: [...iv] }, data: new Uint8Array(secret) });
        },
      });
    const decrypt = () =>
      new TransformStream({
        async transform({ header, data }, controller) {
          const iv = new Uint8Array(header.iv);
          const plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv }, key, data);
          controller.enqueue({ header, data: new Uint8Array(plain) });
        },
      });
    const { writer, reader } = await open();
    const { readable, writable } = encrypt();
    const sent = readable.pipeTo(writer.writable);
    const lengths = [];
    const received = (async () => {
      for await (const { header, data } of reader.readable.pipeThrough(decrypt())) {
        lengths.push([header.n, data.length, data[0], data.at(-1)]);
      }
    })();
    const into = writable.getWriter();
    for (let n = 1; n <= 5; n += 1) {
      await into.write({ header: { n }, data: help.pattern(n * 1000, n) });
    }
    await into.close();
    await Promise.all([sent, received]);
    return lengths;
  });
  const expected = [1, 2, 3, 4, 5].map((n) => [n, n * 1000, n, ((n * 1000 - 1) * 31 + n) & 255]);
  assert.deepEqual(seen, expected);
});

it("an offer is refused with the reason, or when nobody takes streams", async () => {
  const failures = await page.evaluate(async () => {
    const { ada, bob, toBob, help } = globalThis;
    const offer = () => help.failure(() => ada.messaging.createStream(toBob, {}));
    globalThis.onOffer = () => {
      throw new Error("not today");
    };
    const thrown = await offer();
    globalThis.onOffer = async () => {
      throw new Error("not tomorrow");
    };
    const rejected = await offer();
    const gone = new Promise((resolve) => ada.messaging.once("participant_removed", resolve));
    await bob.messaging.disable();
    await gone;
    await bob.messaging.enable();
    await help.meet(ada, bob.localParticipant.id);
    return { thrown, rejected, nobody: await offer() };
  });
  assert.deepEqual(
    Object.values(failures).map((failure) => failure.code),
    ["stream-rejected", "stream-rejected", "stream-rejected"],
  );
  assert.match(failures.thrown.message, /not today/);
  assert.match(failures.rejected.message, /not tomorrow/);
  assert.match(failures.nobody.message, /Streams are not allowed by this client/);
});

it("an offer that is not answered ends by time or by signal", async () => {
  const failures = await page.evaluate(async () => {
    const { lib, ada, toBob, help } = globalThis;
    globalThis.onOffer = () => new Promise(() => {});
    const stop = new AbortController();
    const waiting = help.failure(() =>
      ada.messaging.createStream({ to: toBob, header: {}, signal: stop.signal }),
    );
    setTimeout(() => stop.abort(new Error("changed my mind")), 50);
    const seatless = await help.failure(() => ada.messaging.createStream("nobody", {}));
    return { aborted: await waiting, seatless, lib: typeof lib };
  });
  assert.equal(failures.aborted.code, "aborted");
  assert.equal(failures.seatless.code, "participant-not-found");
});

it("a signal ends a wait for room, for an end, and a send", async () => {
  const codes = await page.evaluate(async () => {
    const { ada, bob, toBob, help } = globalThis;
    // It is accepted, and never read.
    globalThis.onOffer = (reader) => void reader.readable;
    const writer = await ada.messaging.createStream(toBob, {});
    const data = new Uint8Array(256 * 1024);
    while (writer.desiredSize > 0) {
      void writer.write({ data }).catch(() => {});
    }
    const code = async (act) => (await help.failure(act)).code;
    const later = () => AbortSignal.timeout(20);
    const written = await code(() => writer.write({ data }, { signal: later() }));
    const stopped = await code(() => writer.write({ data }, { signal: AbortSignal.abort() }));
    bob.messaging.on("stream_requested", (event) => event.accept());
    const stream = await ada.messaging.stream(toBob, "ask", {});
    const said = { type: "x", message: {}, signal: AbortSignal.abort() };
    return [written, stopped, await code(() => stream.send(said))];
  });
  assert.deepEqual(codes, ["aborted", "aborted", "aborted"]);
});

it("a time limit for the answer can be set", async () => {
  await stage.join(page, `streams-${rooms}`, "eve", { client: { streamOpenTimeoutMs: 200 } });
  const failure = await page.evaluate(async () => {
    const { eve, bob, help } = globalThis;
    globalThis.onOffer = () => new Promise(() => {});
    await help.meet(eve, bob.localParticipant.id);
    return help.failure(() => eve.messaging.createStream(bob.localParticipant.id, {}));
  });
  assert.equal(failure.code, "timeout");
});

it("a loop that is left cancels the stream, and one that ends lets go of it", async () => {
  const seen = await page.evaluate(async () => {
    const { open, help } = globalThis;
    const write = (writer) => writer.write({ data: new Uint8Array([1]) });

    const left = await open();
    const reading = (async () => {
      for await (const { data } of left.reader) {
        return [...data];
      }
    })();
    await write(left.writer);
    const first = await reading;
    const writer = await help.failure(() => left.writer.closed);

    const failed = await open();
    const readingFailed = help.failure(async () => {
      for await (const chunk of failed.reader) {
        void chunk;
      }
    });
    await failed.writer.abort("the disk is full");

    const ended = await open();
    await write(ended.writer);
    await ended.writer.close();
    const steps = ended.reader[Symbol.asyncIterator]();
    const { value } = await steps.next();
    const last = [await steps.next(), await steps.next(), await steps.return()];
    return {
      first,
      writer: [writer.code, /had enough/.test(writer.message)],
      failed: (await readingFailed).code,
      value: [...value.data],
      last: last.map(({ done, value }) => [done, value === undefined]),
      isLocked: [left, failed, ended].map(({ reader }) => reader.readable.locked),
    };
  });
  assert.deepEqual(seen, {
    first: [1],
    writer: ["stream-aborted", true],
    failed: "stream-aborted",
    value: [1],
    last: Array(3).fill([true, true]),
    isLocked: [false, false, false],
  });
});

it("abort, cancel and leaving reach the other side as errors", async () => {
  const failures = await page.evaluate(async () => {
    const { open, bob, help } = globalThis;
    const readAll = (reader) => help.failure(() => reader.bytes().pipeTo(new WritableStream()));
    const aborted = await open();
    const readingAborted = readAll(aborted.reader);
    await aborted.writer.write({ header: null, data: new Uint8Array(10) });
    await aborted.writer.abort("the disk is full");

    const cancelled = await open();
    await cancelled.reader.cancel("enough");
    const writingCancelled = await help.failure(async () => {
      for (let n = 0; n < 100; n += 1) {
        await cancelled.writer.write({ header: null, data: new Uint8Array(100_000) });
      }
    });

    const left = await open();
    await left.writer.write({ header: null, data: new Uint8Array(10) });
    const readingLeft = readAll(left.reader);
    const writingLeft = help.failure(async () => {
      for (;;) {
        await left.writer.write({ header: null, data: new Uint8Array(100_000) });
      }
    });
    globalThis.ada.close();
    const reading = await readingLeft;
    await bob.close();
    return {
      aborted: await readingAborted,
      cancelled: writingCancelled,
      left: reading,
      closed: await writingLeft,
    };
  });
  assert.deepEqual(
    Object.fromEntries(Object.entries(failures).map(([name, { code }]) => [name, code])),
    { aborted: "stream-aborted", cancelled: "stream-aborted", left: "peer-left", closed: "closed" },
  );
  assert.match(failures.aborted.message, /the disk is full/);
  assert.match(failures.cancelled.message, /enough/);
});

it("streams are announced when they open and when they close", async () => {
  const seen = await page.evaluate(async () => {
    const { open, ada, bob, help } = globalThis;
    const log = [];
    for (const [name, client] of Object.entries({ ada, bob })) {
      client.messaging.on("stream_opened", () => log.push(`${name} opened`));
      client.messaging.on("stream_closed", (event) => log.push(`${name} closed ${event.error}`));
    }
    const { writer, reader } = await open();
    const closed = help.next(bob.messaging, "stream_closed");
    await writer.close();
    await new Response(reader.bytes()).arrayBuffer();
    await closed;
    return log.sort();
  });
  assert.deepEqual(seen, [
    "ada closed undefined",
    "ada opened",
    "bob closed undefined",
    "bob opened",
  ]);
});

it("goes on while the page does nothing wrong", () => {
  assert.deepEqual(stage.problems, []);
});

// Duplex streams through the public API, in a real browser, against the real server.

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

beforeEach(async () => {
  await page?.context().close();
  rooms += 1;
  page = await stage.pair(`duplex-${rooms}`);
  await page.evaluate(() => {
    const { ada, bob, help } = globalThis;
    /** Opens a stream that bob accepts; gives both ends. */
    globalThis.open = async () => {
      const requested = help.next(bob.messaging, "stream_requested");
      bob.messaging.once("stream_requested", (event) => {
        globalThis.theirs = event.accept();
      });
      const ours = await ada.messaging.stream(globalThis.toBob, "ask", { text: "hello" });
      return { ours, theirs: globalThis.theirs, event: await requested };
    };
  });
});

it("a question is answered piece by piece", async () => {
  const seen = await page.evaluate(async () => {
    const { ada, bob, toBob } = globalThis;
    bob.messaging.on("stream_requested", async (event) => {
      const stream = event.accept();
      for (const word of event.message.message.text.split(" ")) {
        await stream.send("word", { word }, new TextEncoder().encode(word));
      }
      await stream.close();
    });
    const stream = await ada.messaging.stream({
      to: toBob,
      type: "ask",
      message: { text: "žluťoučký kůň" },
      attachment: new Blob(["x"]),
    });
    const words = [];
    for await (const { type, message, attachment, fromParticipantId } of stream) {
      const isBob = fromParticipantId === bob.localParticipant.id;
      words.push([type, message.word, new TextDecoder().decode(attachment), isBob]);
    }
    await stream.closed;
    return words;
  });
  assert.deepEqual(seen, [
    ["word", "žluťoučký", "žluťoučký", true],
    ["word", "kůň", "kůň", true],
  ]);
});

it("both ends are streams of the platform", async () => {
  const seen = await page.evaluate(async () => {
    const { ours, theirs, event } = await globalThis.open();
    const shout = new TransformStream({
      transform: ({ type, message }, controller) =>
        controller.enqueue({ type, message: { text: message.text.toUpperCase() } }),
    });
    const echoing = theirs.readable.pipeThrough(shout).pipeTo(theirs.writable);
    await ours.send("say", { text: "one" });
    await ours.send({ type: "say", message: { text: "two" } });
    const reader = ours.readable.getReader();
    const heard = [await reader.read(), await reader.read()].map(({ value }) => value.message.text);
    reader.releaseLock();
    await ours.close();
    await echoing;
    return { heard, same: ours.streamId === theirs.streamId, first: event.message.type };
  });
  assert.deepEqual(seen, { heard: ["ONE", "TWO"], same: true, first: "ask" });
});

it("a request is refused with the reason, and at once if nobody listens", async () => {
  const failures = await page.evaluate(async () => {
    const { ada, bob, toBob, help } = globalThis;
    const ask = (options = {}) =>
      help.failure(() => ada.messaging.stream({ to: toBob, type: "ask", message: {}, ...options }));
    const nobody = await ask();
    bob.messaging.once("stream_requested", (event) => event.reject("not now"));
    const refused = await ask();
    const again = await ask();
    const silent = () => {};
    bob.messaging.on("stream_requested", silent);
    const late = await ask({ timeoutMs: 100 });
    const aborted = await ask({ signal: AbortSignal.timeout(100) });
    bob.messaging.off("stream_requested", silent);
    return { nobody, refused, again, late, aborted, off: await ask() };
  });
  const codes = Object.fromEntries(
    Object.entries(failures).map(([name, failure]) => [name, failure.code]),
  );
  assert.deepEqual(codes, {
    nobody: "stream-rejected",
    refused: "stream-rejected",
    again: "stream-rejected",
    late: "timeout",
    aborted: "aborted",
    off: "stream-rejected",
  });
  assert.match(failures.nobody.message, /Streams are not allowed by this client/);
  assert.equal(failures.refused.message, "not now");
});

it("a request that is withdrawn tells so, and cannot be accepted", async () => {
  const seen = await page.evaluate(async () => {
    const { ada, bob, toBob, help } = globalThis;
    const requested = help.next(bob.messaging, "stream_requested");
    bob.messaging.on("stream_requested", () => {});
    const stop = new AbortController();
    const asking = help.failure(() =>
      ada.messaging.stream({ to: toBob, type: "ask", message: {}, signal: stop.signal }),
    );
    const event = await requested;
    stop.abort();
    await asking;
    const withdrawn = await help.failure(() => event.withdrawn);
    const accepted = await help.failure(() => event.accept());
    return [withdrawn.code, accepted.code];
  });
  assert.deepEqual(seen, ["stream-aborted", "stream-aborted"]);
});

it("whoever leaves is an error at the other end, never a clean end", async () => {
  const seen = await page.evaluate(async () => {
    const { bob, help } = globalThis;
    const { ours } = await globalThis.open();
    const reading = help.failure(async () => {
      for await (const _ of ours) {
        // There is nothing to come.
      }
    });
    const closed = help.failure(() => ours.closed);
    await bob.close();
    return [(await reading).code, (await closed).code];
  });
  assert.deepEqual(seen, ["peer-left", "peer-left"]);
});

it("wrong arguments are refused and harm nothing", async () => {
  const seen = await page.evaluate(async () => {
    const { ada, toBob, help } = globalThis;
    const { ours, theirs } = await globalThis.open();
    const codes = [
      (await help.failure(() => ada.messaging.stream(toBob, "x", []))).code,
      (await help.failure(() => ada.messaging.stream(undefined, "x", {}))).code,
      (await help.failure(() => ada.messaging.stream("nobody", "x", {}))).code,
      (await help.failure(() => ours.send("x", { n: 1n }))).code,
      (await help.failure(() => ours.send("", {}))).code,
    ];
    await ours.send("still", { here: true });
    const [{ value }] = [await theirs.readable.getReader().read()];
    return { codes, still: value.message };
  });
  const invalid = "invalid-argument";
  assert.deepEqual(seen, {
    codes: [invalid, invalid, "participant-not-found", invalid, invalid],
    still: { here: true },
  });
});

it("createStream takes the form that the other side announces", async () => {
  const seen = await page.evaluate(async () => {
    const { ada, bob, toBob, help } = globalThis;
    const code = async (promise) => (await help.failure(() => promise)).code;
    const read = async (stream, seen) => {
      for await (const { type, message, attachment } of stream) {
        seen.push([type, message, attachment?.length ?? 0]);
      }
    };
    const announce = async (streams) => {
      const changed = help.next(ada.messaging, "participant_attributes_updated");
      await bob.localParticipant.setAttribute("streams", streams);
      await changed;
    };
    const announced = toBob.getAttribute("streams");
    await announce(["duplex"]);

    const received = [];
    const readings = [];
    bob.messaging.on("stream_requested", (event) => {
      received.push([event.message.type, event.message.message]);
      globalThis.theirs = event.accept();
      readings.push(read(globalThis.theirs, received));
    });
    const writer = await ada.messaging.createStream(toBob, { name: "a.bin" });
    await writer.write({ header: { n: 1 }, data: new Uint8Array(10) });
    await new Blob([new Uint8Array(100_000)]).stream().pipeTo(writer.bytes());
    await writer.closed;
    await readings[0];
    const late = await code(writer.write({ data: new Uint8Array(1) }));

    const aborted = await ada.messaging.createStream(toBob, {});
    const { length } = received;
    await aborted.abort("out of paper");
    await readings[1];
    const abortion = [await code(aborted.closed), received.slice(length)];

    const cancelled = await ada.messaging.createStream(toBob, {});
    await globalThis.theirs.close();
    const cancellation = [
      await code(cancelled.closed),
      await code(cancelled.write({ data: new Uint8Array(1) })),
    ];

    await announce(["v9"]);
    const refused = [
      await code(ada.messaging.createStream(toBob, {})),
      await code(ada.messaging.stream(toBob, "ask", {})),
    ];
    return { announced, received, late, abortion, cancellation, refused };
  });
  assert.deepEqual(seen.announced, ["duplex", "v1"]);
  const [open, first, ...rest] = seen.received;
  assert.deepEqual(open, ["room-messaging.stream", { header: { name: "a.bin" } }]);
  assert.deepEqual(first, ["room-messaging.chunk", { header: { n: 1 } }, 10]);
  const end = rest.findIndex(([type]) => type === "room-messaging.end");
  const sizes = rest.slice(0, end).map(([, , size]) => size);
  assert.equal(
    sizes.reduce((sum, size) => sum + size, 0),
    100_000,
  );
  assert.equal(seen.late, "stream-closed");
  assert.deepEqual(seen.abortion, [
    "aborted",
    [["room-messaging.abort", { error: "out of paper" }, 0]],
  ]);
  assert.deepEqual(seen.cancellation, ["stream-aborted", "stream-aborted"]);
  assert.deepEqual(seen.refused, ["stream-unsupported", "stream-unsupported"]);
});

it("nothing went wrong unnoticed", () => {
  assert.deepEqual(stage.problems, []);
});

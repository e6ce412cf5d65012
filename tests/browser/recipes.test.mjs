// The recipes of docs/recipes.md, run as they stand there.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, it } from "node:test";

import { transform } from "esbuild";

import { examplesOf } from "../../scripts/lib/examples.mjs";
import { at } from "../../scripts/lib/paths.mjs";
import { openStage } from "./stage.mjs";

let stage;
let page;

before(async () => {
  stage = await openStage();
  page = await stage.pair("recipes");
  const markdown = await readFile(at("docs", "recipes.md"), "utf8");
  for (const { text } of examplesOf(markdown)) {
    const { code } = await transform(text, { loader: "ts", format: "esm" });
    const address = `data:text/javascript,${encodeURIComponent(code)}`;
    await page.evaluate(async (address) => {
      globalThis.recipes = { ...globalThis.recipes, ...(await import(address)) };
    }, address);
  }
});

after(() => stage?.close());

it("a file with progress and rate at both ends", async () => {
  const seen = await page.evaluate(async () => {
    const { ada, bob, toBob, help, recipes } = globalThis;
    const bytes = help.pattern(3_000_000);
    const transfer = () => {
      const reports = [];
      const onProgress = (bytes, perSecond) => reports.push({ bytes, perSecond });
      return { reports, onProgress, signal: new AbortController().signal };
    };
    const [sending, receiving] = [transfer(), transfer()];
    const announced = [];
    const received = new Promise((resolve) => {
      const begin = (...what) => {
        announced.push(what);
        return receiving;
      };
      recipes.receiveFiles(bob, begin, resolve);
    });
    const file = new File([bytes], "a.bin", { type: "image/png" });
    await recipes.sendFile(ada, toBob, file, sending);
    const copy = await received;
    const isRising = ({ reports }) =>
      reports.every(({ bytes }, at) => at === 0 || bytes > reports[at - 1].bytes);
    return {
      announced,
      name: copy.name,
      type: copy.type,
      isEqual: (await help.sha256(bytes)) === (await help.sha256(await copy.arrayBuffer())),
      last: [sending, receiving].map(({ reports }) => reports.at(-1).bytes),
      areRising: [sending, receiving].map(isRising),
      haveRates: [sending, receiving].map(({ reports }) => reports.at(-1).perSecond > 0),
    };
  });
  const expected = {
    announced: [["a.bin", 3_000_000]],
    name: "a.bin",
    type: "image/png",
    isEqual: true,
    last: [3_000_000, 3_000_000],
    areRising: [true, true],
    haveRates: [true, true],
  };
  assert.deepEqual(seen, expected);
});

for (const canceller of ["the sender", "the receiver"]) {
  it(`a file that ${canceller} cancels ends at both ends`, async () => {
    const seen = await page.evaluate(async (canceller) => {
      const { ada, bob, toBob, help, recipes } = globalThis;
      const [sender, receiver] = [new AbortController(), new AbortController()];
      const transfer = (controller, isCancelled) => ({
        onProgress: () => isCancelled && controller.abort(new Error("enough")),
        signal: controller.signal,
      });
      const isSender = canceller === "the sender";
      const files = [];
      const begin = () => transfer(receiver, !isSender);
      await recipes.receiveFiles(bob, begin, (file) => files.push(file));
      const closed = new Promise((resolve) => bob.messaging.once("stream_closed", resolve));
      const file = new File([help.pattern(20_000_000)], "b.bin");
      const failure = await recipes
        .sendFile(ada, toBob, file, transfer(sender, isSender))
        .catch((error) => error);
      await closed;
      return { message: failure.message, code: failure.code, files: files.length };
    }, canceller);
    assert.match(seen.message, /enough/);
    assert.equal(seen.code, canceller === "the sender" ? undefined : "stream-aborted");
    assert.equal(seen.files, 0);
  });
}

it("what is no file is refused, with the reason", async () => {
  const failure = await page.evaluate(() => {
    const { ada, toBob, help } = globalThis;
    return help.failure(() => ada.messaging.createStream(toBob, { kind: "poem" }));
  });
  assert.equal(failure.code, "stream-rejected");
  assert.match(failure.message, /only files are taken here/);
});

it("compression", async () => {
  const text = await page.evaluate(async () => {
    const { ada, bob, toBob, recipes } = globalThis;
    const received = new Promise((resolve, reject) => {
      bob.messaging.enable((reader) => recipes.receiveCompressed(reader).then(resolve, reject));
    });
    const writer = await ada.messaging.createStream(toBob, {});
    await recipes.sendCompressed(writer, new Blob(["again and ".repeat(10_000)]));
    return (await received).text();
  });
  assert.equal(text, "again and ".repeat(10_000));
});

it("encryption: the other end reads it, and a chunk that was left out is noticed", async () => {
  const seen = await page.evaluate(async () => {
    const { ada, bob, toBob, recipes } = globalThis;
    const algorithm = { name: "AES-GCM", length: 256 };
    const key = await crypto.subtle.generateKey(algorithm, false, ["encrypt", "decrypt"]);
    const pieces = () => new Blob(["between ", "us"]).stream();

    const textOf = async (readable) => {
      let text = "";
      for await (const bytes of readable) {
        text += new TextDecoder().decode(bytes);
      }
      return text;
    };
    /** Sends only the chunks whose numbers are kept. */
    const exchange = async (isKept) => {
      const received = new Promise((resolve) => {
        bob.messaging.enable((reader) => {
          textOf(reader.readable.pipeThrough(recipes.decrypted(key))).then(resolve, (error) =>
            resolve(String(error)),
          );
        });
      });
      const writer = await ada.messaging.createStream(toBob, {});
      let number = 0;
      const tampering = new TransformStream({
        transform(chunk, controller) {
          if (isKept(number++)) {
            controller.enqueue(chunk);
          }
        },
      });
      const sealed = pieces().pipeThrough(recipes.encrypted(key));
      await sealed
        .pipeThrough(tampering)
        .pipeTo(writer.writable)
        .catch(() => {});
      return received;
    };
    return {
      whole: await exchange(() => true),
      cut: await exchange((number) => number === 0),
      moved: await exchange((number) => number > 0),
    };
  });
  assert.equal(seen.whole, "between us");
  assert.match(seen.cut, /cut off/);
  assert.match(seen.moved, /OperationError/);
});

it("text of an agent", async () => {
  const pieces = await page.evaluate(async () => {
    const { ada, bob, toBob, recipes } = globalThis;
    bob.messaging.on("stream_requested", async (event) => {
      const stream = await event.accept();
      for (const text of ["one ", "two ", "three"]) {
        await stream.send("chat.text", { text });
      }
      await stream.close();
    });
    const pieces = [];
    for await (const text of recipes.ask(ada, toBob, "count")) {
      pieces.push(text);
    }
    return pieces;
  });
  assert.deepEqual(pieces, ["one ", "two ", "three"]);
});

it("nothing went wrong unnoticed", () => {
  assert.deepEqual(stage.problems, []);
});

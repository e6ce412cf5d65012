// Streams of bytes from one member to another.

import { enableAll, enableReader } from "./steps.mjs";

/** Ada opens a stream, which she keeps as `me.writer`. */
async function open(ada, header = { name: "film" }) {
  await ada.do(async (me, header) => {
    me.writer = await me.messaging.createStream(await me.peer("bob"), header);
    me.writer.closed.then(
      () => me.log("writer closed"),
      (error) => me.log("writer failed", error.code, me.plain(error.message)),
    );
  }, header);
}

async function streamClosed(...actors) {
  for (const actor of actors) {
    await actor.do((me) => me.until("stream_closed"));
  }
}

/** Reads to the end. */
function readAll(me) {
  return me.tries("read", async () => {
    const seen = [];
    for await (const { header, data } of me.reader) {
      seen.push([header, await me.bytes(data)]);
    }
    return seen;
  });
}

export const streams = {
  "chunks arrive with their headers, and the end is an end": {
    cast: ["ada", "bob"],
    async play({ ada, bob }) {
      await enableReader(ada, bob);
      await open(ada, { name: "film", odd: "\ud800", list: [1, null] });
      await ada.do(async (me) => {
        await me.writer.write({ header: { n: 1 }, data: new Uint8Array([1, 2]) });
        await me.writer.write({ header: null, data: new Uint8Array() });
        await me.writer.write({ data: globalThis.help.pattern(300_000) });
        await me.writer.close();
        me.log("closed");
        await me.tries("late", () => me.writer.write({ data: new Uint8Array([1]) }));
      });
      await bob.do(readAll);
      await streamClosed(ada, bob);
    },
  },

  "an offer is refused with the reason": {
    cast: ["ada", "bob"],
    async play({ ada, bob }) {
      await ada.do((me) => me.messaging.enable());
      await bob.do((me) =>
        me.messaging.enable(({ header }) => {
          me.log("offered", header);
          throw new Error(`not today, \ud83d\ude00`);
        }),
      );
      await ada.do(async (me) => {
        const bob = await me.peer("bob");
        await me.tries("createStream", () => me.messaging.createStream(bob, { n: 1 }));
      });
    },
  },

  "an offer to who does not take streams, or is not there, is refused": {
    cast: ["ada", "bob", "cleo"],
    async play({ ada, bob, cleo }) {
      await enableAll(ada, bob);
      const unlisted = await cleo.do((me) => me.client.localParticipant.id);
      await ada.do(async (me, unlisted) => {
        const bob = await me.peer("bob");
        await me.tries("no callback", () => me.messaging.createStream(bob));
        await me.tries("unlisted", () => me.messaging.createStream(unlisted));
        await me.tries("nobody", () => me.messaging.createStream("nobody"));
        await me.tries("no JSON", () => me.messaging.createStream(bob, () => {}));
      }, unlisted);
    },
  },

  "an offer can be withdrawn": {
    cast: ["ada", "bob"],
    async play({ ada, bob }) {
      await ada.do((me) => me.messaging.enable());
      await bob.do((me) =>
        me.messaging.enable(async (reader) => {
          me.log("offered");
          await reader.closed.catch((error) => me.log("withdrawn", error.code));
          await me.tries("accept", () => reader.readable.locked);
        }),
      );
      await ada.do(async (me) => {
        const to = await me.peer("bob");
        me.controller = new AbortController();
        const { signal } = me.controller;
        me.offer = me.tries("createStream", () => me.messaging.createStream({ to, signal }));
      });
      await bob.do((me) => me.until("offered"));
      await ada.do((me) => {
        me.controller.abort(new Error("changed my mind"));
        return me.offer;
      });
      await bob.do((me) => me.until("accept"));
    },
  },

  "a writer that aborts tells the reader why": {
    cast: ["ada", "bob"],
    async play({ ada, bob }) {
      await enableReader(ada, bob);
      await open(ada);
      await ada.do(async (me) => {
        await me.writer.write({ data: new Uint8Array([1]) });
        await me.writer.abort("the disk is full");
      });
      await bob.do(readAll);
      await streamClosed(ada, bob);
    },
  },

  "a reader that cancels tells the writer why": {
    cast: ["ada", "bob"],
    async play({ ada, bob }) {
      await enableReader(ada, bob);
      await open(ada);
      await bob.do(async (me) => {
        await me.until("stream_opened");
        await me.reader.cancel("seen enough");
      });
      await streamClosed(ada, bob);
      await ada.do((me) => me.tries("write", () => me.writer.write({ data: new Uint8Array(9) })));
    },
  },

  "a writer waits for its reader": {
    cast: ["ada", "bob"],
    async play({ ada, bob }) {
      await enableReader(ada, bob);
      await open(ada);
      const total = 20_000_000;
      const written = await ada.do(async (me) => {
        me.written = 0;
        me.pushing = (async () => {
          const data = globalThis.help.pattern(100_000);
          for (let n = 0; n < 200; n += 1) {
            await me.writer.write({ data });
            me.written += data.length;
          }
          await me.writer.close();
          me.log("all is written");
        })();
        let [before, still] = [-1, 0];
        while (still < 4) {
          still = me.written === before ? still + 1 : 0;
          before = me.written;
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
        return me.written;
      });
      await ada.do((me, waits) => me.log("waits", waits), written < total);
      await bob.do((me) =>
        me.tries("read", async () => {
          let bytes = 0;
          for await (const { data } of me.reader) {
            bytes += data.length;
          }
          return bytes;
        }),
      );
      await ada.do((me) => me.pushing);
      await streamClosed(ada, bob);
    },
  },

  "a stream goes on when its pages have slept": {
    cast: ["ada", "bob"],
    async play({ ada, bob }, backend) {
      await enableReader(ada, bob);
      await open(ada);
      await ada.do((me) => me.writer.write({ data: new Uint8Array([1]) }));
      await backend.tell("freeze");
      for (const actor of [ada, bob]) {
        await actor.do((me) => me.until("statechange", 3));
      }
      await ada.do((me) => me.writer.write({ data: new Uint8Array([2]) }));
      await backend.tell("resume");
      for (const actor of [ada, bob]) {
        await actor.do((me) => me.until("statechange", 4));
      }
      await ada.do((me) => me.writer.write({ data: new Uint8Array([3]) }));
      await ada.do((me) => me.writer.close());
      await bob.do(readAll);
      await streamClosed(ada, bob);
    },
  },

  "a file is piped, and arrives whole": {
    cast: ["ada", "bob"],
    async play({ ada, bob }) {
      await ada.do((me) => me.messaging.enable());
      await bob.do((me) =>
        me.messaging.enable(async (reader) => {
          const bytes = new Uint8Array(await new Response(reader.bytes()).arrayBuffer());
          me.log("file", await me.bytes(bytes));
        }),
      );
      await open(ada);
      await ada.do(async (me) => {
        const file = new Blob([globalThis.help.pattern(12_345_678)]);
        await file.stream().pipeTo(me.writer.bytes());
        me.log("piped");
      });
      await bob.do((me) => me.until("file"));
      await streamClosed(ada, bob);
    },
  },

  "who leaves breaks its streams": {
    cast: ["ada", "bob"],
    async play({ ada, bob }) {
      await enableReader(ada, bob);
      await open(ada);
      await bob.do((me) => me.until("stream_opened"));
      await bob.do((me) => me.client.close());
      await streamClosed(ada, bob);
      await ada.do((me) => me.until("participant_removed"));
      await ada.do((me) => me.tries("write", () => me.writer.write({ data: new Uint8Array(9) })));
    },
  },

  "a writer that leaves breaks the stream for its reader": {
    cast: ["ada", "bob"],
    async play({ ada, bob }) {
      await enableReader(ada, bob);
      await open(ada);
      await ada.do((me) => me.writer.write({ data: new Uint8Array([1]) }));
      await ada.do((me) => me.messaging.disable());
      await bob.do((me) => me.until("participant_removed"));
      await bob.do(readAll);
      await streamClosed(ada, bob);
    },
  },
};

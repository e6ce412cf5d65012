// Streams that go both ways.

import { enableAll } from "./steps.mjs";

/** Bob takes streams, and keeps the last as `me.stream`. */
async function enableBoth(ada, bob) {
  await enableAll(ada, bob);
  await bob.do((me) => {
    me.messaging.on("stream_requested", (event) => {
      const { type, message, fromParticipantId, attachment } = event.message;
      me.log("requested", me.nameOf(fromParticipantId), type, message, attachment?.length ?? null);
      me.stream = event.accept();
    });
  });
}

async function open(ada) {
  await ada.do(async (me) => {
    const bob = await me.peer("bob");
    me.stream = await me.messaging.stream(bob, "talk", { n: 1 }, new Uint8Array([1, 2]));
  });
}

/** Reads to the end. */
function readAll(me) {
  return me.tries("read", async () => {
    const seen = [];
    for await (const { type, message, attachment } of me.stream) {
      seen.push([type, message, attachment?.length ?? null]);
    }
    return seen;
  });
}

async function streamClosed(...actors) {
  for (const actor of actors) {
    await actor.do((me) => me.until("stream_closed"));
  }
}

export const duplex = {
  "both sides talk, and one ends it": {
    cast: ["ada", "bob"],
    async play({ ada, bob }) {
      await enableBoth(ada, bob);
      await open(ada);
      await ada.do(async (me) => {
        await me.stream.send("say", { text: "\ud800" });
        await me.stream.send("bytes", {}, globalThis.help.pattern(200_000));
      });
      await bob.do(async (me) => {
        const reader = me.stream.readable.getReader();
        for (let n = 0; n < 2; n += 1) {
          const { type, message, attachment } = (await reader.read()).value;
          me.log("read", type, message, attachment?.length ?? null);
        }
        await me.stream.send("answer", { n: 2 });
        await me.stream.close();
      });
      await ada.do(readAll);
      await streamClosed(ada, bob);
      await ada.do((me) => me.tries("late", () => me.stream.send("x", {})));
    },
  },

  "a stream is refused, with a reason and without one": {
    cast: ["ada", "bob"],
    async play({ ada, bob }) {
      await enableAll(ada, bob);
      await ada.do(async (me) => {
        const bob = await me.peer("bob");
        await me.tries("nobody listens", () => me.messaging.stream(bob, "talk", {}));
      });
      await bob.do((me) => {
        me.messaging.on("stream_requested", (event) => event.reject("not now"));
      });
      await ada.do(async (me) => {
        const bob = await me.peer("bob");
        await me.tries("refused", () => me.messaging.stream(bob, "talk", {}));
        await me.tries("nobody", () => me.messaging.stream("nobody", "talk", {}));
        await me.tries("no object", () => me.messaging.stream(bob, "talk", null));
      });
    },
  },

  "a request can be withdrawn": {
    cast: ["ada", "bob"],
    async play({ ada, bob }) {
      await enableAll(ada, bob);
      await bob.do((me) => {
        me.messaging.on("stream_requested", async (event) => {
          me.log("requested");
          await event.withdrawn.catch((error) => me.log("withdrawn", error.code));
          await me.tries("accept", () => event.accept());
        });
      });
      await ada.do(async (me) => {
        const options = { to: await me.peer("bob"), type: "talk", message: {} };
        me.controller = new AbortController();
        const { signal } = me.controller;
        me.offer = me.tries("stream", () => me.messaging.stream({ ...options, signal }));
      });
      await bob.do((me) => me.until("requested"));
      await ada.do((me) => {
        me.controller.abort();
        return me.offer;
      });
      await bob.do((me) => me.until("accept"));
    },
  },

  "who leaves ends its duplex streams": {
    cast: ["ada", "bob"],
    async play({ ada, bob }) {
      await enableBoth(ada, bob);
      await open(ada);
      await ada.do((me) => me.stream.send("say", {}));
      await bob.do((me) => me.client.close());
      await ada.do(readAll);
      await streamClosed(ada, bob);
      await ada.do((me) => me.until("participant_removed"));
    },
  },
};

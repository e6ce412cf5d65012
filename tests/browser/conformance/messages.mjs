// Messages to one and to all.

import { enableAll } from "./steps.mjs";

export const messages = {
  "messages arrive in order, to one and to all, with and without attachment": {
    cast: ["ada", "bob", "cleo"],
    async play({ ada, bob, cleo }) {
      await enableAll(ada, bob, cleo);
      await ada.do(async (me) => {
        const { messaging } = me;
        const { help } = globalThis;
        const bob = await me.peer("bob");
        await Promise.all([
          messaging.sendMessage(bob, "direct", { n: 1 }),
          messaging.broadcastMessage("to all", { n: 2 }, new Uint8Array([1, 2, 3])),
          messaging.sendMessage(bob, "large", { n: 3 }, help.pattern(3_000_000)),
          messaging.sendMessage(bob, "a blob", { n: 4 }, new Blob(["four"])),
          messaging.broadcastMessage("none", { n: 5 }, new Uint8Array()),
          messaging.sendMessage({ to: bob, type: "named", message: { n: 6 } }),
        ]);
        me.log("sent");
      });
      await bob.do((me) => me.until("message", 6));
      await cleo.do((me) => me.until("message", 2));
      await cleo.do(async (me) => me.messaging.sendMessage(await me.peer("ada"), "answer", {}));
      await ada.do((me) => me.until("message"));
    },
  },

  "attachments arrive as they were sent": {
    cast: ["ada", "bob"],
    async play({ ada, bob }) {
      await enableAll(ada, bob);
      await bob.do((me) => {
        me.messaging.on("message", async ({ message }) => {
          me.log("digest", await me.bytes(message.attachment));
        });
      });
      // Around the sizes at which packets are cut.
      const sizes = [1, 1023, 1024, 65_535, 65_536, 1_048_575, 1_048_577, 5_000_000];
      for (const [index, size] of sizes.entries()) {
        await ada.do(async (me, size) => {
          const bob = await me.peer("bob");
          await me.messaging.sendMessage(bob, "bytes", { size }, globalThis.help.pattern(size));
        }, size);
        await bob.do((me, count) => me.until("digest", count), index + 1);
      }
    },
  },

  "odd text arrives as it was sent": {
    cast: ["ada", "bob"],
    async play({ ada, bob }) {
      await enableAll(ada, bob);
      await ada.do(async (me) => {
        const odd = {
          lone: "\ud800 and \udfff",
          "\udc00 key": "\ud83d\ude00",
          nul: "\0\x01\x1f\x7f",
          lines: "\u2028\u2029\r\n",
          html: "</script><!--",
          slash: '\\u0041 \\\\ "',
          numbers: [1e308, 5e-324, -0, 1.5, 2 ** 53, 123456789012345680000],
          deep: JSON.parse("[".repeat(60) + "]".repeat(60)),
          empty: { "": {} },
        };
        const proto = JSON.parse('{"__proto__": {"x": 1}, "constructor": 1}');
        await me.messaging.broadcastMessage("odd", odd);
        await me.messaging.broadcastMessage("proto", proto);
        await me.messaging.broadcastMessage("\u{1f600} type \u0000", {});
        await me.tries("lone type", () => me.messaging.broadcastMessage("lone \ud800", {}));
        await me.messaging.broadcastMessage("x".repeat(5000), {});
        await me.messaging.broadcastMessage("last", {});
      });
      await bob.do(async (me) => {
        while (!me.trace.some(([kind, , type]) => kind === "message" && type === "last")) {
          await me.until("message", me.trace.filter(([kind]) => kind === "message").length + 1);
        }
      });
    },
  },

  "what cannot be sent is refused, and takes nothing else with it": {
    cast: ["ada", "bob", "cleo"],
    async play({ ada, bob, cleo }) {
      await enableAll(ada, bob);
      const unlisted = await cleo.do((me) => me.client.localParticipant.id);
      await ada.do(async (me, unlisted) => {
        const { messaging } = me;
        const bob = await me.peer("bob");
        const own = me.client.localParticipant.id;
        const cycle = {};
        cycle.cycle = cycle;
        const large = new Uint8Array(33 * 1024 * 1024);
        await me.tries("nobody", () => messaging.sendMessage("nobody", "x", {}));
        await me.tries("unlisted", () => messaging.sendMessage(unlisted, "x", {}));
        await me.tries("myself", () => messaging.sendMessage(own, "x", {}));
        await me.tries("too large", () => messaging.sendMessage(bob, "x", {}, large));
        await me.tries("too large to all", () => messaging.broadcastMessage("x", {}, large));
        await me.tries("too long", () => messaging.broadcastMessage("x".repeat(70_000), {}));
        await me.tries("reserved", () => messaging.broadcastMessage("participant.attributes", {}));
        await me.tries("stream word", () => messaging.broadcastMessage("stream.open", {}));
        await me.tries("no type", () => messaging.broadcastMessage("", {}));
        await me.tries("no object", () => messaging.broadcastMessage("x", []));
        await me.tries("a cycle", () => messaging.broadcastMessage("x", cycle));
        await me.tries("no bytes", () => messaging.broadcastMessage("x", {}, "text"));
        await me.tries("aborted", () =>
          messaging.sendMessage({ to: bob, type: "x", message: {}, signal: AbortSignal.abort() }),
        );
        await messaging.sendMessage(bob, "fine", {});
      }, unlisted);
      await bob.do((me) => me.until("message", 2));
      await cleo.do((me) => me.log("heard nothing"));
    },
  },

  "a member that left is nobody's recipient": {
    cast: ["ada", "bob", "cleo"],
    async play({ ada, bob, cleo }) {
      await enableAll(ada, bob, cleo);
      await ada.do(async (me) => {
        me.bob = await me.peer("bob");
      });
      await bob.do((me) => me.client.close());
      await ada.do((me) => me.until("participant_removed"));
      await cleo.do((me) => me.until("participant_removed"));
      await ada.do(async (me) => {
        await me.tries("send", () => me.messaging.sendMessage(me.bob, "x", {}));
        await me.tries("createStream", () => me.messaging.createStream(me.bob));
        await me.tries("stream", () => me.messaging.stream(me.bob, "x", {}));
        await me.messaging.broadcastMessage("to who is left", {});
      });
      await cleo.do((me) => me.until("message"));
    },
  },
};

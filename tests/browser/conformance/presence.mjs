// Who is there, and what they say about themselves.

import { enableAll } from "./steps.mjs";

/** Each `play` gets the members by name, connected but not enabled. */
export const presence = {
  "members come, change and go": {
    cast: ["ada", "bob", "cleo"],
    async play({ ada, bob, cleo }) {
      await enableAll(ada, bob);
      await bob.do((me) => me.client.localParticipant.setAttribute("mood", { at: [1, null] }));
      await ada.do((me) => me.until("participant_attributes_updated"));
      await cleo.do((me) => me.messaging.enable());
      await ada.do((me) => me.until("participant_added", 2));
      await bob.do((me) => me.until("participant_added", 2));
      await bob.do((me) => me.messaging.disable());
      await ada.do((me) => me.until("participant_removed"));
      await cleo.do((me) => me.until("participant_removed"));
      await bob.do((me) => me.messaging.enable());
      await ada.do((me) => me.until("participant_added", 3));
      await cleo.do((me) => me.until("participant_added", 3));
      await cleo.do((me) => me.client.close());
      await ada.do((me) => me.until("participant_removed", 2));
      await bob.do((me) => me.until("participant_removed", 3));
    },
  },

  "attributes are any JSON, and set before anybody hears": {
    cast: ["ada", "bob"],
    async play({ ada, bob }) {
      await bob.do(async (me) => {
        const { localParticipant } = me.client;
        await localParticipant.setAttributes({ "": 1, __proto__x: 2, lone: "\ud800", nul: "\0" });
        await localParticipant.setAttribute("list", [1e21, -0, 0.1, true, null, { a: {} }]);
      });
      await enableAll(ada, bob);
      await bob.do(async (me) => {
        const { localParticipant } = me.client;
        await localParticipant.setAttribute("list", null);
        await me.tries("too large", () => localParticipant.setAttribute("x", "y".repeat(70_000)));
        await me.tries("no JSON", () => localParticipant.setAttribute("x", undefined));
        me.log("mine", localParticipant.attributes);
      });
      await ada.do((me) => me.until("participant_attributes_updated"));
    },
  },

  "what takes messaging is refused without it": {
    cast: ["ada", "bob"],
    async play({ ada, bob }) {
      await ada.do((me) => me.messaging.enable());
      const id = await ada.do((me) => me.client.localParticipant.id);
      await bob.do(async (me, to) => {
        await me.tries("send", () => me.messaging.sendMessage(to, "x", {}));
        await me.tries("broadcast", () => me.messaging.broadcastMessage("x", {}));
        await me.tries("createStream", () => me.messaging.createStream(to));
        await me.tries("stream", () => me.messaging.stream(to, "x", {}));
        await me.tries("disable", () => me.messaging.disable());
        await me.tries("enable", () => me.messaging.enable());
        await me.tries("enable again", () => me.messaging.enable());
      }, id);
      await ada.do((me) => me.until("participant_added"));
    },
  },

  "a client that was closed is closed": {
    cast: ["ada", "bob"],
    async play({ ada, bob }) {
      await enableAll(ada, bob);
      await bob.do(async (me) => {
        const ada = await me.peer("ada");
        await me.client.close();
        await me.tries("send", () => me.messaging.sendMessage(ada, "x", {}));
        await me.tries("enable", () => me.messaging.enable());
        await me.tries("attribute", () => me.client.localParticipant.setAttribute("a", 1));
        await me.tries("connect", () => me.client.connect());
        me.log("others", me.messaging.remoteParticipants.length);
      });
      await ada.do((me) => me.until("participant_removed"));
    },
  },

  "a page that sleeps keeps its members, and what is sent to them": {
    cast: ["ada", "bob"],
    async play({ ada, bob }, backend) {
      await enableAll(ada, bob);
      await backend.tell("freeze");
      for (const [actor, other] of [
        [ada, "bob"],
        [bob, "ada"],
      ]) {
        await actor.do((me) => me.until("statechange", 3));
        await actor.do((me, other) => {
          const to = me.messaging.getParticipantByName(other);
          me.sent = me.messaging.sendMessage(to, "asleep", { by: me.name });
        }, other);
      }
      await backend.tell("resume");
      for (const actor of [ada, bob]) {
        await actor.do((me) => me.until("message"));
        await actor.do((me) => me.tries("sent", () => me.sent));
      }
    },
  },
};

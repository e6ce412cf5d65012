// Tokens that expire while they are used, and a server that does not look away.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { startServer } from "../support/server.mjs";
import { equip } from "./faults.mjs";
import { openStage } from "./stage.mjs";

const SECRET = "a secret with which the tests sign tokens of their own";
/** Another is asked for after three quarters; what is left must do for a busy machine. */
const LIFETIME_S = 10;
/** For what would wait for ever. */
const LIMIT = { timeout: 180_000 };

let stage;
let server;

before(async () => {
  stage = await openStage();
  const args = ["--end-expired", "--clock-skew", "0"];
  server = await startServer({ args, env: { ROOM_SECRET: SECRET } });
});

after(async () => {
  await server?.stop();
  await stage?.close();
});

/** The server's own kind of token, but with an end. */
async function shortLived(name) {
  const { url, token } = await server.token("lobby", name, "user");
  const claims = JSON.parse(Buffer.from(token.split(".")[1], "base64url"));
  const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const exp = Math.floor(Date.now() / 1000) + LIFETIME_S;
  const text = `${encode({ alg: "HS256", typ: "JWT" })}.${encode({ ...claims, exp })}`;
  const signature = createHmac("sha256", SECRET).update(text).digest("base64url");
  return { url, token: `${text}.${signature}` };
}

/** `ada` has a token function, `bob` a token that has no end. */
async function openPage() {
  const page = await stage.blank();
  await equip(page);
  const seat = await server.token("lobby", "bob", "user");
  const { url } = seat;
  await page.exposeFunction("mint", async () => (await shortLived("ada")).token);
  await page.evaluate(
    async ({ seat, url }) => {
      const { RoomClient } = globalThis.lib;
      globalThis.asked = [];
      const token = async () => {
        globalThis.asked.push(globalThis.ada.state);
        return globalThis.mint();
      };
      globalThis.bob = new RoomClient(seat);
      globalThis.ada = new RoomClient({ url, token, reconnect: () => 5 });
      for (const client of [globalThis.bob, globalThis.ada]) {
        await client.connect();
        await client.messaging.enable();
      }
    },
    { seat, url },
  );
  return page;
}

it("another token is asked for in time, and nobody notices the change", LIMIT, async () => {
  const page = await openPage();
  const seen = await page.evaluate(async () => {
    const { ada, bob, asked, collect, states, until, help } = globalThis;
    const atBob = collect(bob, "n");
    const seen = states(ada);
    const left = [];
    bob.messaging.on("participant_removed", () => left.push("left"));
    const peer = await help.meet(ada, bob.localParticipant.id);
    const id = ada.localParticipant.id;
    let sent = 0;
    // Twice away and back: a third token alone is asked for before the second time.
    while (seen.length < 4) {
      await ada.messaging.sendMessage(peer, "n", { n: sent });
      sent += 1;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await until(() => atBob.length >= sent);
    const inOrder = atBob.every((n, index) => n === index);
    return {
      asked,
      seen,
      left,
      inOrder,
      extra: atBob.length - sent,
      isSame: ada.localParticipant.id === id,
    };
  });
  assert.deepEqual(seen, {
    // The first before there is a connection, the others while it is open.
    asked: ["connecting", "open", "open"],
    seen: ["reconnecting", "open", "reconnecting", "open"],
    left: [],
    inOrder: true,
    extra: 0,
    isSame: true,
  });
  assert.doesNotMatch(server.log, /token-expired/);
  await page.context().close();
});

it("a token that cannot be replaced is the end, and says why", LIMIT, async () => {
  const page = await stage.blank();
  const seat = await shortLived("cyd");
  const reason = await page.evaluate(async (seat) => {
    const { help, lib } = globalThis;
    const cyd = new lib.RoomClient({ ...seat, reconnect: () => 5 });
    await cyd.connect();
    do {
      await help.next(cyd, "statechange");
    } while (cyd.state !== "closed");
    return help.failure(() => cyd.messaging.enable());
  }, seat);
  assert.equal(reason.code, "connection-refused");
  assert.match(reason.message, /expired/);
  // Written before the page was told, and perhaps not read yet.
  for (let looks = 0; looks < 1000 && !server.log.includes("token-expired"); looks += 1) {
    await sleep(10);
  }
  assert.match(server.log, /token-expired/);
  await page.context().close();
});

it("nothing went wrong unnoticed", () => {
  assert.deepEqual(stage.problems, []);
});

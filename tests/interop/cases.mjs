// What every ordered pair of clients must be able to do with each other through our server.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";

import { pattern } from "./peers/pattern.mjs";

/** Both join, enable and see each other with role and name. */
export async function meet(a, b) {
  await waitFor(`${a.name} to list ${b.name}`, async () => listed(a, b.id));
  await waitFor(`${b.name} to list ${a.name}`, async () => listed(b, a.id));

  const seen = await listed(a, b.id);
  assert.equal(seen.role, b.role, `the role of ${b.name} at ${a.name}`);
  assert.equal(seen.name, b.name, `the name of ${b.name} at ${a.name}`);
}

/** `from` sends to `to` without and with attachments of each size. */
export async function directMessages(from, to, sizes) {
  for (const size of sizes) {
    const message = { text: `with ${size}`, nested: { list: [1, 2.5, null, true] } };
    await from.call("send", { to: to.id, type: "test.direct", message, size });
    const [got] = await receive(to, 1);
    assert.deepEqual(got, expected(from, "test.direct", message, size));
  }
}

/** Text that is not ASCII, and keys and values that are easily lost. */
export async function oddMessages(from, to) {
  const messages = [
    { text: 'šťastný 🦀 \u0000 \u2028 "quoted" \\ /' },
    { "": "empty key", ключ: "значение", __proto_: 1 },
    { deep: [[[[[]]]]], zero: 0, minus: -1, big: 1e21, small: 1e-7, no: null },
    {},
  ];
  for (const message of messages) {
    await from.call("send", { to: to.id, type: "test.odd", message, size: null });
    const [got] = await receive(to, 1);
    assert.deepEqual(got.message, message);
  }
}

/** Many messages at once arrive once each, in order. */
export async function burst(from, to, count) {
  await from.call("burst", { to: to.id, type: "test.burst", count });
  const got = await receive(to, count);
  assert.deepEqual(
    got.map((item) => item.message.index),
    Array.from({ length: count }, (_, index) => index),
  );
}

export async function broadcast(from, to) {
  for (const size of [null, 3, 5000]) {
    const message = { text: `to all with ${size}` };
    await from.call("broadcast", { type: "test.broadcast", message, size });
    const [got] = await receive(to, 1);
    assert.deepEqual(got, expected(from, "test.broadcast", message, size));
  }
}

export async function attributes(from, to) {
  for (const value of ["happy", { level: 3, words: ["a", "š"] }, null]) {
    await from.call("setAttribute", { name: "mood", value });
    await waitFor(`${to.name} to see mood ${JSON.stringify(value)}`, async () => {
      const peer = await listed(to, from.id);
      return JSON.stringify(peer?.mood ?? null) === JSON.stringify(value);
    });
  }
}

export async function unknownRecipient(from) {
  const args = { to: "nobody-at-all", type: "test.direct", message: {}, size: null };
  await assert.rejects(from.call("send", args), /not found/);
}

/** Disabling takes a client off the list of the other, enabling puts it back. */
export async function disableAndEnable(a, b) {
  await a.call("disable");
  await waitFor(`${b.name} to drop ${a.name}`, async () => !(await listed(b, a.id)));
  await a.call("enable");
  await meet(a, b);
}

export async function leaving(a, b) {
  await a.call("leave");
  await waitFor(`${b.name} to see ${a.name} leave`, async () => !(await listed(b, a.id)));
}

async function listed(peer, id) {
  const participants = await peer.call("participants");
  return participants.find((participant) => participant.id === id);
}

async function receive(peer, count) {
  const messages = [];
  await waitFor(`${peer.name} to receive ${count}`, async () => {
    messages.push(...(await peer.call("received")));
    return messages.length >= count;
  });
  assert.equal(messages.length, count, `messages at ${peer.name}`);
  return messages;
}

export function expected(from, type, message, size) {
  return { from: from.id, type, message, ...digest(size ?? 0) };
}

/** What a peer says about `size` bytes. */
export function digest(size) {
  const sha256 = createHash("sha256").update(pattern(size)).digest("hex");
  return { size, sha256 };
}

export async function waitFor(what, condition, seconds = 20) {
  const end = Date.now() + seconds * 1000;
  while (!(await condition())) {
    if (Date.now() > end) {
      throw new Error(`waited ${seconds} s for ${what}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
}

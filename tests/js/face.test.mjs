// The TypeScript face where there is no browser: what it checks before the core is there.

import assert from "node:assert/strict";
import { describe, it } from "node:test";

import * as lib from "../../pkg/index.js";
import { internals } from "../support/internals.mjs";

const { RoomError, attachmentBytes, jsonObject, jsonText, recipientId, uuid } = await internals([
  "errors",
  "uuid",
  "values",
]);

const seat = { url: "wss://example.org/rooms/lobby", token: "a.b.c" };

/** What a call throws, as its code. */
function codeOf(act) {
  try {
    act();
    return "nothing";
  } catch (error) {
    const isOurs = error instanceof lib.RoomError || error instanceof RoomError;
    assert.ok(isOurs, String(error));
    assert.ok(error.hint.endsWith("."), error.hint);
    return error.code;
  }
}

describe("a room client", () => {
  it("is idle until it is told to connect", () => {
    const room = new lib.RoomClient(seat);
    assert.equal(room.state, "idle");
    assert.equal(room.roomName, undefined);
    assert.equal(room.localParticipant.id, "");
    assert.deepEqual([...room.messaging.remoteParticipants], []);
    assert.equal(room.messaging.isEnabled, false);
  });

  it("refuses urls and tokens that cannot be right", () => {
    for (const url of [undefined, "", "lobby", "ftp://example.org/", 5]) {
      assert.equal(
        codeOf(() => new lib.RoomClient({ ...seat, url })),
        "invalid-url",
        String(url),
      );
    }
    for (const token of [undefined, "", 5, {}]) {
      assert.equal(
        codeOf(() => new lib.RoomClient({ ...seat, token })),
        "invalid-token",
      );
    }
  });

  it("takes a class of one's own for messaging", () => {
    class Loud extends lib.MessagingClient {}
    const room = new lib.RoomClient({ ...seat, messaging: Loud });
    assert.ok(room.messaging instanceof Loud);
  });

  it("says that it is not connected, or closed", async () => {
    const room = new lib.RoomClient(seat);
    await assert.rejects(room.messaging.broadcastMessage("x", {}), { code: "not-connected" });
    await room.close();
    assert.equal(room.state, "closed");
    await assert.rejects(room.connect(), { code: "closed" });
  });
});

describe("values", () => {
  it("are written as JSON, or refused by name", () => {
    assert.equal(jsonText("x", [1, null]), "[1,null]");
    assert.equal(jsonObject("x", { a: 1 }), '{"a":1}');
    const cyclic = {};
    cyclic.self = cyclic;
    for (const value of [cyclic, { n: 1n }, undefined, () => {}, Symbol("s")]) {
      assert.equal(
        codeOf(() => jsonText("x", value)),
        "invalid-argument",
      );
    }
    for (const value of [null, [], "text", 5]) {
      assert.equal(
        codeOf(() => jsonObject("x", value)),
        "invalid-argument",
      );
    }
  });

  it("name a recipient by id or as a participant", () => {
    assert.equal(recipientId("a"), "a");
    assert.equal(recipientId({ id: "b" }), "b");
    for (const to of [undefined, null, "", 5, {}, { id: 5 }]) {
      assert.equal(
        codeOf(() => recipientId(to)),
        "invalid-argument",
        String(to),
      );
    }
  });

  it("are attachments without a copy, except that Blobs are read", async () => {
    const bytes = new Uint8Array([1, 2, 3, 4]);
    assert.deepEqual([...attachmentBytes(bytes)], [1, 2, 3, 4]);
    assert.deepEqual([...attachmentBytes(bytes.buffer)], [1, 2, 3, 4]);
    assert.deepEqual([...attachmentBytes(new DataView(bytes.buffer, 1, 2))], [2, 3]);
    assert.deepEqual([...(await attachmentBytes(new Blob([bytes])))], [1, 2, 3, 4]);
    assert.equal(attachmentBytes(undefined), undefined);
    assert.equal(
      codeOf(() => attachmentBytes("text")),
      "invalid-argument",
    );
  });
});

describe("ids of streams", () => {
  it("are version 4 UUIDs, in pages that are not secure contexts too", () => {
    const form = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
    assert.match(uuid(), form);
    const { randomUUID } = crypto;
    Object.defineProperty(crypto, "randomUUID", { value: undefined, configurable: true });
    try {
      assert.match(uuid(), form);
      assert.notEqual(uuid(), uuid());
    } finally {
      Object.defineProperty(crypto, "randomUUID", { value: randomUUID, configurable: true });
    }
  });
});

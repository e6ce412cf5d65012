// The React hooks where there is no page: on a server.

import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { createElement } from "react";
import { renderToString } from "react-dom/server";

import { RoomClient } from "../../pkg/index.js";
import * as lib from "../../pkg/react.js";

const { RoomProvider, useMessages, useParticipants, useRoom, useSendMessage, useStreams } = lib;
const options = { url: "wss://example.org/rooms/lobby", token: "a.b.c" };

function Chat() {
  const { client, state, error } = useRoom();
  const { incoming, outgoing, open } = useStreams(() => {});
  const { isSending, send } = useSendMessage();
  const lists = [useParticipants(), useMessages("chat.message"), incoming, outgoing];
  const kinds = [client instanceof RoomClient, error === undefined, typeof open, typeof send];
  return [state, lists.map(({ length }) => length), isSending, kinds].join(" ");
}

describe("on a server", () => {
  it("everything is empty, and nothing is fetched", (context) => {
    assert.equal(globalThis.window, undefined);
    context.mock.method(globalThis, "fetch", () => assert.fail("something was fetched"));
    const client = new RoomClient(options);
    for (const props of [{ options }, { client }]) {
      const html = renderToString(createElement(RoomProvider, props, createElement(Chat)));
      assert.equal(html, "idle 0,0,0,0 false true,true,function,function");
    }
    assert.equal(client.state, "idle");
  });

  it("a hook without a provider says what it needs", () => {
    assert.throws(() => renderToString(createElement(Chat)), /useRoom\(\) needs a <RoomProvider>/);
  });

  it("the hooks for a map of messages are the same", () => {
    const { createRoomHooks, ...hooks } = lib;
    assert.deepEqual({ ...createRoomHooks() }, { ...hooks });
  });
});

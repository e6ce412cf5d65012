// One set of scenarios for four rooms: to their members, a server's room, a room over several servers, a
// room in a page and a room that tabs share are the same. What must happen is written down in
// conformance/expected.json.

import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { after, before, describe, it } from "node:test";

import { findNats, NO_NATS } from "../../scripts/lib/nats.mjs";
import { acrossTabs, inPage, overNodes, overServer } from "./conformance/backends.mjs";
import { duplex } from "./conformance/duplex.mjs";
import { messages } from "./conformance/messages.mjs";
import { presence } from "./conformance/presence.mjs";
import { streams } from "./conformance/streams.mjs";
import { openStage } from "./stage.mjs";

const SCENARIOS = { ...presence, ...messages, ...streams, ...duplex };
const titles = Object.keys(SCENARIOS);
const EXPECTED = new URL("conformance/expected.json", import.meta.url);
/** `CONFORMANCE=write` writes down what the server's room does; then `npm run fix`, and read it. */
const IS_WRITING = process.env.CONFORMANCE === "write";
const LIMIT_MS = 120_000;
const nats = findNats();
/** Each with a reason to leave it out, if there is one. */
const ROOMS = {
  "a server's room": false,
  "a room over three servers": nats === undefined ? NO_NATS : false,
  "a room in a page": false,
  "a room that tabs share": false,
};

let stage;
let expected;
const rooms = {};

before(async () => {
  stage = await openStage();
  expected = IS_WRITING ? {} : JSON.parse(await readFile(EXPECTED, "utf8"));
  rooms["a server's room"] = await overServer(stage);
  if (nats !== undefined) {
    rooms["a room over three servers"] = await overNodes(stage, nats);
  }
  rooms["a room in a page"] = await inPage(stage);
  rooms["a room that tabs share"] = await acrossTabs(stage);
});

after(async () => {
  await Promise.all(Object.values(rooms).map((backend) => backend.close()));
  await stage?.close();
  if (IS_WRITING) {
    await writeFile(EXPECTED, `${JSON.stringify(expected, null, 1)}\n`);
  }
});

for (const [title, scenario] of Object.entries(SCENARIOS)) {
  describe(title, () => {
    const traces = {};

    for (const [name, skip] of Object.entries(ROOMS)) {
      it(`in ${name}`, { timeout: LIMIT_MS, skip }, async () => {
        traces[name] = await perform(rooms[name], title, scenario);
        assert.deepEqual(stage.problems.splice(0), []);
        if (IS_WRITING) {
          expected[title] ??= traces[name];
        }
        assert.deepEqual(traces[name], expected[title]);
      });
    }

    it("is the same everywhere", () => {
      const [first, ...others] = Object.values(traces);
      assert.equal(others.length, Object.keys(rooms).length - 1);
      for (const other of others) {
        assert.deepEqual(other, first);
      }
    });
  });
}

it("nothing is expected of scenarios that are gone", () => {
  assert.deepEqual(Object.keys(expected).sort(), Object.keys(SCENARIOS).sort());
});

/** Plays a scenario; gives what happened to each member. */
async function perform(backend, title, { cast, play }) {
  const actors = await backend.cast(`scenario-${titles.indexOf(title)}`, cast);
  try {
    await play(actors, backend);
    const traces = {};
    for (const name of cast) {
      traces[name] = await actors[name].trace();
    }
    return traces;
  } finally {
    await backend.clear();
  }
}

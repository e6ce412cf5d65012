// The Python example of README.md, as it stands there, with the official SDK 0.56.0: `createStream` of
// our client reaches an agent that takes duplex streams only.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { after, before, it } from "node:test";

import { at } from "../../scripts/lib/paths.mjs";
import { waitFor } from "./cases.mjs";
import { officialInPython, oursInBrowser } from "./cast.mjs";
import { pattern } from "./peers/pattern.mjs";
import { scene } from "./tally.mjs";
import { Theatre } from "./theatre.mjs";

const SIZES = [1, 1025, 300_000];

const theatre = new Theatre();
const ours = oursInBrowser(theatre);
const python = officialInPython("0.56.0", process.env.MESHAGENT_PYTHON_0_56_0);

before(() => theatre.open());

after(() => theatre.close());

scene(`${ours.name} writes to ${python.name}`, [ours, python], () => {
  it("the agent of the example gets all of it", async () => {
    const room = theatre.newRoom();
    const ada = await theatre.enter(ours, room, "ada", "user");
    const agent = await theatre.enter(python, room, "agent", "agent");
    try {
      await agent.call("runExample", { source: await pythonExample() });
      await waitFor("the example to announce what it takes", async () => {
        const participants = await ada.call("participants");
        return participants.some(({ id, streams }) => id === agent.id && streams !== null);
      });
      await ada.call("openStream", { to: agent.id, header: { name: "a.bin" } });
      const chunks = SIZES.map((size) => ({ header: { size }, size }));
      await ada.call("writeChunks", { chunks });
      await ada.call("closeStream");

      let seen;
      await waitFor("the example to close its file", async () => {
        seen = await agent.call("exampleFile");
        return seen !== null;
      });
      const bytes = Buffer.concat(SIZES.map((size) => pattern(size)));
      const sha256 = createHash("sha256").update(bytes).digest("hex");
      assert.deepEqual(seen, { size: bytes.length, sha256 });
    } finally {
      await ada.stop();
      await agent.stop();
    }
  });
});

async function pythonExample() {
  const readme = await readFile(at("README.md"), "utf8");
  return /^```python\n([\s\S]*?)^```$/m.exec(readme)[1];
}

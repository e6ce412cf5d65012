// npm run profile: where the time of our client goes, beside that of a raw WebSocket.

import { mkdir } from "node:fs/promises";
import path from "node:path";
import { parseArgs } from "node:util";

import { target } from "../scripts/lib/paths.mjs";
import { namedPackage } from "./lib/named-package.mjs";
import { profile } from "./lib/profile.mjs";
import { openStage } from "./lib/stage.mjs";

const { values } = parseArgs({
  options: {
    clients: { type: "string", default: "raw,ours,ours-plain" },
    /** Only these, such as burst,bulk,load. */
    cases: { type: "string" },
  },
});

const folder = path.join(target, "bench", "profiles");
await mkdir(folder, { recursive: true });
const stage = await openStage({ pkg: await namedPackage() });
try {
  await profile(stage, values.clients.split(","), folder, values.cases?.split(","));
} finally {
  await stage.close();
}
console.log(`\nThe profiles, which Chromium's developer tools can open, are in ${folder}`);

// npm run load: starts a server and joins it with many members, some of whom talk. Arguments go to
// `room-load`; `npm run load -- --help` has them.

import { runLoad } from "./lib/load.mjs";
import { main } from "./lib/log.mjs";
import { loadBinary, roomBinary } from "./lib/paths.mjs";
import { checkTools } from "./lib/prerequisites.mjs";
import { buildLoad, buildServer } from "./lib/server-build.mjs";

await main(async () => {
  checkTools();
  await buildServer();
  await buildLoad();
  const binaries = { server: roomBinary, load: loadBinary };
  const { code } = await runLoad(binaries, process.argv.slice(2));
  process.exitCode = code;
});

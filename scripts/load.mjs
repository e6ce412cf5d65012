// npm run load: starts a server and joins it with many members, some of whom talk. Arguments go to
// `room-load`; `npm run load -- --help` has them. `npm run load -- --nodes COUNT ...` starts the nodes
// of a cluster instead, and the members go to them in turn.

import { runClusterLoad, runLoad } from "./lib/load.mjs";
import { Failure, main } from "./lib/log.mjs";
import { ensureNats, NO_NATS } from "./lib/nats.mjs";
import { loadBinary, roomBinary } from "./lib/paths.mjs";
import { checkTools } from "./lib/prerequisites.mjs";
import { buildLoad, buildServer } from "./lib/server-build.mjs";

await main(async () => {
  checkTools();
  await buildServer();
  await buildLoad();
  const { code } = await load(process.argv.slice(2));
  process.exitCode = code;
});

async function load([flag, ...rest]) {
  const binaries = { server: roomBinary, load: loadBinary };
  if (flag !== "--nodes") {
    return await runLoad(binaries, flag === undefined ? [] : [flag, ...rest]);
  }
  const [count, ...args] = rest;
  if (!/^[1-9]$/.test(count ?? "")) {
    throw new Failure("usage: npm run load -- --nodes 1..9 [...]", { exitCode: 2 });
  }
  const nats = await ensureNats();
  if (nats === undefined) {
    throw new Failure(NO_NATS);
  }
  return await runClusterLoad({ ...binaries, nats }, Number(count), args);
}

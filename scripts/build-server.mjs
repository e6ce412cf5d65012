// npm run build:server: makes the binary `room` with the demo in it, and says where it is. With
// --static it needs nothing of the system that it runs on.

import { ensureBindgen } from "./lib/bindgen.mjs";
import { Failure, main, step } from "./lib/log.mjs";
import { buildPackage } from "./lib/package-build.mjs";
import { checkTools, ensureNodeModules } from "./lib/prerequisites.mjs";
import { buildDemoServer } from "./lib/server-build.mjs";
import { ensureWasm } from "./lib/wasm-target.mjs";

await main(async () => {
  const isStatic = wantsStatic(process.argv.slice(2));
  checkTools();
  await ensureNodeModules();
  const wasmEnv = await ensureWasm();
  const { wasmBindgen } = await ensureBindgen();
  await buildPackage({ wasmEnv, wasmBindgen });
  const binary = await buildDemoServer({ isStatic });
  step(`${binary} serve --dev`);
});

function wantsStatic(args) {
  if (args.length > 1 || (args.length === 1 && args[0] !== "--static")) {
    throw new Failure("usage: npm run build:server [-- --static]", { exitCode: 2 });
  }
  return args.length === 1;
}

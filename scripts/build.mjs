// npm run build: makes the package in pkg/ and prints its size. With --readme the size goes into
// README.md too.

import { ensureBindgen } from "./lib/bindgen.mjs";
import { main } from "./lib/log.mjs";
import { buildPackage } from "./lib/package-build.mjs";
import { at } from "./lib/paths.mjs";
import { checkTools, ensureNodeModules } from "./lib/prerequisites.mjs";
import { writePart } from "./lib/readme.mjs";
import { named, officialSize, packageSizes, sizeTable } from "./lib/sizes.mjs";
import { ensureWasm } from "./lib/wasm-target.mjs";

await main(async () => {
  checkTools();
  await ensureNodeModules();
  const wasmEnv = await ensureWasm();
  const { wasmBindgen } = await ensureBindgen();
  await buildPackage({ wasmEnv, wasmBindgen });
  if (process.argv.includes("--readme")) {
    await ensureNodeModules(at("tests", "interop"));
    const official = { "@meshagent/meshagent 0.39.9": await officialSize() };
    await writePart("size", sizeTable({ ...named(packageSizes()), ...official }));
  }
});

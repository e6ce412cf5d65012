// npm run fix: formats everything and applies what the linters suggest.

import { main, step } from "./lib/log.mjs";
import { npmBinary } from "./lib/paths.mjs";
import { checkTools, ensureNodeModules } from "./lib/prerequisites.mjs";
import { run } from "./lib/run.mjs";
import { nativeEnv } from "./lib/server-build.mjs";

await main(async () => {
  checkTools();
  await ensureNodeModules();
  step("cargo clippy --fix, cargo fmt");
  const env = nativeEnv();
  await run("cargo", ["clippy", "--workspace", "--all-targets", "--fix", "--allow-dirty"], { env });
  await run("cargo", ["fmt", "--all"], { env });
  step("biome check --write");
  await run(npmBinary("biome"), ["check", "--write", "."]);
});

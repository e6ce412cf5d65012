// npm run bench: builds everything and measures it beside its peers. Arguments go to `bench/run.mjs`:
// `--rounds 5`, `--short`, `--clients raw,ours`. npm run profile does the same with `bench/profile.mjs`.

import { Failure, main } from "./lib/log.mjs";
import { at } from "./lib/paths.mjs";
import { checkTools, ensureNodeModules } from "./lib/prerequisites.mjs";
import { tee } from "./lib/run.mjs";
import { Workshop } from "./lib/workshop.mjs";

await main(async () => {
  checkTools();
  await ensureNodeModules();
  const env = await new Workshop().benchEnv();
  const [script, ...args] = process.argv.slice(2);
  const { code } = await tee(process.execPath, [at("bench", script), ...args], { env });
  if (code !== 0) {
    throw new Failure("the benchmark failed");
  }
});

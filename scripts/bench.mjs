// npm run bench: builds everything and measures it beside its peers. Arguments go to `bench/run.mjs`:
// `--rounds 5`, `--short`, `--clients raw,ours`.

import { Failure, main } from "./lib/log.mjs";
import { at } from "./lib/paths.mjs";
import { checkTools, ensureNodeModules } from "./lib/prerequisites.mjs";
import { tee } from "./lib/run.mjs";
import { Workshop } from "./lib/workshop.mjs";

await main(async () => {
  checkTools();
  await ensureNodeModules();
  const env = await new Workshop().benchEnv();
  const { code } = await tee(process.execPath, [at("bench", "run.mjs"), ...process.argv.slice(2)], {
    env,
  });
  if (code !== 0) {
    throw new Failure("the benchmark failed");
  }
});

// Writes down what the pure crates depend on, for `npm run check` to compare with.

import { main, note } from "./lib/log.mjs";
import { PURE, writeList } from "./lib/purity.mjs";

await main(async () => {
  for (const name of PURE) {
    await writeList(name);
    note(`scripts/purity/${name}.txt`);
  }
});

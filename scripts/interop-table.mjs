// node scripts/interop-table.mjs: prints what the last `npm run test:interop` found out. With
// --readme the tables go into README.md too.

import { compatibilityTables, isComplete, readResults } from "./lib/interop-table.mjs";
import { Failure, main } from "./lib/log.mjs";
import { writePart } from "./lib/readme.mjs";

await main(async () => {
  const results = readResults();
  if (results.length === 0) {
    throw new Failure("there are no results; npm run test:interop makes them");
  }
  const tables = compatibilityTables(results);
  console.log(tables);
  if (process.argv.includes("--readme")) {
    if (!isComplete(results)) {
      throw new Failure("some clients were left out; README.md gets complete tables only");
    }
    await writePart("compatibility", tables);
  }
});

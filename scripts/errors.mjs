// node scripts/errors.mjs: writes js/error-codes.ts and docs/errors.md from the core's list.

import { writeFile } from "node:fs/promises";

import { errorFiles } from "./lib/error-list.mjs";
import { main, note } from "./lib/log.mjs";

await main(async () => {
  for (const [file, text] of errorFiles()) {
    await writeFile(file, text);
    note(file);
  }
});

// The reference of the package's interface, by TypeDoc.

import { at } from "./paths.mjs";
import { ensureNodeModules } from "./prerequisites.mjs";
import { tee } from "./run.mjs";

/** Writes it to target/api. A thing without a description is a failure. */
export async function makeApiDocs() {
  const folder = at("scripts", "typedoc");
  await ensureNodeModules(folder);
  const typedoc = at("scripts", "typedoc", "node_modules", "typedoc", "bin", "typedoc");
  return tee(process.execPath, [typedoc, "--options", at("typedoc.json")]);
}

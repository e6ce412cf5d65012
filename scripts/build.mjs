// npm run build: makes the package in pkg/ and prints its size. With --readme the size goes into
// README.md too.

import { readFile, writeFile } from "node:fs/promises";

import { ensureBindgen } from "./lib/bindgen.mjs";
import { Failure, main } from "./lib/log.mjs";
import { buildPackage } from "./lib/package-build.mjs";
import { at } from "./lib/paths.mjs";
import { checkTools, ensureNodeModules } from "./lib/prerequisites.mjs";
import { packageSizes, sizeTable } from "./lib/sizes.mjs";
import { ensureWasm } from "./lib/wasm-target.mjs";

await main(async () => {
  checkTools();
  await ensureNodeModules();
  const wasmEnv = await ensureWasm();
  const { wasmBindgen } = await ensureBindgen();
  await buildPackage({ wasmEnv, wasmBindgen });
  if (process.argv.includes("--readme")) {
    await writeReadme();
  }
});

async function writeReadme() {
  const readme = at("README.md");
  const text = await readFile(readme, "utf8");
  const place = /(<!-- size:begin -->\n)[\s\S]*(<!-- size:end -->)/;
  if (!place.test(text)) {
    throw new Failure(
      "README.md has no place for the size: <!-- size:begin --> … <!-- size:end -->",
    );
  }
  const table = sizeTable(packageSizes());
  await writeFile(
    readme,
    text.replace(place, (_, begin, end) => `${begin}${table}\n${end}`),
  );
}

// The package with the names of its functions, for profiles: the same code, not made small.

import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";

import { build } from "esbuild";

import { ensureBindgen } from "../../scripts/lib/bindgen.mjs";
import { bindAndOptimize, glueIn } from "../../scripts/lib/package-build.mjs";
import { at, target, wasmTarget } from "../../scripts/lib/paths.mjs";
import { TARGET } from "../../scripts/lib/wasm-target.mjs";

const NAME = "room_messaging";

/** Makes the folder that pages find as `/pkg`, and gives its path. */
export async function namedPackage() {
  const folder = path.join(target, "bench", "pkg");
  const glue = path.join(folder, "glue");
  await mkdir(glue, { recursive: true });
  const { wasmBindgen } = await ensureBindgen();
  const compiled = path.join(wasmTarget, TARGET, "wasm", `${NAME}.wasm`);
  await bindAndOptimize({ name: NAME, compiled, glue, wasmBindgen }, ["-g"]);
  const { outputFiles } = await build({
    entryPoints: [at("js", "index.ts")],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2022",
    plugins: [glueIn(folder)],
  });
  await writeFile(path.join(folder, "index.js"), outputFiles[0].text);
  return folder;
}

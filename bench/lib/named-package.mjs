// The package with the names of its functions, for profiles: the same code, not made small.

import { execFileSync } from "node:child_process";
import { cp, mkdir, writeFile } from "node:fs/promises";
import path from "node:path";

import { build } from "esbuild";

import { ensureBindgen } from "../../scripts/lib/bindgen.mjs";
import { at, npmBinary, target, wasmTarget } from "../../scripts/lib/paths.mjs";
import { TARGET } from "../../scripts/lib/wasm-target.mjs";

const NAME = "room_messaging";

/** Makes the folder that pages find as `/pkg`, and gives its path. */
export async function namedPackage() {
  const folder = path.join(target, "bench", "pkg");
  const glue = path.join(folder, "glue");
  await mkdir(glue, { recursive: true });
  const { wasmBindgen } = await ensureBindgen();
  const compiled = path.join(wasmTarget, TARGET, "wasm", `${NAME}.wasm`);
  const kind = ["--target", "web", "--omit-default-module-path", "--no-typescript"];
  execFileSync(wasmBindgen, [...kind, "--out-name", NAME, "--out-dir", glue, compiled]);
  const wasm = path.join(glue, `${NAME}_bg.wasm`);
  const rounds = ["--flatten", "--rereloop", "-Oz", "-Oz", "-g"];
  execFileSync(npmBinary("wasm-opt"), [...rounds, wasm, "-o", wasm]);
  const { outputFiles } = await build({
    entryPoints: [at("js", "index.ts")],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2022",
    plugins: [glueIn(glue)],
  });
  await writeFile(path.join(folder, "index.js"), outputFiles[0].text);
  await cp(at("package.json"), path.join(folder, "package.json"));
  return folder;
}

function glueIn(folder) {
  return {
    name: "glue",
    setup(build) {
      const filter = new RegExp(`/glue/${NAME}\\.js$`);
      build.onResolve({ filter }, () => ({ path: path.join(folder, `${NAME}.js`) }));
    },
  };
}

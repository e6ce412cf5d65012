// The folders of this machine that a compiler would write into what it makes: panics name the source
// that they are in. They are nobody's business, and take room.

import { existsSync, readdirSync } from "node:fs";
import os from "node:os";
import path from "node:path";

import { ask } from "./run.mjs";

/** `env` with flags for rustc that leave these folders out. The sources must have been fetched. */
export function withoutSourcePaths(env) {
  const folders = [...registries(env), ...standardLibrary(env)];
  const remaps = folders.map((folder) => `--remap-path-prefix=${folder}${path.sep}=`);
  const own = env.RUSTFLAGS?.split(/\s+/).filter(Boolean) ?? [];
  const { RUSTFLAGS, ...others } = env;
  return { ...others, CARGO_ENCODED_RUSTFLAGS: [...own, ...remaps].join("\x1f") };
}

function registries(env) {
  const home = env.CARGO_HOME || path.join(os.homedir(), ".cargo");
  const sources = path.join(home, "registry", "src");
  return existsSync(sources) ? readdirSync(sources).map((name) => path.join(sources, name)) : [];
}

function standardLibrary(env) {
  const sysroot = ask(env.RUSTC ?? "rustc", ["--print", "sysroot"]);
  return sysroot === undefined ? [] : [path.join(sysroot, "lib/rustlib/src/rust/library")];
}

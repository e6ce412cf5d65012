// wasm-bindgen's command-line tools, in the version of Cargo.lock: any other writes wrong glue.

import { existsSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import path from "node:path";

import { Failure, note, step, warn } from "./log.mjs";
import { at, cache } from "./paths.mjs";
import { ask, run } from "./run.mjs";

const TOOLS = ["wasm-bindgen", "wasm-bindgen-test-runner"];

/** The commands: `{ version, wasmBindgen, testRunner }`. */
export async function ensureBindgen() {
  const version = lockedVersion("wasm-bindgen");
  step(`wasm-bindgen ${version}`);
  if (TOOLS.every((tool) => hasVersion(tool, version))) {
    note("the one in PATH");
    return commands(version, "");
  }
  const folder = path.join(cache, `wasm-bindgen-${version}`);
  const bin = path.join(folder, "bin");
  if (!TOOLS.every((tool) => existsSync(path.join(bin, tool)))) {
    await install(version, folder);
  }
  note(folder);
  return commands(version, bin);
}

/** The version of a crate in Cargo.lock. */
export function lockedVersion(name) {
  const lock = readFileSync(at("Cargo.lock"), "utf8");
  const [, version] = new RegExp(`name = "${name}"\\nversion = "([^"]+)"`).exec(lock) ?? [];
  if (version === undefined) {
    throw new Failure(`Cargo.lock has no ${name}`);
  }
  return version;
}

function commands(version, bin) {
  const [wasmBindgen, testRunner] = TOOLS.map((tool) => path.join(bin, tool));
  return { version, wasmBindgen, testRunner };
}

function hasVersion(tool, version) {
  return ask(tool, ["--version"])?.split(" ")[1] === version;
}

async function install(version, folder) {
  await mkdir(cache, { recursive: true });
  const draft = await mkdtemp(`${folder}.`);
  const args = ["install", "wasm-bindgen-cli", "--version", `=${version}`, "--root", draft];
  try {
    try {
      await run("cargo", [...args, "--locked"]);
    } catch (error) {
      warn(`${error.message}; trying with the newest versions of what it depends on`);
      await run("cargo", args);
    }
    await rm(folder, { recursive: true, force: true });
    await rename(draft, folder);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

// wasm-bindgen's command-line tools, in the version of Cargo.lock: any other writes wrong glue.

import { readFileSync } from "node:fs";
import path from "node:path";

import { ensureCargoTool } from "./cargo-tool.mjs";
import { Failure, note, step } from "./log.mjs";
import { at } from "./paths.mjs";
import { ask } from "./run.mjs";

const TOOLS = ["wasm-bindgen", "wasm-bindgen-test-runner"];

/** The commands: `{ version, wasmBindgen, testRunner }`. */
export async function ensureBindgen() {
  const version = lockedVersion("wasm-bindgen");
  step(`wasm-bindgen ${version}`);
  if (TOOLS.every((tool) => hasVersion(tool, version))) {
    note("the one in PATH");
    return commands(version, "");
  }
  const bin = await ensureCargoTool("wasm-bindgen-cli", version, TOOLS);
  note(bin);
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

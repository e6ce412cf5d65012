// What fuzzing needs: cargo-fuzz, and a C++ compiler for libFuzzer.

import path from "node:path";

import { ensureCargoTool } from "./cargo-tool.mjs";
import { Failure } from "./log.mjs";
import { ask } from "./run.mjs";

const VERSION = "0.13.2";

/** What is said where fuzzing is not possible. */
export const NO_COMPILER = "skipped: fuzzing needs a C++ compiler (on Debian: g++)";

export function canFuzz() {
  return ask(process.env.CXX ?? "c++", ["--version"]) !== undefined;
}

/** An environment in which `cargo fuzz` is there. */
export async function fuzzEnv() {
  if (!canFuzz()) {
    throw new Failure(NO_COMPILER.replace("skipped: ", ""));
  }
  if (ask("cargo", ["fuzz", "--version"]) !== undefined) {
    return process.env;
  }
  const bin = await ensureCargoTool("cargo-fuzz", VERSION, ["cargo-fuzz"]);
  return { ...process.env, PATH: [bin, process.env.PATH].join(path.delimiter) };
}

// The release builds: the server, and what the tests need beside it.

import { step } from "./log.mjs";
import { target } from "./paths.mjs";
import { run } from "./run.mjs";

/** Builds `room`, for `npm start` and for the tests that need a server. */
export async function buildServer() {
  step("cargo build, for the server");
  await run("cargo", ["build", "--release", "-p", "room-cli"], { env: nativeEnv() });
}

/** Builds the members of `npm run load`. */
export async function buildLoad() {
  step("cargo build, for the load");
  await run("cargo", ["build", "--release", "-p", "room-load"], { env: nativeEnv() });
}

/** Builds the server of `npm run bench`. */
export async function buildBench() {
  step("cargo build, for the benchmark");
  await run("cargo", ["build", "--release", "-p", "room-bench"], { env: nativeEnv() });
}

/** Builds our native client as a peer of the interoperability tests. */
export async function buildNativePeer() {
  step("cargo build, for the native peer of the interoperability tests");
  const args = ["build", "--release", "-p", "room-client", "--example", "interop_peer"];
  await run("cargo", args, { env: nativeEnv() });
}

/** The environment of native builds: whatever is set outside, they stay below target/. */
export function nativeEnv(extra = {}) {
  return { ...process.env, CARGO_TARGET_DIR: target, ...extra };
}

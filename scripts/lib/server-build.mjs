// The release builds: the server, and what the tests need beside it.

import path from "node:path";

import { Failure, note, step } from "./log.mjs";
import { target } from "./paths.mjs";
import { ask, run } from "./run.mjs";

/** Builds `room`, for `npm start` and for the tests that need a server. */
export async function buildServer() {
  step("cargo build, for the server");
  const args = ["build", "--release", "-p", "room-cli", ...features()];
  await run("cargo", args, { env: nativeEnv() });
}

/**
 * Builds `room` with the demo in it, for which the package must have been built, and gives the path.
 * It is not where the plain one is, so that neither is made again because of the other.
 */
export async function buildDemoServer({ isStatic }) {
  step(`cargo build, for the server with the demo${isStatic ? ", linked statically" : ""}`);
  const triple = hostTriple();
  const args = ["build", "--release", "-p", "room-cli", ...features("demo"), "--target", triple];
  await run("cargo", args, { env: nativeEnv(isStatic ? staticFlags() : {}) });
  return path.join(target, triple, "release", "room");
}

/** The features of Cargo that a server is built with: the faster allocator where it can be built. */
function features(...wanted) {
  if (ask("make", ["--version"]) === undefined) {
    note("without jemalloc, which carries twice as many messages: there is no `make` to build it");
  } else {
    wanted.push("jemalloc");
  }
  return wanted.length === 0 ? [] : ["--features", wanted.join(",")];
}

/** With a target that is named, they are not for what runs while it is built. */
function staticFlags() {
  const flags = process.env.RUSTFLAGS ?? "";
  return { RUSTFLAGS: `${flags} -C target-feature=+crt-static`.trim() };
}

function hostTriple() {
  const triple = /^host: (\S+)$/m.exec(ask("rustc", ["-vV"]) ?? "")?.[1];
  if (triple === undefined) {
    throw new Failure("rustc -vV names no host");
  }
  return triple;
}

/** Builds the members of `npm run load`. */
export async function buildLoad() {
  step("cargo build, for the load");
  await run("cargo", ["build", "--release", "-p", "room-load"], { env: nativeEnv() });
}

/** Builds the server of `npm run bench`. */
export async function buildBench() {
  step("cargo build, for the benchmark");
  const args = ["build", "--release", "-p", "room-bench", ...features()];
  await run("cargo", args, { env: nativeEnv() });
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

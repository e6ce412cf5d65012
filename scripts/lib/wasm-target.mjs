// A Rust toolchain that can compile to wasm32-unknown-unknown.
//
// In this order: the rustc in PATH has the target; rustup adds it; Debian's rustc-web, with a
// standard library that is built once. ROOM_WASM_TOOLCHAIN=debian skips the first two.

import { existsSync, readdirSync } from "node:fs";
import path from "node:path";

import { ensureDebianPackages, hasApt } from "./debian.mjs";
import { buildSysroot } from "./debian-sysroot.mjs";
import { Failure, note, step } from "./log.mjs";
import { cache } from "./paths.mjs";
import { ask, capture } from "./run.mjs";

/** The target's name. */
export const TARGET = "wasm32-unknown-unknown";

const PACKAGES = [
  "rustc-web",
  "cargo-web",
  "rust-web-src",
  "rust-web-clippy",
  "rust-web-llvm",
  "lld-22",
];
const RUSTUP_LIMIT_MS = 120_000;

/** The environment in which `cargo --target wasm32-unknown-unknown` works. */
export async function ensureWasm() {
  return withVectors(await toolchain());
}

/** All browsers that the package works in have these. */
function withVectors(env) {
  return { ...env, RUSTFLAGS: `${env.RUSTFLAGS ?? ""} -C target-feature=+simd128`.trim() };
}

async function toolchain() {
  step(`Rust for ${TARGET}`);
  const forced = process.env.ROOM_WASM_TOOLCHAIN === "debian";
  if (!forced && hasTarget("rustc")) {
    note(`the rustc in PATH has it: ${ask("rustc", ["--version"])}`);
    return { ...process.env };
  }
  if (!forced && (await addWithRustup())) {
    note(`rustup added it to ${ask("rustc", ["--version"])}`);
    return { ...process.env };
  }
  return debianToolchain();
}

/** Whether that rustc has a standard library for the target. */
export function hasTarget(rustc) {
  const folder = ask(rustc, ["--print", "target-libdir", "--target", TARGET]);
  return folder !== undefined && existsSync(folder) && readdirSync(folder).some(isStd);
}

async function addWithRustup() {
  if (ask("rustup", ["--version"]) === undefined) {
    return false;
  }
  const added = await capture("rustup", ["target", "add", TARGET], { timeout: RUSTUP_LIMIT_MS });
  return added.code === 0 && hasTarget("rustc");
}

async function debianToolchain() {
  if (!hasApt()) {
    throw new Failure(
      `this Rust toolchain has no standard library for ${TARGET}; ` +
        `install it with: rustup target add ${TARGET}`,
    );
  }
  await ensureDebianPackages(PACKAGES, `Rust for ${TARGET}`);
  const version = ask("/usr/bin/rustc", ["--version"]).split(" ")[1];
  const prefix = path.join(cache, `wasm-toolchain-${version}`);
  if (!hasTarget(path.join(prefix, "bin", "rustc"))) {
    step(`building the standard library for ${TARGET} with Debian's rustc ${version}, once`);
    await buildSysroot(prefix, TARGET);
  }
  note(`Debian's rustc ${version} with the standard library in ${prefix}`);
  return debianEnvironment(prefix);
}

function debianEnvironment(prefix) {
  const { RUSTC, RUSTUP_TOOLCHAIN, ...rest } = process.env;
  const folders = [path.join(prefix, "bin"), rest.PATH];
  return { ...rest, PATH: folders.join(path.delimiter), SYSROOT: prefix };
}

function isStd(name) {
  return name.startsWith("libstd-") && name.endsWith(".rlib");
}

// What must be there before anything else: Node, a Rust toolchain, and the packages from npm.

import { existsSync, statSync } from "node:fs";
import path from "node:path";

import { Failure, step } from "./log.mjs";
import { root } from "./paths.mjs";
import { ask, run } from "./run.mjs";

const OLDEST_NODE = 20;

/** Fails with what to install if Node is too old or Rust is missing. */
export function checkTools() {
  const [major] = process.versions.node.split(".").map(Number);
  if (major < OLDEST_NODE) {
    throw new Failure(`Node ${OLDEST_NODE} or newer is needed; this is ${process.version}`);
  }
  if (ask("cargo", ["--version"]) === undefined || ask("rustc", ["--version"]) === undefined) {
    throw new Failure("no working cargo and rustc in PATH; install Rust from https://rustup.rs");
  }
  if (ask("cc", ["--version"]) === undefined) {
    throw new Failure("no C linker `cc` in PATH, which Rust needs; on Debian: apt-get install gcc");
  }
}

/**
 * Installs a folder's packages, unless they are there: from its lock file, or as its manifest says if
 * it has none.
 */
export async function ensureNodeModules(folder = root) {
  const lock = path.join(folder, "package-lock.json");
  const isLocked = existsSync(lock);
  const wanted = isLocked ? lock : path.join(folder, "package.json");
  const installed = path.join(folder, "node_modules", ".package-lock.json");
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(wanted).mtimeMs) {
    return;
  }
  const command = isLocked ? ["ci"] : ["install", "--no-package-lock"];
  step(`npm ${command.join(" ")} in ${path.relative(root, folder) || "the project"}`);
  const quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  await npm([...command, ...quiet], { cwd: folder });
}

/** Runs npm: the one that started this script, if it did. */
export function npm(args, options) {
  const own = process.env.npm_execpath;
  return own?.endsWith(".js")
    ? run(process.execPath, [own, ...args], options)
    : run("npm", args, options);
}

// Installs packages of Debian and its descendants.

import { existsSync } from "node:fs";

import { Failure, step, warn } from "./log.mjs";
import { ask, capture, run } from "./run.mjs";

/** Installs what is missing of `packages`, or fails with the command that would. */
export async function ensureDebianPackages(packages, purpose) {
  const missing = packages.filter((name) => !isInstalled(name));
  if (missing.length === 0) {
    return;
  }
  const command = `apt-get install -y --no-install-recommends ${missing.join(" ")}`;
  if (process.getuid?.() !== 0) {
    throw new Failure(`${purpose} is missing; install it with: sudo ${command}`);
  }
  step(`${purpose}: ${command}`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const update = await capture("apt-get", ["update"], { env, timeout: 300_000 });
  if (update.code !== 0) {
    warn(`apt-get update failed: ${update.output.trim().split("\n").at(-1)}`);
  }
  await run("apt-get", command.split(" ").slice(1), { env });
}

/** Whether this machine takes Debian packages at all. */
export function hasApt() {
  return existsSync("/usr/bin/apt-get");
}

function isInstalled(name) {
  return ask("dpkg", ["-s", name])?.includes("Status: install ok installed") ?? false;
}

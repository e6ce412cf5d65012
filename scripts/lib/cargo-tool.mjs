// Programs from crates.io that the project needs: kept in .cache, each version in a folder of its own.

import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import path from "node:path";

import { warn } from "./log.mjs";
import { cache } from "./paths.mjs";
import { run } from "./run.mjs";

/** The folder with the programs `tools` of a crate; installs them if they are not there. */
export async function ensureCargoTool(crate, version, tools) {
  const folder = path.join(cache, `${crate}-${version}`);
  const bin = path.join(folder, "bin");
  if (!tools.every((tool) => existsSync(path.join(bin, tool)))) {
    await install(crate, version, folder);
  }
  return bin;
}

async function install(crate, version, folder) {
  await mkdir(cache, { recursive: true });
  const draft = await mkdtemp(`${folder}.`);
  const args = ["install", crate, "--version", `=${version}`, "--root", draft];
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

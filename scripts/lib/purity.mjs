// What the pure crates depend on, against the committed lists.

import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";

import { at } from "./paths.mjs";
import { ask } from "./run.mjs";

export const PURE = ["room-proto", "room", "room-cluster"];

const FORBIDDEN = ["tokio", "web-sys"];

/** What is wrong with that crate's dependencies, in words; empty if nothing is. */
export function impurities(name) {
  const found = dependencies(name);
  const listed = readFileSync(listOf(name), "utf8").trim().split("\n");
  return [
    ...found.filter((crate) => FORBIDDEN.includes(crate)).map((crate) => `${crate} is forbidden`),
    ...found.filter((crate) => !listed.includes(crate)).map((crate) => `${crate} is not listed`),
    ...listed.filter((crate) => !found.includes(crate)).map((crate) => `${crate} is gone`),
  ];
}

/** Writes the list anew, for a dependency that was decided on. */
export async function writeList(name) {
  await writeFile(listOf(name), `${dependencies(name).join("\n")}\n`);
}

/** Without versions: an update is no new dependency. */
function dependencies(name) {
  const args = ["tree", "-p", name, "-e", "normal", "--prefix", "none", "--format", "{p}"];
  const tree = ask("cargo", args);
  if (tree === undefined) {
    throw new Error(`cargo ${args.join(" ")} failed`);
  }
  const names = tree.split("\n").map((line) => line.split(" ")[0]);
  return [...new Set(names)].filter((crate) => crate && crate !== name).sort();
}

function listOf(name) {
  return at("scripts", "purity", `${name}.txt`);
}

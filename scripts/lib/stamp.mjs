// Skips what has been done for the same inputs.

import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";

import { root, target } from "./paths.mjs";

/** Does `work` unless it was done for these files and words, and all it makes is there. */
export async function once(name, { files, words = [], makes }, work) {
  const file = path.join(target, "stamps", name);
  const digest = digestOf(files, words);
  const fresh = existsSync(file) && readFileSync(file, "utf8") === digest;
  if (fresh && makes.every((made) => existsSync(made))) {
    return false;
  }
  await rm(file, { force: true });
  await work();
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, digest);
  return true;
}

function digestOf(files, words) {
  const hash = createHash("sha256").update(JSON.stringify(words));
  for (const file of files.flatMap(everyFile)) {
    const content = readFileSync(file);
    hash.update(`\0${path.relative(root, file)}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex");
}

function everyFile(file) {
  if (!statSync(file).isDirectory()) {
    return [file];
  }
  const names = readdirSync(file).sort();
  return names.flatMap((name) => everyFile(path.join(file, name)));
}

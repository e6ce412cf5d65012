// Skips what has been done for the same inputs.

import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";

import { root } from "./paths.mjs";

/** A folder of notes, each on the inputs of one piece of work that was finished. */
export class Stamps {
  #folder;

  constructor(folder) {
    this.#folder = folder;
  }

  /** Does `work` unless it was done for these files and words, and all it makes is there. */
  async once(name, { files, words = [], makes }, work) {
    const file = path.join(this.#folder, name);
    const digest = digestOf(files, words);
    const fresh = existsSync(file) && readFileSync(file, "utf8") === digest;
    if (fresh && makes.every((made) => existsSync(made))) {
      return;
    }
    // Until the work is done, what it leaves belongs to no inputs at all.
    await rm(file, { force: true });
    await work();
    await mkdir(this.#folder, { recursive: true });
    await writeFile(file, digest);
  }
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

// The parts of README.md that are measured, between `<!-- NAME:begin -->` and `<!-- NAME:end -->`.

import { readFile, writeFile } from "node:fs/promises";

import { Failure } from "./log.mjs";
import { at } from "./paths.mjs";

const readme = at("README.md");

/** What stands there. */
export async function readPart(name) {
  return place(name).exec(await readFile(readme, "utf8"))?.[2];
}

export async function writePart(name, part) {
  const text = await readFile(readme, "utf8");
  if (!place(name).test(text)) {
    const marks = `<!-- ${name}:begin --> … <!-- ${name}:end -->`;
    throw new Failure(`README.md has no place for the ${name}: ${marks}`);
  }
  await writeFile(
    readme,
    text.replace(place(name), (_, begin, __, end) => `${begin}${part}${end}`),
  );
}

function place(name) {
  return new RegExp(`(<!-- ${name}:begin -->\\n)([\\s\\S]*?)(\\n<!-- ${name}:end -->)`);
}

// The examples in the documentation, as files that can be compiled.

import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";

import { at, target } from "./paths.mjs";

const LANGUAGES = { js: "ts", ts: "ts", jsx: "tsx", tsx: "tsx" };

/** Writes every example into a folder of its own project; gives the folder and their number. */
export async function extractExamples() {
  const folder = path.join(target, "examples");
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const docs = (await readdir(at("docs"))).filter((name) => name.endsWith(".md"));
  const pages = [at("README.md"), ...docs.map((name) => at("docs", name))];
  let count = 0;
  for (const page of pages) {
    for (const { line, language, text, file } of examplesOf(await readFile(page, "utf8"))) {
      const name = file ?? `${path.basename(page, ".md")}-line-${line}.${LANGUAGES[language]}`;
      await writeFile(path.join(folder, name), `${text}\nexport {};\n`);
      count += 1;
    }
  }
  const settings = { extends: at("tests", "types", "examples", "tsconfig.json") };
  const include = ["*.ts", "*.tsx", at("tests", "types", "examples", "*.d.ts")];
  await writeFile(path.join(folder, "tsconfig.json"), JSON.stringify({ ...settings, include }));
  return { folder, count };
}

/**
 * The fenced blocks of code in the languages that we compile. A first line such as `// chat.ts` says
 * what the file is called, for others that import it.
 */
export function examplesOf(markdown) {
  const fence = /^```(\w+)\n([\s\S]*?)^```$/gm;
  return [...markdown.matchAll(fence)]
    .filter(([, language]) => language in LANGUAGES)
    .map(({ 1: language, 2: text, index }) => {
      const line = markdown.slice(0, index).split("\n").length;
      const file = /^\/\/ ([\w.-]+\.tsx?)\n/.exec(text)?.[1];
      return { line, language, text, file };
    });
}

// The examples in the documentation, as files that can be compiled.

import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";

import { at, target } from "./paths.mjs";

const LANGUAGES = { js: "ts", ts: "ts", jsx: "tsx", tsx: "tsx" };
/** The entries of the package that have something of their own, and the modules that make them. */
const ENTRIES = {
  "room-messaging": "index.ts",
  "room-messaging/local": "local.ts",
  "room-messaging/react": "react.ts",
  "room-messaging/testing": "testing.ts",
};

/** Writes every example into a folder of its own project; gives the folder and their number. */
export async function extractExamples() {
  const folder = path.join(target, "examples");
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const examples = [...(await pageExamples()), ...(await referenceExamples())];
  for (const { name, text } of examples) {
    await writeFile(path.join(folder, name), `${text}\nexport {};\n`);
  }
  const settings = { extends: at("tests", "types", "examples", "tsconfig.json") };
  const include = ["*.ts", "*.tsx", at("tests", "types", "examples", "*.d.ts")];
  await writeFile(path.join(folder, "tsconfig.json"), JSON.stringify({ ...settings, include }));
  return { folder, count: examples.length };
}

/** Those of the pages, as they stand there. */
async function pageExamples() {
  const docs = (await readdir(at("docs"))).filter((name) => name.endsWith(".md"));
  const pages = [at("README.md"), ...docs.map((name) => at("docs", name))];
  const found = await Promise.all(
    pages.map(async (page) => {
      const examples = examplesOf(await readFile(page, "utf8"));
      return examples.map((one) => ({ ...one, name: one.file ?? fileName(page, one) }));
    }),
  );
  return found.flat();
}

/** Those of the reference, with the imports that go without saying there. */
async function referenceExamples() {
  const homes = await homesOfNames();
  const names = (await readdir(at("js"))).filter((name) => /(?<!\.d)\.ts$/.test(name));
  const found = await Promise.all(
    names.map(async (module) => {
      const examples = commentExamplesOf(await readFile(at("js", module), "utf8"));
      return examples.map((one) => {
        return { name: `js-${fileName(module, one)}`, text: withImports(one.text, homes) };
      });
    }),
  );
  return found.flat();
}

function fileName(page, { line, language }) {
  return `${path.basename(page, path.extname(page))}-line-${line}.${LANGUAGES[language]}`;
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

/** Those in the comments of a source file; their lines are the file's. */
export function commentExamplesOf(source) {
  const lines = source.split("\n").map((line) => /^\s*\* ?(.*)$/.exec(line)?.[1] ?? "");
  return examplesOf(lines.join("\n"));
}

/** Puts imports of what the text names, and does not make itself, on a line before it. */
export function withImports(text, homes) {
  const words = new Set(text.match(/[\w$]+/g));
  const used = [...homes].filter(([name]) => words.has(name) && !isMade(name, text));
  const imports = used.map(([name, home]) => `import { ${name} } from "${home}";`);
  return `${imports.join(" ")}\n${text}`;
}

function isMade(name, text) {
  return new RegExp(
    `\\b(?:class|function|interface|type) ${name}\\b|\\{[^}]*\\b${name}\\b[^}]*\\} = `,
  ).test(text);
}

/** Where each public name is imported from. */
async function homesOfNames() {
  const homes = new Map();
  for (const [home, module] of Object.entries(ENTRIES)) {
    for (const name of exportsOf(await readFile(at("js", module), "utf8"))) {
      homes.set(name, homes.get(name) ?? home);
    }
  }
  return homes;
}

/** What a module of ours exports by name. */
export function exportsOf(source) {
  const lists = [...source.matchAll(/^export (?:type )?\{([^}]*)\}/gm)];
  const listed = lists.flatMap(([, names]) => names.split(","));
  const declared = source.matchAll(
    /^export (?:async )?(?:class|const|function|interface|type) (\w+)/gm,
  );
  const names = [...listed, ...[...declared].map(([, name]) => name)];
  return names.map((name) => name.trim().replace(/^type /, "")).filter(Boolean);
}

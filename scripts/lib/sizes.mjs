// What the package weighs: as it is, and as servers send it.

import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

import { pkg } from "./paths.mjs";

/** Sizes of the main entry with all it loads, in bytes: `{ wasm, js, total }`, each `{ raw, gzip, brotli }`. */
export function packageSizes() {
  const wasm = sum(filesOf("glue", ".wasm"));
  const js = sum([read("index.js"), ...filesOf("glue", ".js")]);
  return { wasm, js, total: add(wasm, js) };
}

/** The sizes as a Markdown table, which reads well on a terminal too. */
export function sizeTable(sizes) {
  const names = { wasm: "WebAssembly", js: "JavaScript", total: "together" };
  const rows = Object.entries(names).map(([key, name]) => row(name, sizes[key]));
  const head = "|             |      raw |     gzip |   brotli |";
  const rule = "|-------------|---------:|---------:|---------:|";
  return [head, rule, ...rows].join("\n");
}

function row(name, { raw, gzip, brotli }) {
  const cells = [raw, gzip, brotli].map((bytes) => `${(bytes / 1000).toFixed(1)} kB`.padStart(8));
  return `| ${name.padEnd(11)} | ${cells.join(" | ")} |`;
}

function filesOf(folder, ending) {
  const names = readdirSync(path.join(pkg, folder)).filter((name) => name.endsWith(ending));
  return names.map((name) => read(folder, name));
}

function read(...names) {
  return readFileSync(path.join(pkg, ...names));
}

/** Each file is sent on its own, so each is compressed on its own. */
function sum(files) {
  return files.map(weigh).reduce(add, { raw: 0, gzip: 0, brotli: 0 });
}

function weigh(bytes) {
  const params = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
  return {
    raw: bytes.length,
    gzip: gzipSync(bytes, { level: constants.Z_BEST_COMPRESSION }).length,
    brotli: brotliCompressSync(bytes, { params }).length,
  };
}

function add(a, b) {
  return { raw: a.raw + b.raw, gzip: a.gzip + b.gzip, brotli: a.brotli + b.brotli };
}

// What the package weighs: as it is, and as servers send it.

import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

import { at, pkg } from "./paths.mjs";

/** What the whole client may weigh as servers send it, in bytes of brotli. */
export const LARGEST_BROTLI = 77_000;

/**
 * Sizes in bytes: `{ wasm, js, total, local }`, each `{ raw, gzip, brotli }`. The first are of the
 * main entry, the last is what `room-messaging/local` adds.
 */
export function packageSizes() {
  const wasm = sum(filesOf("glue", ".wasm"));
  const js = weigh(read("index.js"));
  const local = sum([read("local.js"), ...filesOf("local", ".wasm")]);
  return { wasm, js, total: add(wasm, js), local };
}

/**
 * The size of the official SDK in a page that uses its `RoomClient`, bundled for browsers and
 * minified.
 */
export async function officialSize() {
  const { build } = await import("esbuild");
  const contents = `
    import { RoomClient, WebSocketClientProtocol } from "meshagent-0.39.9";
    globalThis.used = [RoomClient, WebSocketClientProtocol];`;
  const stdin = { contents, resolveDir: at("tests", "interop") };
  const options = { bundle: true, minify: true, format: "esm", platform: "browser" };
  const { outputFiles } = await build({ stdin, ...options, write: false, logLevel: "error" });
  return sum(outputFiles.map(({ contents }) => contents));
}

/** Sizes by name as a Markdown table, which reads well on a terminal too. */
export function sizeTable(sizes) {
  const width = Math.max(...Object.keys(sizes).map((name) => name.length));
  const rows = Object.entries(sizes).map(([name, size]) => row(name.padEnd(width), size));
  const head = `| ${" ".repeat(width)} |       raw |     gzip |   brotli |`;
  const rule = `|-${"-".repeat(width)}-|----------:|---------:|---------:|`;
  return [head, rule, ...rows].join("\n");
}

/** The sizes of the package under the names of the table. */
export function named({ wasm, js, total, local }) {
  const more = { "room-messaging/local adds": local };
  return { WebAssembly: wasm, JavaScript: js, together: total, ...more };
}

function row(name, { raw, gzip, brotli }) {
  const [first, ...others] = [raw, gzip, brotli].map((bytes) => `${(bytes / 1000).toFixed(1)} kB`);
  const cells = [first.padStart(9), ...others.map((cell) => cell.padStart(8))];
  return `| ${name} | ${cells.join(" | ")} |`;
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

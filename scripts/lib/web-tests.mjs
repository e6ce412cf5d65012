// What tests/web.rs needs beside the crate: the TypeScript around the engine, as one module.

import path from "node:path";

import { at, target } from "./paths.mjs";

/** Bundles tests/web/core.js to where `tests/web/page.rs` expects it. */
export async function bundleTestCore() {
  const { build } = await import("esbuild");
  const entryPoints = [at("tests", "web", "core.js")];
  const outfile = path.join(target, "web-tests", "core.js");
  const options = { bundle: true, format: "esm", target: "es2022", logLevel: "warning" };
  await build({ ...options, entryPoints, outfile });
}

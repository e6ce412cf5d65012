// Modules of js/ that the package does not show, for tests of what they do by themselves.

import { build } from "esbuild";

import { at } from "../../scripts/lib/paths.mjs";

/** Everything that these modules export. Their classes are others than those of the package. */
export async function internals(names) {
  const contents = names.map((name) => `export * from "./${name}.js";`).join("\n");
  const stdin = { contents, resolveDir: at("js"), loader: "ts" };
  const built = await build({ stdin, bundle: true, format: "esm", target: "es2022", write: false });
  return import(`data:text/javascript,${encodeURIComponent(built.outputFiles[0].text)}`);
}

// The application of the React tests as a page that the server can serve.

import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";

import { build } from "esbuild";

import { at, pkg, target } from "../../../scripts/lib/paths.mjs";

const PAGE = `<!doctype html>
<meta charset="utf-8">
<title>React</title>
<link rel="icon" href="data:,">
<script type="module" src="app.js"></script>
`;

/** Writes the page and gives its folder. The package stays the one module at /pkg. */
export async function bundleApp() {
  const folder = path.join(target, "react");
  await mkdir(folder, { recursive: true });
  await build({
    entryPoints: [at("tests/browser/react/app.jsx")],
    outfile: path.join(folder, "app.js"),
    bundle: true,
    format: "esm",
    target: "es2022",
    jsx: "automatic",
    define: { "process.env.NODE_ENV": '"development"' },
    logLevel: "warning",
    plugins: [served],
  });
  await writeFile(path.join(folder, "index.html"), PAGE);
  return folder;
}

const served = {
  name: "served",
  setup({ onResolve }) {
    const index = { path: "/pkg/index.js", external: true };
    onResolve({ filter: /^room-messaging$/ }, () => index);
    onResolve({ filter: /^room-messaging\/react$/ }, () => ({ path: path.join(pkg, "react.js") }));
    onResolve({ filter: /^\.\/index\.js$/ }, ({ importer }) =>
      path.dirname(importer) === pkg ? index : undefined,
    );
  },
};

// The clients that play in these tests: how each is started, and what keeps one from playing.

import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

import { nativePeer } from "../../scripts/lib/paths.mjs";
import { PagePeer, ProcessPeer } from "./peer.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));

/** An official npm client in Node. */
export function officialInNode(version) {
  return {
    name: `npm ${version} (Node)`,
    missing: () => missingPackage(version),
    start: async () =>
      new ProcessPeer(`npm ${version}`, process.execPath, [
        path.join(here, "peers/official-node.mjs"),
        `meshagent-${version}`,
      ]),
  };
}

/** An official npm client in a Chromium page. */
export function officialInBrowser(version, theatre) {
  return {
    name: `npm ${version} (Chromium)`,
    missing: () => missingPackage(version),
    start: async () => {
      const page = await theatre.page();
      await page.addScriptTag({ content: await bundle(version) });
      return new PagePeer(`npm ${version} in Chromium`, page);
    },
  };
}

/** Our client in a Chromium page, from the built package as the server serves it. */
export function oursInBrowser(theatre) {
  return {
    name: "room-messaging (Chromium)",
    ours: true,
    missing: () => undefined,
    start: async () => {
      const page = await theatre.page();
      await page.addScriptTag({ content: await bundleOurs() });
      await page.evaluate(async () => {
        globalThis.peer = globalThis.oursPeer(await import("/pkg/index.js"));
      });
      return new PagePeer("room-messaging", page);
    },
  };
}

/** Our client in a process of its own, from `crates/client/examples/interop_peer`. */
export function oursNative() {
  const binary = process.env.NATIVE_PEER ?? nativePeer;
  return {
    name: "room-messaging (native)",
    ours: true,
    missing: () => (existsSync(binary) ? undefined : `npm run test:interop builds ${binary}`),
    start: async () => new ProcessPeer("room-messaging (native)", binary, []),
  };
}

/** An official Python client; `python` is an interpreter that has `meshagent-api` installed. */
export function officialInPython(version, python) {
  // Asked for every pair; to import it takes a second or more each time.
  let missing;
  return {
    name: `PyPI ${version}`,
    missing: () => {
      missing ??= { reason: missingPython(version, python) };
      return missing.reason;
    },
    start: async () =>
      new ProcessPeer(`PyPI ${version}`, python, [path.join(here, "peers/python_peer.py")]),
  };
}

function missingPackage(version) {
  const folder = path.join(here, `node_modules/meshagent-${version}`);
  return existsSync(folder) ? undefined : `npm ci in tests/interop has not been run (${version})`;
}

function missingPython(version, python) {
  if (!python) {
    return `no Python with meshagent-api ${version}; see tests/interop/README.md`;
  }
  try {
    execFileSync(python, ["-c", "import meshagent.api"], { stdio: "ignore" });
    return undefined;
  } catch {
    return `${python} cannot import meshagent.api ${version}`;
  }
}

async function bundle(version) {
  // With `import` the SDK gives its build for ES modules, which has `exports` in it and fails.
  const contents = `
    import { officialPeer } from "./peers/official.mjs";
    globalThis.peer = officialPeer(require("meshagent-${version}"));`;
  return bundled(contents);
}

async function bundleOurs() {
  return bundled(`
    import { oursPeer } from "./peers/ours.mjs";
    globalThis.oursPeer = oursPeer;`);
}

async function bundled(contents) {
  const result = await build({
    bundle: true,
    conditions: ["browser"],
    define: { "process.env.NODE_ENV": '"production"', global: "globalThis" },
    format: "iife",
    logLevel: "silent",
    mainFields: ["browser", "module", "main"],
    platform: "browser",
    stdin: { contents, resolveDir: here },
    write: false,
  });
  return result.outputFiles[0].text;
}

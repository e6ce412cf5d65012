// The npm package as a stranger has it: packed, installed without a network, compiled, and used.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { access, readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { promisify } from "node:util";

import { npmBinary, root } from "../../scripts/lib/paths.mjs";
import { COMPONENTS, CONSUMER, LOCAL, TESTING, tsconfig } from "./consumer.mjs";
import { consumers, makeStranger } from "./stranger.mjs";

const execute = promisify(execFile);

const ENTRIES = ["index", "inline", "local", "react", "testing"];

/** Imports all that servers and pages get, where whatever belongs to a page is noticed. */
const IMPORT_ALL = `
  const touched = [];
  for (const name of ["window", "document", "location", "localStorage", "fetch", "WebSocket"]) {
    // Only our own: React looks whether there is a window, too.
    const get = () => new Error().stack.includes("room-messaging/pkg") && void touched.push(name);
    Object.defineProperty(globalThis, name, { get, configurable: true });
  }
  const names = {};
  for (const entry of ["", "/inline", "/local", "/react", "/testing"]) {
    names["room-messaging" + entry] = Object.keys(await import("room-messaging" + entry));
  }
  for (const name of ${JSON.stringify(ENTRIES)}) {
    const address = new URL(name + ".js", import.meta.resolve("room-messaging")).href;
    await import(address + "?as-a-page-gets-it");
  }
  console.log(JSON.stringify({ names, touched }));
`;

describe("the packed package", () => {
  let stranger;
  /** Has React and its types, too. */
  let builder;

  before(async () => {
    stranger = await makeStranger();
    builder = await makeStranger({ tools: true });
  });

  after(() => Promise.all([stranger?.remove(), builder?.remove()]));

  it("holds the entries, all types, the WebAssembly and the texts, and nothing else", async () => {
    const modules = (await readdir(path.join(root, "js"))).filter(isModule);
    const types = modules.map((name) => `pkg/${name.replace(/\.ts$/, ".d.ts")}`);
    const forNode = ["node", "node-local", "node-testing"];
    const scripts = [...ENTRIES, ...forNode].map((name) => `pkg/${name}.js`);
    const built = [...scripts, ...types];
    const wasm = ["glue/room_messaging", "local/room_local"].map((name) => `pkg/${name}_bg.wasm`);
    const texts = ["CHANGELOG.md", "LICENSE-APACHE", "LICENSE-MIT", "README.md", "package.json"];
    const pages = (await readdir(path.join(root, "docs"))).filter((name) => name.endsWith(".md"));
    const docs = pages.map((name) => `docs/${name}`);

    assert.deepEqual(stranger.files, [...texts, ...built, ...wasm, ...docs].sort());
  });

  it("has the pages that its README is about, which name what is there", async () => {
    const inside = path.join(stranger.folder, "node_modules/room-messaging");
    for (const page of stranger.files.filter((file) => file.endsWith(".md"))) {
      const text = await readFile(path.join(root, page), "utf8");
      for (const link of linksOf(text)) {
        const target = path.join(path.dirname(page), link);
        // Pictures, and what is for those who work on it, are in the repository only.
        const isHere = target.startsWith("docs/") && target.endsWith(".md");
        await access(path.join(isHere ? inside : root, target));
      }
    }
  });

  it("names no generated declaration in its own", async () => {
    for (const name of stranger.files.filter((file) => file.endsWith(".d.ts"))) {
      const file = path.join(stranger.folder, "node_modules/room-messaging", name);
      assert.doesNotMatch(await readFile(file, "utf8"), /glue|room_local\.js/, name);
    }
  });

  it("satisfies publint", async () => {
    await stranger.node([tool("publint/src/cli.js"), "--strict", stranger.tarball]);
  });

  it("satisfies arethetypeswrong", async () => {
    const only = ["--profile", "esm-only", "--exclude-entrypoints", "./wasm", "./local/wasm"];
    await stranger.node([tool("@arethetypeswrong/cli/dist/index.js"), stranger.tarball, ...only]);
  });

  it("can be imported where there is no page, and loads nothing before it is used", async () => {
    const { stdout } = await builder.node(["--input-type=module", "-e", IMPORT_ALL]);
    const { names, touched } = JSON.parse(stdout);

    assert.deepEqual(touched, []);
    for (const entry of ["room-messaging", "room-messaging/inline"]) {
      for (const name of ["MessagingClient", "RoomClient", "RoomError", "init"]) {
        assert.ok(names[entry].includes(name), `${name} in ${entry}`);
      }
    }
    assert.ok(names["room-messaging/local"].includes("LocalRoom"));
    assert.ok(names["room-messaging/react"].includes("RoomProvider"));
    assert.ok(names["room-messaging/testing"].includes("TestRoom"));
  });

  it("has nothing of Node in what browsers get", async () => {
    for (const name of ENTRIES) {
      const file = path.join(stranger.folder, "node_modules/room-messaging/pkg", `${name}.js`);
      assert.doesNotMatch(await readFile(file, "utf8"), /node:|\brequire\(|process\./, name);
    }
  });

  it("lets nobody import what is not public", async () => {
    const script = 'await import("room-messaging/pkg/index.js")';
    const args = ["--input-type=module", "-e", script];
    const inside = execute(process.execPath, args, { cwd: stranger.folder });

    await assert.rejects(inside, /ERR_PACKAGE_PATH_NOT_EXPORTED/);
  });

  for (const name of ["wasm", "local/wasm"]) {
    it(`gives ${name} to those who serve it themselves`, async () => {
      const script = `console.log(import.meta.resolve("room-messaging/${name}"))`;
      const { stdout } = await stranger.node(["--input-type=module", "-e", script]);

      const bytes = await readFile(new URL(stdout.trim()));
      assert.equal(bytes.subarray(0, 4).toString("latin1"), "\0asm");
    });
  }

  it("has a room for tests in Node, which then ends by itself", async () => {
    const args = ["--input-type=module", "-e", LOCAL];
    const { stdout } = await stranger.node(args, { timeout: 20_000 });

    assert.equal(stdout.trim(), "ada says hello");
  });

  it("has one in virtual time, too", async () => {
    const args = ["--input-type=module", "-e", TESTING];
    const { stdout } = await stranger.node(args, { timeout: 20_000 });

    assert.match(stdout, /^open at 600\d\d\n$/);
  });

  const compilers = { present: npmBinary("tsc"), "of 2024": tool("typescript-2024/bin/tsc") };
  for (const resolution of ["bundler", "nodenext"]) {
    for (const [age, compiler] of Object.entries(compilers)) {
      it(`compiles strictly, its declarations too: ${resolution} resolution, compiler ${age}`, async () => {
        const project = `types-${resolution}`;
        await builder.write(`${project}/consumer.ts`, CONSUMER);
        await builder.write(`${project}/components.tsx`, COMPONENTS);
        await builder.write(`${project}/tsconfig.json`, JSON.stringify(tsconfig(resolution)));

        await builder.node([compiler, "-p", project, "--noEmit"]);
      });
    }
  }
});

/** The files that a page names. */
function linksOf(markdown) {
  const links = [...markdown.matchAll(/(?:\]\(|src="|srcset=")([^)"\s]+)/g)].map(
    ([, link]) => link,
  );
  return links.filter((link) => !/^(#|\w+:)/.test(link)).map((link) => link.split("#")[0]);
}

/** A program of the strangers' tools. */
function tool(name) {
  return path.join(consumers, "node_modules", name);
}

function isModule(name) {
  return name.endsWith(".ts") && !name.endsWith(".d.ts");
}

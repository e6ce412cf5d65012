// The npm package as a stranger has it: packed, installed without a network, compiled, and used.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { promisify } from "node:util";

import { npmBinary, root } from "../../scripts/lib/paths.mjs";
import { launchChromium } from "../support/chromium.mjs";
import { startServer } from "../support/server.mjs";
import { CONSUMER, MANIFEST, PAGE, tsconfig } from "./consumer.mjs";

const execute = promisify(execFile);

describe("the packed package", () => {
  let folder;
  let files;

  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), "room-messaging-"));
    const pack = ["pack", "--json", "--ignore-scripts", "--pack-destination", folder];
    const { stdout } = await npm(pack, root);
    // Some versions of npm give a list, some an object by name.
    const [packed] = Object.values(JSON.parse(stdout));
    files = packed.files.map((file) => file.path).sort();

    await writeFile(path.join(folder, "package.json"), JSON.stringify(MANIFEST));
    const quiet = ["--offline", "--ignore-scripts", "--no-audit", "--no-fund"];
    await npm(["install", ...quiet, `./${packed.filename}`], folder);
  });

  after(() => rm(folder, { recursive: true, force: true }));

  it("holds one module, all types, the WebAssembly and the texts, and nothing else", async () => {
    const modules = (await readdir(path.join(root, "js"))).filter(isModule);
    const types = modules.map((name) => `pkg/${name.replace(/\.ts$/, ".d.ts")}`);
    const built = ["pkg/index.js", ...types];
    const glue = ["pkg/glue/room_messaging.js", "pkg/glue/room_messaging_bg.wasm"];
    const texts = ["CHANGELOG.md", "LICENSE-APACHE", "LICENSE-MIT", "README.md", "package.json"];

    assert.deepEqual(files, [...texts, ...built, ...glue].sort());
  });

  it("names no generated declaration in its own", async () => {
    for (const name of files.filter((file) => file.endsWith(".d.ts"))) {
      const text = await readFile(path.join(folder, "node_modules/room-messaging", name), "utf8");
      assert.doesNotMatch(text, /glue/, name);
    }
  });

  it("can be imported in Node, where nothing is loaded before it is used", async () => {
    const script = 'console.log(Object.keys(await import("room-messaging")).join(" "))';
    const { stdout } = await execute(process.execPath, ["--input-type=module", "-e", script], {
      cwd: folder,
    });

    for (const name of ["MessagingClient", "RoomClient", "RoomError", "init"]) {
      assert.ok(stdout.trim().split(" ").includes(name), `${name} in ${stdout}`);
    }
  });

  it("lets nobody import what is not public", async () => {
    const script = 'await import("room-messaging/pkg/glue/room_messaging.js")';
    const inside = execute(process.execPath, ["--input-type=module", "-e", script], {
      cwd: folder,
    });

    await assert.rejects(inside, /ERR_PACKAGE_PATH_NOT_EXPORTED/);
  });

  it("gives the WebAssembly file to those who serve it themselves", async () => {
    const script = 'console.log(import.meta.resolve("room-messaging/room_messaging_bg.wasm"))';
    const { stdout } = await execute(process.execPath, ["--input-type=module", "-e", script], {
      cwd: folder,
    });

    const bytes = await readFile(new URL(stdout.trim()));
    assert.equal(bytes.subarray(0, 4).toString("latin1"), "\0asm");
  });

  for (const resolution of ["bundler", "nodenext"]) {
    it(`compiles strictly, its declarations too, with ${resolution} resolution`, async () => {
      const project = path.join(folder, `types-${resolution}`);
      await mkdir(project);
      await writeFile(path.join(project, "consumer.ts"), CONSUMER);
      await writeFile(path.join(project, "tsconfig.json"), JSON.stringify(tsconfig(resolution)));

      await compile(project);
    });
  }

  it("exchanges a message in a page that has an import map and no bundler", async () => {
    await writeFile(path.join(folder, "index.html"), PAGE);
    const server = await startServer({ www: folder });
    const chromium = await launchChromium();
    try {
      const page = await chromium.newPage();
      const problems = [];
      page.on("pageerror", (error) => problems.push(error.message));
      await page.goto(server.origin);
      const seats = [
        await server.token("parcel", "ada", "user"),
        await server.token("parcel", "bob", "user"),
      ];

      const heard = await page.evaluate((all) => globalThis.exchange(all), seats);

      assert.deepEqual(heard, { type: "greeting", message: { text: "hello" }, bytes: [1, 2, 3] });
      assert.deepEqual(problems, []);
    } finally {
      await chromium.close();
      await server.stop();
    }
  });
});

function isModule(name) {
  return name.endsWith(".ts") && !name.endsWith(".d.ts");
}

/** The npm that runs this test, if one does. */
function npm(args, cwd) {
  const own = process.env.npm_execpath;
  const [command, first] = own?.endsWith(".js") ? [process.execPath, [own]] : ["npm", []];
  return execute(command, [...first, ...args], { cwd });
}

async function compile(project) {
  try {
    await execute(npmBinary("tsc"), ["-p", project, "--noEmit"], { cwd: project });
  } catch (error) {
    assert.fail(error.stdout);
  }
}

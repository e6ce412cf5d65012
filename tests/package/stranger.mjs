// A stranger's folder, in which the packed package is installed.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";

import { at, root } from "../../scripts/lib/paths.mjs";
import { launchChromium } from "../support/chromium.mjs";
import { startServer } from "../support/server.mjs";
import { EXCHANGED } from "./exchange.mjs";

const execute = promisify(execFile);

/** The folder of the tools that strangers use. */
export const consumers = at("tests", "package", "consumers");

/** A package of the strangers' tools, all of which can be required. */
export async function tool(name) {
  const require = createRequire(path.join(consumers, "package.json"));
  return import(pathToFileURL(require.resolve(name)).href);
}

/** A folder with the package. With `tools`, it is where those of `consumers` are found. */
export async function makeStranger({ tools = false } = {}) {
  const parent = tools ? consumers : os.tmpdir();
  const folder = await mkdtemp(path.join(parent, "stranger-"));
  const pack = ["pack", "--json", "--ignore-scripts", "--pack-destination", folder];
  const { stdout } = await npm(pack, root);
  // Some versions of npm give a list, some an object by name.
  const [packed] = Object.values(JSON.parse(stdout));
  const stranger = new Stranger(folder, packed);
  await stranger.write("package.json", JSON.stringify(MANIFEST));
  const quiet = ["--offline", "--ignore-scripts", "--no-audit", "--no-fund"];
  await npm(["install", ...quiet, `./${packed.filename}`], folder);
  return stranger;
}

const MANIFEST = { name: "consumer", version: "1.0.0", private: true, type: "module" };

class Stranger {
  constructor(folder, packed) {
    this.folder = folder;
    this.tarball = path.join(folder, packed.filename);
    /** What is in the package. */
    this.files = packed.files.map((file) => file.path).sort();
  }

  async write(name, text) {
    const file = path.join(this.folder, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, text);
    return file;
  }

  /** Runs a program here, and gives what it says. */
  async run(command, args, options = {}) {
    try {
      return await execute(command, args, { cwd: this.folder, ...options });
    } catch (error) {
      assert.fail(`${path.basename(command)} ${args.join(" ")}\n${error.stdout}${error.stderr}`);
    }
  }

  node(args, options) {
    return this.run(process.execPath, args, options);
  }

  remove() {
    return rm(this.folder, { recursive: true, force: true });
  }
}

/** A room server and a browser for pages of strangers. */
export async function openHouse({ www } = {}) {
  const server = await startServer({ www });
  const chromium = await launchChromium().catch(async (error) => {
    await server.stop();
    throw error;
  });
  return new House(server, chromium);
}

class House {
  constructor(server, chromium) {
    this.server = server;
    this.chromium = chromium;
  }

  seats(room) {
    return Promise.all(["ada", "bob"].map((name) => this.server.token(room, name, "user")));
  }

  /** Opens a page that puts `exchange` where everybody sees it, and lets it do so. */
  async exchangeAt(address, room) {
    assert.deepEqual(await this.visit(address, await this.seats(room)), EXCHANGED);
  }

  /** What `exchange` of a page gives, when nothing else goes wrong there. */
  async visit(address, seats) {
    const page = await this.chromium.newPage();
    const problems = [];
    page.on("pageerror", (error) => problems.push(error.message));
    page.on("requestfailed", (request) => problems.push(`${request.url()} failed`));
    await page.goto(new URL(address, this.server.origin).href);
    await page.waitForFunction(() => "exchange" in globalThis);
    const given = await page.evaluate((seats) => globalThis.exchange(seats), seats);
    assert.deepEqual(problems, []);
    await page.close();
    return given;
  }

  /** What `exchange` of a page fails with. */
  async failureAt(address, room) {
    const page = await this.chromium.newPage();
    await page.goto(new URL(address, this.server.origin).href);
    await page.waitForFunction(() => "exchange" in globalThis);
    const failure = await page.evaluate(
      (seats) =>
        globalThis.exchange(seats).then(
          () => ({ message: "it did not fail" }),
          ({ name, code, message }) => ({ name, code, message }),
        ),
      await this.seats(room),
    );
    await page.close();
    return failure;
  }

  async close() {
    await this.chromium.close();
    await this.server.stop();
  }
}

/** The npm that runs this test, if one does. */
function npm(args, cwd) {
  const own = process.env.npm_execpath;
  const [command, first] = own?.endsWith(".js") ? [process.execPath, [own]] : ["npm", []];
  return execute(command, [...first, ...args], { cwd });
}

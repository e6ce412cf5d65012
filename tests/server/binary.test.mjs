// The binary with the demo in it, alone: no folder of the project, and on Linux no library either.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { after, before, it } from "node:test";

const { DEMO_BIN } = process.env;

let folder;
let server;
let origin;

before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "room-binary-"));
  const args = ["serve", "--dev", "--listen", "127.0.0.1:0"];
  server = spawn(DEMO_BIN, args, { cwd: folder, env: {}, stdio: ["ignore", "pipe", "inherit"] });
  const [line] = await once(createInterface(server.stdout), "line");
  origin = line.replace("listening on ", "");
});

after(async () => {
  server.kill();
  await rm(folder, { recursive: true, force: true });
});

it("serves the page and every module that it needs", async () => {
  const page = await fetched("/", "text/html");
  const scripts = [...page.matchAll(/<script type="module" src="([^"]+)"/g)];
  const styles = [...page.matchAll(/<link rel="stylesheet" href="([^"]+)"/g)];
  assert.equal(scripts.length > 0 && styles.length > 0, true, page);

  for (const [, style] of styles) {
    await fetched(`/${style}`, "text/css");
  }
  const seen = new Set();
  for (const [, script] of scripts) {
    await follow(new URL(script, `${origin}/`).pathname, seen);
  }
  for (const name of ["/main.js", "/chat-room.js", "/pkg/index.js", "/pkg/local.js"]) {
    assert.ok(seen.has(name), `${name} is not among ${[...seen].join(" ")}`);
  }
});

it("serves the WebAssembly of the client and of the local room", async () => {
  for (const name of ["glue/room_messaging_bg.wasm", "local/room_local_bg.wasm"]) {
    const response = await fetch(`${origin}/pkg/${name}`);
    assert.equal(response.headers.get("content-type"), "application/wasm", name);
    const module = await WebAssembly.compile(await response.arrayBuffer());
    assert.ok(WebAssembly.Module.exports(module).length > 0, name);
  }
});

it("hands out tokens to the page", async () => {
  const response = await fetch(`${origin}/dev/token`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ room: "lobby", name: "ann" }),
  });
  const { url } = await response.json();
  assert.equal(url, `${origin.replace("http", "ws")}/rooms/lobby`);
});

it("needs no library", { skip: process.platform !== "linux" }, async () => {
  assert.equal(interpreter(await readFile(DEMO_BIN)), undefined);
  // What is linked otherwise has one.
  assert.match(interpreter(await readFile(process.execPath)), /ld-/);
});

async function follow(name, seen) {
  if (seen.has(name)) {
    return;
  }
  seen.add(name);
  const text = await fetched(name, "text/javascript");
  // The package is minified, and has no space there.
  for (const [, other] of text.matchAll(/\bfrom\s*"(\.[^"]+)"/g)) {
    await follow(new URL(other, `${origin}${name}`).pathname, seen);
  }
}

async function fetched(name, kind) {
  const response = await fetch(`${origin}${name}`);
  assert.equal(response.status, 200, name);
  assert.equal(response.headers.get("content-type"), kind, name);
  return response.text();
}

/** The program that loads the libraries of an ELF file, if it has any: see elf(5). */
function interpreter(bytes) {
  const PT_INTERP = 3;
  const [offset, size, count] = [
    Number(bytes.readBigUInt64LE(32)),
    bytes.readUInt16LE(54),
    bytes.readUInt16LE(56),
  ];
  const headers = Array.from({ length: count }, (_, index) => offset + index * size);
  const header = headers.find((at) => bytes.readUInt32LE(at) === PT_INTERP);
  if (header === undefined) {
    return undefined;
  }
  const begin = Number(bytes.readBigUInt64LE(header + 8));
  return bytes.toString("latin1", begin, begin + Number(bytes.readBigUInt64LE(header + 32)));
}

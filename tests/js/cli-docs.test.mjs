// The examples of docs/cli.md, one after the other in one shell, as they stand there.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { connect, createServer } from "node:net";
import os from "node:os";
import path from "node:path";
import { after, before, it } from "node:test";

import { at, roomBinary } from "../../scripts/lib/paths.mjs";

const START_LIMIT_MS = 20_000;
const PORT = "8787";

let folder;

before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "room-cli-"));
});

after(() => rm(folder, { recursive: true, force: true }));

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

async function isOpen(port) {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

it("work as they stand", { timeout: 120_000 }, async () => {
  const page = await readFile(at("docs", "cli.md"), "utf8");
  const [first, ...others] = [...page.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(
    ([, text]) => text,
  );
  const port = String(await freePort());
  const binaries = path.dirname(process.env.ROOM_BIN ?? roomBinary);
  const env = { ...process.env, PATH: `${binaries}${path.delimiter}${process.env.PATH}` };
  const shell = spawn("sh", ["-e"], { cwd: folder, env, stdio: ["pipe", "ignore", "pipe"] });
  let complaints = "";
  shell.stderr.on("data", (data) => {
    complaints += data;
  });
  const ended = once(shell, "exit");

  shell.stdin.write(`${first.replaceAll(PORT, port)}server=$!\ntrap 'kill "$server"' EXIT\n`);
  const deadline = performance.now() + START_LIMIT_MS;
  while (!(await isOpen(port))) {
    assert.ok(performance.now() < deadline, `the server did not start: ${complaints}`);
  }
  shell.stdin.end(others.join("\n").replaceAll(PORT, port));
  const [code] = await ended;

  assert.equal(code, 0, complaints);
  const heard = await readFile(path.join(folder, "heard.ndjson"), "utf8");
  const messages = heard
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  assert.deepEqual(
    messages.map(({ message }) => message),
    [{ text: "hi, all" }, { text: "hi, Ada" }],
  );
  const [{ attributes }] = JSON.parse(await readFile(path.join(folder, "people.json"), "utf8"));
  assert.equal(attributes.name, "ada");
});

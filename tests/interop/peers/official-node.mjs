// Runs an official npm client in Node. Takes one JSON command a line on standard input and
// answers each with one JSON line on standard output. Argument: the package's name.

import { createRequire } from "node:module";
import { createInterface } from "node:readline";

import { officialPeer } from "./official.mjs";

// The Node build is CommonJS; its ES module twin leaves out file extensions.
const sdk = createRequire(import.meta.url)(process.argv[2]);
const peer = officialPeer(sdk);

// Standard output belongs to the answers, whatever the SDK prints.
for (const method of ["log", "info", "debug"]) {
  console[method] = console.error;
}

for await (const line of createInterface({ input: process.stdin })) {
  const { id, command, args } = JSON.parse(line);
  answer(id, command, args);
}
process.exit(0);

async function answer(id, command, args) {
  try {
    const result = await peer[command](args);
    process.stdout.write(`${JSON.stringify({ id, result: result ?? null })}\n`);
  } catch (error) {
    process.stdout.write(`${JSON.stringify({ id, error: String(error?.message ?? error) })}\n`);
  }
}

// npm run bench: our client beside a raw WebSocket, the official SDK and socket.io, in one run.

import { execFileSync } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";

import { at } from "../scripts/lib/paths.mjs";
import { FULL, NAMES, round, SHORT } from "./lib/cases.mjs";
import { completed, figuresTable, goalsTable } from "./lib/report.mjs";
import { BINARY, openStage } from "./lib/stage.mjs";

/** There is also `ours-1k`, the official wire in packets as official clients send them. */
const CLIENTS = ["raw", "ours", "bare", "ours-plain", "bare-plain", "socketio", "sdk", "sdk-1k"];

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    /** Enough to see that everything works, and no figures to believe. */
    short: { type: "boolean", default: false },
    /** Only these clients, such as raw,ours. */
    clients: { type: "string", default: CLIENTS.join(",") },
    /** Only these cases, such as burst,pump. */
    cases: { type: "string", default: NAMES.join(",") },
    /** Without what native clients measure. */
    "no-native": { type: "boolean", default: false },
    out: { type: "string", default: at("target", "bench", "result.json") },
  },
});

const clients = values.clients.split(",");
const cases = values.cases.split(",");
const amounts = values.short ? SHORT : FULL;
const count = values.short ? 1 : Number(values.rounds);
const stage = await openStage();
const rounds = [];
try {
  for (let index = 0; index < count; index += 1) {
    // The machine's mood changes; nobody is always first.
    const order = index % 2 === 0 ? clients : [...clients].reverse();
    const figures = {};
    for (const client of order) {
      figures[client] = await round(stage, client, amounts, cases);
      console.error(`round ${index + 1} of ${count}: ${client}`);
    }
    rounds.push(Object.fromEntries(clients.map((client) => [client, figures[client]])));
  }
} finally {
  await stage.close();
}

const machine = `${os.cpus().length} × ${os.cpus()[0].model.trim()}, ${os.type()}`;
await mkdir(path.dirname(values.out), { recursive: true });
await writeFile(values.out, `${JSON.stringify({ machine, amounts, rounds }, null, 2)}\n`);
console.log(`${machine}; ${count} rounds; median (least–most)\n`);
console.log(figuresTable(completed(rounds)));
console.log(`\n${goalsTable(completed(rounds))}`);
if (!values.short && !values["no-native"]) {
  console.log("\nNative clients, and what the servers carry between them:\n");
  console.log(execFileSync(BINARY, ["--native"], { encoding: "utf8" }));
}

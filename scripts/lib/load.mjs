// Runs `room-load` against a server of its own, or against the nodes of a cluster.

import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

import { Failure, note } from "./log.mjs";
import { startNats } from "./nats.mjs";
import { end, start, tee } from "./run.mjs";

const START_LIMIT_MS = 20_000;
const STOP_LIMIT_MS = 10_000;

/** The server takes whatever the members send, and tells only of trouble. */
const SERVE = [
  ["serve", "--listen", "127.0.0.1:0", "--log", "warn"],
  ["--max-members", "100000", "--max-rooms", "1000000"],
  ["--max-messages-per-second", "0", "--handshake-time", "60"],
].flat();

/** Passes `args` on to `room-load`; gives `{ code, output, late }`. */
export async function runLoad({ server, load }, args, options = {}) {
  const env = { ...process.env, ROOM_SECRET: randomBytes(32).toString("hex") };
  return await withServers(1, { server, env, more: [] }, (where) =>
    tee(load, [...where, ...args], { ...options, env }),
  );
}

/** The same with so many nodes, and says what NATS has worked. */
export async function runClusterLoad({ server, load, nats }, count, args) {
  const { url, pid, stop } = await startNats(nats);
  const env = { ...process.env, ROOM_SECRET: randomBytes(32).toString("hex") };
  try {
    const nodes = { server, env, more: ["--cluster", url] };
    return await withServers(count, nodes, async (where) => {
      const result = await tee(load, [...where, ...args], { env });
      note(`NATS: ${processorSeconds(pid)} s of CPU in all, ${residentMebibytes(pid)} MiB`);
      return result;
    });
  } finally {
    stop();
  }
}

async function withServers(count, { server, env, more }, action) {
  const options = { env, stdio: ["ignore", "pipe", "inherit"] };
  const children = Array.from({ length: count }, () => start(server, [...SERVE, ...more], options));
  try {
    const where = [];
    for (const child of children) {
      where.push("--url", await address(child), "--server-pid", String(child.pid));
    }
    return await action(where);
  } finally {
    await Promise.all(children.map(stop));
  }
}

/** See proc_pid_stat(5); the name before it may contain anything and ends with a parenthesis. */
function processorSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1).split(" ");
  return ((Number(fields[11]) + Number(fields[12])) / 100).toFixed(1);
}

function residentMebibytes(pid) {
  const kibibytes = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Math.round(Number(kibibytes) / 1024);
}

/** Waits for the line with the address. */
async function address(child) {
  const signal = AbortSignal.timeout(START_LIMIT_MS);
  const lines = createInterface({ input: child.stdout });
  const ended = once(child, "close", { signal });
  const [line] = await Promise.race([once(lines, "line", { signal }), ended]).catch(() => []);
  const url = /http:\/\/\S+/.exec(line ?? "")?.[0];
  if (url === undefined) {
    throw new Failure("the server did not start");
  }
  return url;
}

async function stop(child) {
  if (child.exitCode !== null || child.signalCode !== null) {
    return;
  }
  const closed = once(child, "close");
  end(child);
  const timer = setTimeout(() => end(child, "SIGKILL"), STOP_LIMIT_MS);
  await closed;
  clearTimeout(timer);
}

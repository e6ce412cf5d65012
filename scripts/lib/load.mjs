// Runs `room-load` against a server of its own.

import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createInterface } from "node:readline";

import { Failure } from "./log.mjs";
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
  const child = start(server, SERVE, { env, stdio: ["ignore", "pipe", "inherit"] });
  try {
    const url = await address(child);
    const where = ["--url", url, "--server-pid", String(child.pid)];
    return await tee(load, [...where, ...args], { ...options, env });
  } finally {
    await stop(child);
  }
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

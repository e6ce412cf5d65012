// nats-server, in which the nodes of a cluster meet.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { ensureDebianPackages, hasApt } from "./debian.mjs";
import { Failure, note, step } from "./log.mjs";
import { end, start } from "./run.mjs";

const START_LIMIT_MS = 20_000;

/** Why the tests of clusters are left out. */
export const NO_NATS =
  "skipped: no nats-server in PATH or in ROOM_NATS_SERVER; on Debian: apt-get install nats-server";

/** The program, which is installed if it is missing and can be; else undefined. */
export async function ensureNats() {
  step("nats-server");
  const canInstall = hasApt() && process.getuid?.() === 0;
  if (findNats() === undefined && canInstall) {
    await ensureDebianPackages(["nats-server"], "nats-server").catch((error) => {
      note(error.message);
    });
  }
  note(findNats() ?? NO_NATS);
  return findNats();
}

/** Starts one with a store of its own: `{ url, pid, stop }`. */
export async function startNats(program) {
  const folder = mkdtempSync(path.join(os.tmpdir(), "room-nats-"));
  const where = ["--store_dir", folder, "--ports_file_dir", folder];
  const args = ["--jetstream", "--addr", "127.0.0.1", "--port", "-1", ...where];
  const child = start(program, args, { stdio: "ignore" });
  const stop = () => {
    end(child);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  };
  try {
    return { url: await announced(folder), pid: child.pid, stop };
  } catch (error) {
    stop();
    throw error;
  }
}

/** The server writes a file with the port that it was given. */
async function announced(folder) {
  const deadline = performance.now() + START_LIMIT_MS;
  while (performance.now() < deadline) {
    const file = readdirSync(folder).find((name) => name.endsWith(".ports"));
    const text = file ? readFileSync(path.join(folder, file), "utf8") : "";
    const url = /nats:\/\/127\.0\.0\.1:\d+/.exec(text)?.[0];
    if (url !== undefined) {
      return url;
    }
    await sleep(20);
  }
  throw new Failure("nats-server did not start");
}

/** The program, if it is here already. */
export function findNats() {
  const program = process.env.ROOM_NATS_SERVER || "nats-server";
  const result = spawnSync(program, ["--version"], { stdio: "ignore", timeout: 10_000 });
  return result.status === 0 ? program : undefined;
}

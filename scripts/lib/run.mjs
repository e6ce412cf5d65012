// Runs other programs. None of them outlives the script that started it.

import { spawn, spawnSync } from "node:child_process";
import os from "node:os";

import { Failure } from "./log.mjs";
import { root } from "./paths.mjs";

/** Runs a program with our output streams; a failure of it is a `Failure`. */
export async function run(command, args, options = {}) {
  const { code } = await execute(command, args, { ...options, output: "inherit" });
  if (code !== 0) {
    throw new Failure(`${[command, ...args].join(" ")}: exit code ${code}`);
  }
}

/** Runs a program, shows its output and returns it: `{ code, output, late }`. */
export function tee(command, args, options = {}) {
  return execute(command, args, { ...options, output: "tee" });
}

/** Runs a program in silence and returns `{ code, output, late }`. */
export function capture(command, args, options = {}) {
  return execute(command, args, { ...options, output: "pipe" });
}

/** The standard output of a short program, or undefined if it failed or is not there. */
export function ask(command, args, options = {}) {
  const result = spawnSync(command, args, {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
    timeout: 60_000,
    ...options,
  });
  return result.status === 0 ? result.stdout.trim() : undefined;
}

/** Starts a program that goes on. It leads a process group, so that all it starts ends with it. */
export function start(command, args, options = {}) {
  const child = spawn(command, args, { cwd: root, detached: true, ...options });
  children.add(child);
  child.on("close", () => children.delete(child));
  return child;
}

/** Ends a program and whatever it started. */
export function end(child, signal = "SIGTERM") {
  try {
    process.kill(-child.pid, signal);
  } catch {
    // It has ended already.
  }
}

/** Replaces what an interruption does; by default the script ends with its children. */
export function onInterrupt(handler) {
  interrupted = handler;
}

function execute(command, args, { timeout, output, ...options }) {
  return new Promise((resolve, reject) => {
    const stream = output === "inherit" ? "inherit" : "pipe";
    const child = start(command, args, { ...options, stdio: ["ignore", stream, stream] });
    const result = { code: 0, output: "", late: false };

    const expire = () => {
      result.late = true;
      end(child, "SIGKILL");
    };
    const timer = timeout ? setTimeout(expire, timeout) : undefined;
    collect(child.stdout, process.stdout);
    collect(child.stderr, process.stderr);

    child.on("error", (error) => {
      clearTimeout(timer);
      reject(error.code === "ENOENT" ? new Failure(`${command} was not found`) : error);
    });
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      result.code = code ?? 128 + os.constants.signals[signal];
      resolve(result);
    });

    function collect(from, to) {
      from?.setEncoding("utf8").on("data", (text) => {
        result.output += text;
        if (output === "tee") {
          to.write(text);
        }
      });
    }
  });
}

const children = new Set();

let interrupted = (signal) => process.exit(128 + os.constants.signals[signal]);

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => interrupted(signal));
}

process.on("exit", () => {
  for (const child of children) {
    end(child);
  }
});

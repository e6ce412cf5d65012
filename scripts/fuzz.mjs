// npm run fuzz [-- --seconds N]: feeds each fuzz target what a fuzzer makes up, for so long each.
// Needs a nightly compiler and cargo-fuzz, and says so.

import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";

import { Failure, main, note, step } from "./lib/log.mjs";
import { at } from "./lib/paths.mjs";

const TARGETS = ["decode", "session", "room"];

await main(async () => {
  const seconds = secondsOf(process.argv.slice(2));
  const known = spawnSync("cargo", ["+nightly", "fuzz", "--version"], { encoding: "utf8" });
  if (known.status !== 0) {
    throw new Failure(
      "fuzzing needs a nightly compiler and cargo-fuzz: " +
        "rustup toolchain install nightly && cargo install cargo-fuzz",
    );
  }
  for (const target of TARGETS) {
    step(`fuzz: ${target}, ${seconds} s`);
    note(`${run(target, seconds)} executions without a finding`);
  }
});

function secondsOf(args) {
  const [flag, value, ...rest] = args;
  const seconds = flag === undefined ? 60 : Number(value);
  const isRight = flag === undefined || flag === "--seconds";
  if (!isRight || !Number.isInteger(seconds) || seconds < 1 || rest.length > 0) {
    throw new Failure("usage: npm run fuzz [-- --seconds N]", { exitCode: 2 });
  }
  return seconds;
}

function run(target, seconds) {
  const limits = [`-max_total_time=${seconds}`, "-print_final_stats=1"];
  mkdirSync(at("fuzz", "corpus", target), { recursive: true });
  // What is found goes to the first folder.
  const corpora = [`corpus/${target}`, `seeds/${target}`];
  const args = ["+nightly", "fuzz", "run", target, ...corpora, "--", ...limits];
  const { status, stderr } = spawnSync("cargo", args, {
    cwd: at("fuzz"),
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  const executions = /stat::number_of_executed_units: (\d+)/.exec(stderr)?.[1];
  if (status !== 0 || executions === undefined) {
    console.error(stderr.split("\n").slice(-40).join("\n"));
    throw new Failure(`${target}: see above; fuzz/artifacts has the input`);
  }
  return executions;
}

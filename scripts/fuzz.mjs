// npm run fuzz [-- --seconds N]: feeds each fuzz target what a fuzzer makes up, for so long each.
// It needs a C++ compiler for libFuzzer; cargo-fuzz is installed into .cache if it is not in PATH.

import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";

import { fuzzEnv } from "./lib/fuzzer.mjs";
import { Failure, main, note, step } from "./lib/log.mjs";
import { at } from "./lib/paths.mjs";
import { run } from "./lib/run.mjs";

const TARGETS = ["decode", "session", "room"];
// The sanitizers need a nightly compiler, and look for what safe Rust cannot do.
const STABLE = ["--sanitizer", "none"];

await main(async () => {
  const seconds = secondsOf(process.argv.slice(2));
  const env = await fuzzEnv();
  await run("cargo", ["fuzz", "build", ...STABLE], { cwd: at("fuzz"), env });
  for (const target of TARGETS) {
    step(`fuzz: ${target}, ${seconds} s`);
    note(`${fuzz(target, seconds, env)} executions without a finding`);
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

function fuzz(target, seconds, env) {
  const limits = [`-max_total_time=${seconds}`, "-print_final_stats=1"];
  mkdirSync(at("fuzz", "corpus", target), { recursive: true });
  // What is found goes to the first folder.
  const corpora = [`corpus/${target}`, `seeds/${target}`];
  const args = ["fuzz", "run", ...STABLE, target, ...corpora, "--", ...limits];
  const { status, stderr } = spawnSync("cargo", args, {
    cwd: at("fuzz"),
    env,
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

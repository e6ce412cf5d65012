// The steps of `npm test`. Each has a group, a name, and `run(workshop)`, which gives the counts.

import { existsSync, readdirSync } from "node:fs";
import path from "node:path";

import { makeApiDocs } from "./api-docs.mjs";
import { nodeCounts, none, rustCounts } from "./counts.mjs";
import { outdatedErrorFiles } from "./error-list.mjs";
import { extractExamples } from "./examples.mjs";
import { canFuzz, NO_COMPILER } from "./fuzzer.mjs";
import { compatibilityTables, isComplete, readResults } from "./interop-table.mjs";
import { runLoad } from "./load.mjs";
import { NO_NATS } from "./nats.mjs";
import { at, npmBinary } from "./paths.mjs";
import { ensureNodeModules } from "./prerequisites.mjs";
import { impurities, PURE } from "./purity.mjs";
import { readPart } from "./readme.mjs";
import { tee } from "./run.mjs";
import { nativeEnv } from "./server-build.mjs";
import { LARGEST_BROTLI, packageSizes } from "./sizes.mjs";
import { TARGET } from "./wasm-target.mjs";
import { bundleTestCore } from "./web-tests.mjs";

const LIMIT_MS = 20 * 60_000;
const SEEDS = 10_000;
const FUZZ_SECONDS = 10;
const BROWSER = ["-p", "room-messaging", "-p", "room-local"];
const STRICT = ["--", "-D", "warnings"];
const STRICT_DOCS = { RUSTDOCFLAGS: "-D warnings" };

/** All steps, in the order in which they run. */
export function allSteps() {
  return [...checks(), ...rustTests(), ...FOLDERS.flatMap(nodeTests), ...tables(), load(), bench()];
}

function checks() {
  return [
    check("Cargo.lock is complete", () => cargo(["fetch", "--locked"])),
    check("cargo fmt", () => cargo(["fmt", "--all", "--check"])),
    check("clippy", () => cargo(["clippy", "--workspace", "--all-targets", ...STRICT])),
    check("clippy for the browser", async (workshop) => {
      await bundleTestCore();
      return wasmCargo(workshop, ["clippy", ...BROWSER, "--all-targets"], STRICT);
    }),
    check("docs", () => cargo(["doc", "--workspace", "--no-deps"], STRICT_DOCS)),
    check("docs for the browser", (workshop) =>
      wasmCargo(workshop, ["doc", ...BROWSER, "--no-deps"], [], STRICT_DOCS),
    ),
    check("room compiles for the browser", (workshop) =>
      wasmCargo(workshop, ["check", "-p", "room"]),
    ),
    ...PURE.map((name) => check(`${name} is pure`, () => purity(name))),
    check("errors are those of the core", errorFiles),
    check("biome", () => tee(npmBinary("biome"), ["check", "--error-on-warnings", "."])),
    check("tsc", () => tee(npmBinary("tsc"), ["-p", "tsconfig.json", "--noEmit"])),
    check("reference of the interface", makeApiDocs),
    check("size of the package", packageSize),
    ...typeTests(),
  ];
}

/** Nobody makes the package larger without noticing. */
async function packageSize(workshop) {
  await workshop.builtPackage();
  const { brotli } = packageSizes().total;
  console.log(`${brotli} bytes of brotli, of ${LARGEST_BROTLI}`);
  return { code: brotli <= LARGEST_BROTLI ? 0 : 1, output: "" };
}

/** What is made of the core's list of errors must be up to date. */
async function errorFiles() {
  const outdated = await outdatedErrorFiles();
  if (outdated.length > 0) {
    console.error(`${outdated.join(" and ")}: node scripts/errors.mjs makes what should be there`);
  }
  return { code: outdated.length === 0 ? 0 : 1, output: "" };
}

/** Types as a user of the built package sees them. */
function typeTests() {
  if (!existsSync(at("tests", "types", "tsconfig.json"))) {
    return [];
  }
  return [
    check("types of the package", async (workshop) => {
      await workshop.builtPackage();
      return tee(npmBinary("tsc"), ["-p", "tests/types/tsconfig.json", "--noEmit"]);
    }),
    check("examples in the documentation", async (workshop) => {
      await workshop.builtPackage();
      const { folder, count } = await extractExamples();
      const result = await tee(npmBinary("tsc"), ["-p", folder, "--noEmit"]);
      return count === 0 ? { ...result, code: 1 } : result;
    }),
  ];
}

function rustTests() {
  return [
    step("native", "cargo test", nativeTests, nativeCounts),
    ...simulations(),
    ...fuzzing(),
    step("wasm", "wasm-bindgen tests in Chromium", wasmTests, rustCounts),
  ];
}

/** The tests of clusters need NATS; without it they say so and do nothing. */
async function nativeTests(workshop) {
  const nats = await workshop.nats();
  const env = nats === undefined ? {} : { ROOM_NATS_SERVER: nats };
  const result = await cargo(["test", "--workspace", "--no-fail-fast"], env);
  return nats === undefined ? { ...result, output: `${result.output}\n${NO_NATS}` } : result;
}

function nativeCounts(output) {
  const counts = rustCounts(output);
  return output.endsWith(NO_NATS) ? { ...counts, skipped: counts.skipped + 1 } : counts;
}

/** The delivery contract on a bad network, and bugs that must not go unnoticed there. */
function simulations() {
  const sim = ["--release", "-p", "room-sim"];
  const seeds = () => cargo(["run", ...sim, "--", "--seeds", String(SEEDS)]);
  const sabotage = () => cargo(["test", ...sim, "--features", "sabotage"]);
  const one = (_, code) => ({ ...none(), [code === 0 ? "passed" : "failed"]: 1 });
  return [
    step("simulation", `${SEEDS} seeds`, seeds, one),
    step("simulation", "seeded bugs", sabotage, rustCounts),
  ];
}

/** A few seconds for each target. */
function fuzzing() {
  const count = (output, code) => {
    const isSkipped = output === NO_COMPILER;
    return { ...none(), [isSkipped ? "skipped" : code === 0 ? "passed" : "failed"]: 1 };
  };
  return [step("fuzz", `${FUZZ_SECONDS} seconds for each target`, fuzz, count)];
}

function fuzz() {
  if (!canFuzz()) {
    console.log(NO_COMPILER);
    return { code: 0, output: NO_COMPILER };
  }
  return tee(process.execPath, [at("scripts", "fuzz.mjs"), "--seconds", String(FUZZ_SECONDS)]);
}

async function wasmTests(workshop) {
  await bundleTestCore();
  await workshop.chromium();
  const env = {
    CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER: (await workshop.bindgen()).testRunner,
    CHROMEDRIVER: await workshop.chromedriver(),
    WASM_BINDGEN_TEST_TIMEOUT: "120",
  };
  return wasmCargo(workshop, ["test", "-p", "room-messaging", "--test", "web"], [], env);
}

const FOLDERS = ["scripts", "js", "server", "browser", "package", "interop"];

/** One step for each test file of a folder, so that no two browsers share the processor. */
function nodeTests(group) {
  const folder = at("tests", group);
  const names = existsSync(folder) ? readdirSync(folder) : [];
  const files = names.filter((name) => name.endsWith(".test.mjs")).sort();
  if (files.length === 0) {
    return [step(group, `tests/${group}`, () => ({ code: 0, output: "" }), none)];
  }
  return files.map((name) => {
    const file = path.join("tests", group, name);
    return step(group, file, (workshop) => nodeTest(workshop, group, file), nodeCounts);
  });
}

async function nodeTest(workshop, group, file) {
  const env = await nodeEnv(workshop, group);
  const args = ["--test", "--test-reporter=spec", file];
  return tee(process.execPath, args, { env, timeout: LIMIT_MS });
}

async function nodeEnv(workshop, group) {
  if (group === "scripts") {
    return process.env;
  }
  if (group === "server") {
    return { ...process.env, DEMO_BIN: await workshop.demoServer() };
  }
  if (group === "package") {
    await ensureNodeModules(at("tests", "package", "consumers"));
  }
  const env = await workshop.testEnv();
  if (group === "browser") {
    const nats = await workshop.nats();
    return nats === undefined ? env : { ...env, ROOM_NATS_SERVER: nats };
  }
  return group === "interop" ? { ...env, ...(await workshop.peers()) } : env;
}

/** README.md has what the tests have just found out; not judged where clients were left out. */
function tables() {
  const count = (complete, code) => {
    return complete ? { ...none(), passed: code === 0 ? 1 : 0 } : { ...none(), skipped: 1 };
  };
  return [step("interop", "the tables of README.md", compareTables, count)];
}

async function compareTables() {
  const results = readResults();
  const tables = compatibilityTables(results);
  console.log(tables);
  const output = isComplete(results);
  if (!output || (await readPart("compatibility")) === tables) {
    return { code: 0, output };
  }
  console.log(
    "README.md has other tables; node scripts/interop-table.mjs --readme puts these there",
  );
  return { code: 1, output };
}

/** A small crowd: whatever the server takes arrives once and in order. */
function load() {
  const args = ["--idle", "200", "--talking", "50", "--seconds", "3"];
  const program = async (workshop) => {
    return runLoad(await workshop.load(), args, { timeout: LIMIT_MS });
  };
  return step("load", "250 members, of whom 50 talk", program, oneTest);
}

/** All clients in all cases, too shortly to say anything about speed. */
function bench() {
  const program = async (workshop) => {
    const env = await workshop.benchEnv();
    const args = [at("bench", "run.mjs"), "--short"];
    return tee(process.execPath, args, { env, timeout: LIMIT_MS });
  };
  return step("bench", "the benchmark, once and short", program, oneTest);
}

function purity(name) {
  const found = impurities(name);
  for (const line of found) {
    console.log(`${name}: ${line}`);
  }
  if (found.length > 0) {
    console.log("If this is meant: node scripts/purity.mjs, and say why in the commit");
  }
  return { code: found.length > 0 ? 1 : 0 };
}

function cargo(args, extra) {
  return tee("cargo", args, { env: nativeEnv(extra), timeout: LIMIT_MS });
}

async function wasmCargo(workshop, args, rest = [], extra = {}) {
  const env = { ...(await workshop.wasmEnv()), ...extra };
  return tee("cargo", [...args, "--target", TARGET, ...rest], { env, timeout: LIMIT_MS });
}

/** A check counts as one test. */
function check(name, program) {
  return step("check", name, program, oneTest);
}

/** Passed, or failed as a whole. */
function oneTest(_, code) {
  return { ...none(), passed: code === 0 ? 1 : 0 };
}

function step(group, name, program, count) {
  return { group, name, run: (workshop) => judge(program, count, workshop) };
}

/** Counts, and adds a failure where a program failed without naming one, or tested nothing. */
async function judge(program, count, workshop) {
  const { code, output, late } = await program(workshop);
  const counts = count(output, code);
  const reason = whyFailed({ code, late, counts });
  return reason ? { ...counts, failed: Math.max(counts.failed, 1), reason } : counts;
}

function whyFailed({ code, late, counts }) {
  if (late) {
    return `ended after ${LIMIT_MS / 60_000} minutes`;
  }
  if (code !== 0) {
    return `exit code ${code}`;
  }
  const { passed, failed, skipped } = counts;
  return passed + failed + skipped === 0 ? "ran no test" : undefined;
}

// The steps that fill pkg/. Each does nothing when what it reads has not changed.

import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { gzipSync } from "node:zlib";

import { lockedVersion } from "./bindgen.mjs";
import { namedInOrder } from "./function-order.mjs";
import { step } from "./log.mjs";
import { at, npmBinary, pkg, target, wasmTarget } from "./paths.mjs";
import { run } from "./run.mjs";
import { namesOf, renameInModule, renameModule, withClassNames } from "./short-names.mjs";
import { named, packageSizes, sizeTable } from "./sizes.mjs";
import { withoutSourcePaths } from "./source-paths.mjs";
import { Stamps } from "./stamps.mjs";
import { TARGET } from "./wasm-target.mjs";

/** The WebAssembly modules: the crate, what its files are called, and their folder in pkg/. */
const MODULES = [
  { crate: "room-messaging", name: "room_messaging", folder: "glue" },
  { crate: "room-local", name: "room_local", folder: "local" },
];
/** The entries of the package. Each takes what it shares with the first from there. */
const ENTRIES = [
  "index",
  "inline",
  "node",
  "local",
  "node-local",
  "react",
  "testing",
  "node-testing",
];
const MAIN_WASM = path.join(pkg, "glue", "room_messaging_bg.wasm");
const stamps = new Stamps(path.join(target, "stamps"));

/** Builds the package and prints what it weighs. */
export async function buildPackage({ wasmEnv, wasmBindgen }) {
  await run("cargo", ["fetch", "--locked", "--target", TARGET], { env: wasmEnv });
  const env = withoutSourcePaths(wasmEnv);
  for (const module of MODULES) {
    await compileRust(module, env);
    await makeGlue(module, wasmBindgen);
  }
  await compileTypeScript();
  await weigh();
}

/** One at a time: built together they would share the features of what both use. */
async function compileRust({ crate }, env) {
  step(`cargo build, for the browser: ${crate}`);
  const args = ["build", "-p", crate, "--lib", "--profile", "wasm", "--target", TARGET];
  await run("cargo", args, { env: { ...env, CARGO_TARGET_DIR: wasmTarget } });
}

async function makeGlue({ name, folder }, wasmBindgen) {
  const compiled = path.join(wasmTarget, TARGET, "wasm", `${name}.wasm`);
  const glue = path.join(pkg, folder);
  const wasm = path.join(glue, `${name}_bg.wasm`);
  const script = path.join(glue, `${name}.js`);
  const inputs = {
    files: [
      compiled,
      at("package-lock.json"),
      at("scripts/lib/package-build.mjs"),
      at("scripts/lib/short-names.mjs"),
      at("scripts/lib/function-order.mjs"),
      at("scripts/lib/wasm-module.mjs"),
    ],
    words: [lockedVersion("wasm-bindgen")],
    makes: [wasm, script],
  };
  await stamps.once(folder, inputs, async () => {
    step("wasm-bindgen, wasm-opt");
    await rm(glue, { recursive: true, force: true });
    const strip = ["--strip-debug", "--strip-producers"];
    await bindAndOptimize({ name, compiled, glue, wasmBindgen }, strip);
    await order(wasm);
    await shorten(name, wasm, script);
  });
}

/** Makes a module and its glue of what cargo compiled. `more` is for wasm-opt. */
export async function bindAndOptimize({ name, compiled, glue, wasmBindgen }, more) {
  const kind = ["--target", "web", "--omit-default-module-path", "--no-typescript"];
  await run(wasmBindgen, [...kind, "--out-name", name, "--out-dir", glue, compiled]);
  // Without any --enable flag: the module says which features it uses. With --all-features
  // wasm-opt writes a module that browsers refuse.
  // Taken apart and put together again, the code is smaller after a second round. A function is not put into
  // its only caller, unless it is tiny: browsers compile each when it is called for the first time, and then
  // would compile what a page never uses. In brotli it is smaller too.
  const rounds = ["--flatten", "--rereloop", "-ocimfs", "20", "-Oz", "-Oz"];
  const wasm = path.join(glue, `${name}_bg.wasm`);
  await run(npmBinary("wasm-opt"), [...rounds, ...more, wasm, "-o", wasm]);
}

/** Puts functions that are alike beside each other: 1.8 kB in brotli. */
async function order(wasm) {
  await writeFile(wasm, namedInOrder(await readFile(wasm)));
  const passes = ["--reorder-functions-by-name", "--strip-debug"];
  await run(npmBinary("wasm-opt"), [...passes, wasm, "-o", wasm]);
}

async function compileTypeScript() {
  const scripts = ENTRIES.map((name) => path.join(pkg, `${name}.js`));
  const types = ENTRIES.map((name) => path.join(pkg, `${name}.d.ts`));
  const inputs = {
    files: [
      at("js"),
      at("tsconfig.json"),
      at("package-lock.json"),
      at("scripts/lib/package-build.mjs"),
      MAIN_WASM,
    ],
    makes: [...scripts, ...types],
  };
  await stamps.once("typescript", inputs, async () => {
    step("tsc, esbuild");
    await removeOldModules();
    await run(npmBinary("tsc"), ["-p", "tsconfig.json", "--emitDeclarationOnly"]);
    for (const name of ENTRIES) {
      await bundle(name);
    }
  });
}

/** A module that left js/ must leave pkg/ too. */
async function removeOldModules() {
  await mkdir(pkg, { recursive: true });
  const names = await readdir(pkg);
  const old = names.filter((name) => /\.(js|d\.ts)(\.map)?$/.test(name));
  await Promise.all(old.map((name) => rm(path.join(pkg, name))));
}

const SMALL = { format: "esm", target: "es2022", minify: true };
/** A second round, by another tool: 0.4 kB. Names of classes are shown to people. */
const SMALLER = { module: true, keep_classnames: true, compress: { ecma: 2020, passes: 3 } };

/** Makes one module of an entry and all that it needs, the glue included. */
async function bundle(name) {
  const [{ build }, { minify }] = [await import("esbuild"), await import("terser")];
  // The other entries share the classes of the main one.
  const others = ENTRIES.filter((other) => other !== name).map((other) => `./${other}.js`);
  const external = [...others, "node:*", "react"];
  const options = { bundle: true, external, write: false, logLevel: "warning" };
  const [entryPoints, plugins] = [[at("js", `${name}.ts`)], [glueIn(pkg), inlinedWasm]];
  const { outputFiles } = await build({ ...SMALL, ...options, entryPoints, plugins });
  const { code } = await minify(outputFiles[0].text, SMALLER);
  await writeFile(path.join(pkg, `${name}.js`), withClassNames(code));
}

/** Finds the glue where it has been made: in pkg/, or in a folder like it. */
export function glueIn(made) {
  return {
    name: "glue",
    setup(build) {
      for (const { name, folder } of MODULES) {
        const filter = new RegExp(`/${folder}/${name}\\.js$`);
        build.onResolve({ filter }, () => ({ path: path.join(made, folder, `${name}.js`) }));
      }
    },
  };
}

/** `inlined.js`: the WebAssembly as a string. */
const inlinedWasm = {
  name: "inlined-wasm",
  setup(build) {
    build.onResolve({ filter: /^\.\/inlined\.js$/ }, () => ({
      path: "inlined",
      namespace: "wasm",
    }));
    build.onLoad({ filter: /.*/, namespace: "wasm" }, async () => {
      const bytes = await readFile(MAIN_WASM);
      const text = gzipSync(bytes, { level: 9 }).toString("base64");
      return { contents: `export const COMPRESSED = ${JSON.stringify(text)};`, loader: "js" };
    });
  },
};

/** Makes the glue smaller in place, and the names that it shares with its module. */
async function shorten(name, wasm, script) {
  const { transform } = await import("esbuild");
  const bytes = await readFile(wasm);
  const glued = renameModule(name, await readFile(script, "utf8"));
  const names = { mangleProps: namesOf(bytes), mangleCache: {} };
  const { code, mangleCache } = await transform(glued, { ...SMALL, ...names });
  await writeFile(script, code);
  await writeFile(wasm, renameInModule(name, bytes, mangleCache));
}

async function weigh() {
  const sizes = packageSizes();
  await writeFile(path.join(pkg, "size.json"), `${JSON.stringify(sizes, null, 2)}\n`);
  console.log(sizeTable(named(sizes)));
}

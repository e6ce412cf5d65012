// Builds the standard library for a target with Debian's rustc, beside a compiler that finds it.

import {
  chmod,
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  rename,
  rm,
  symlink,
  writeFile,
} from "node:fs/promises";
import path from "node:path";

import { ask, run } from "./run.mjs";

const DEBIAN_RUSTLIB = "/usr/lib/rustlib";

/** Makes `prefix/{bin,lib/rustlib}`. It appears there whole or not at all. */
export async function buildSysroot(prefix, target) {
  await mkdir(path.dirname(prefix), { recursive: true });
  const draft = await mkdtemp(`${prefix}.`);
  try {
    const libraries = await buildStd(path.join(draft, "build"), target);
    await layOut(path.join(draft, "prefix"), prefix, target, libraries);
    await rm(prefix, { recursive: true, force: true });
    await rename(path.join(draft, "prefix"), prefix);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

async function buildStd(folder, target) {
  await mkdir(path.join(folder, "src"), { recursive: true });
  await writeFile(path.join(folder, "src/lib.rs"), "");
  await writeFile(
    path.join(folder, "Cargo.toml"),
    '[package]\nname = "seed"\nversion = "0.0.0"\nedition = "2021"\n[workspace]\n',
  );
  const { RUSTUP_TOOLCHAIN, ...env } = process.env;
  const std = "-Zbuild-std=std,panic_abort,proc_macro,test";
  const args = ["build", "-q", std, "--target", target, "--release", "--target-dir", "out"];
  await run("/usr/bin/cargo", args, {
    cwd: folder,
    env: {
      ...env,
      RUSTC: "/usr/bin/rustc",
      RUSTC_BOOTSTRAP: "1",
      CARGO_PROFILE_RELEASE_DEBUG: "0",
      // With bitcode, so that `lto = true` reaches into the standard library.
      RUSTFLAGS:
        "-Cembed-bitcode=yes -Zforce-unstable-if-unmarked " +
        `--remap-path-prefix=${DEBIAN_RUSTLIB}/src/rust=/rustc/std`,
    },
  });
  const deps = path.join(folder, "out", target, "release/deps");
  const names = (await readdir(deps)).filter((name) => /^lib(?!seed-).*\.rlib$/.test(name));
  return names.map((name) => path.join(deps, name));
}

async function layOut(draft, prefix, target, libraries) {
  const rustlib = path.join(draft, "lib/rustlib");
  const folder = path.join(rustlib, target, "lib");
  await mkdir(folder, { recursive: true });
  await mkdir(path.join(draft, "bin"));
  for (const library of libraries) {
    await copyFile(library, path.join(folder, path.basename(library)));
  }
  for (const name of ["src", "etc", hostTriple()]) {
    await symlink(path.join(DEBIAN_RUSTLIB, name), path.join(rustlib, name));
  }
  for (const name of ["rustc", "rustdoc"]) {
    const script = path.join(draft, "bin", name);
    await writeFile(script, `#!/bin/sh\nexec /usr/bin/${name} --sysroot '${prefix}' "$@"\n`);
    await chmod(script, 0o755);
  }
  // Debian's cargo, its clippy and the driver behind it, ahead of rustup's.
  for (const name of ["cargo", "cargo-clippy", "clippy-driver"]) {
    await symlink(path.join("/usr/bin", name), path.join(draft, "bin", name));
  }
}

function hostTriple() {
  return /^host: (.*)$/m.exec(ask("/usr/bin/rustc", ["-vV"]))[1];
}

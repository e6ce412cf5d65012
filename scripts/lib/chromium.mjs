// Chromium and its driver, for the tests in a browser.

import { accessSync, constants, existsSync } from "node:fs";
import path from "node:path";

import { ensureDebianPackages, hasApt } from "./debian.mjs";
import { Failure, note, step } from "./log.mjs";

/** What every headless Chromium of the tests is started with. `webdriver.json` repeats it. */
export const CHROMIUM_FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const BROWSER = {
  variable: "CHROME",
  names: ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"],
  elsewhere: ["/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"],
  debian: "chromium",
};

const DRIVER = {
  variable: "CHROMEDRIVER",
  names: ["chromedriver"],
  elsewhere: ["/usr/lib/chromium-browser/chromedriver"],
  debian: "chromium-driver",
};

/** The path of a Chromium. */
export function ensureChromium() {
  step("Chromium");
  return ensure(BROWSER);
}

/** The path of a chromedriver, which must fit the Chromium. */
export function ensureChromedriver() {
  step("chromedriver");
  return ensure(DRIVER);
}

/** The path of a Chromium that is here already, or undefined. */
export function findChromium() {
  return find(BROWSER);
}

async function ensure(program) {
  let found = find(program);
  if (found === undefined) {
    await install(program);
    found = find(program);
  }
  if (found === undefined) {
    throw new Failure(`Debian's package ${program.debian} is there, but has no program in PATH`);
  }
  note(found);
  return found;
}

function find({ variable, names, elsewhere }) {
  const named = process.env[variable];
  if (named) {
    if (!isExecutable(named)) {
      throw new Failure(`${variable} names ${named}, which cannot be run`);
    }
    return named;
  }
  return [...names.flatMap(inPath), ...elsewhere].find(isExecutable);
}

async function install({ variable, names, debian }) {
  if (!hasApt()) {
    throw new Failure(
      `no ${names[0]} was found; install it, or set ${variable} to the path of its program`,
    );
  }
  await ensureDebianPackages([debian], names[0]);
}

function inPath(name) {
  const folders = (process.env.PATH ?? "").split(path.delimiter).filter(Boolean);
  return folders.map((folder) => path.join(folder, name));
}

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return existsSync(file);
  } catch {
    return false;
  }
}

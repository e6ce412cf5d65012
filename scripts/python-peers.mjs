// Makes a virtual environment for each official Python client of the interoperability tests, and
// prints the environment variables that name their interpreters.

import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

const PEERS = [
  { version: "0.0.21", python: "3.11", variable: "MESHAGENT_PYTHON_0_0_21" },
  { version: "0.56.0", python: "3.13", variable: "MESHAGENT_PYTHON_0_56_0" },
];

/** The variables for those peers that can be had, and the reasons for the others. */
export function pythonPeers(log = console.error) {
  const variables = {};
  for (const peer of PEERS) {
    try {
      variables[peer.variable] = process.env[peer.variable] ?? ensurePeer(peer, log);
    } catch (error) {
      log(`Python client ${peer.version} is left out: ${firstLine(error)}`);
    }
  }
  return variables;
}

function ensurePeer({ version, python }, log) {
  const folder = path.join(root, ".cache", `meshagent-api-${version}`);
  const interpreter = path.join(folder, "bin", "python");
  if (imports(interpreter)) {
    return interpreter;
  }
  const base = findPython(python);
  log(`installing meshagent-api ${version} for ${base}`);
  run(base, ["-m", "venv", "--clear", folder]);
  install(interpreter, version);
  if (!imports(interpreter)) {
    throw new Error(`meshagent-api ${version} cannot be imported after its installation`);
  }
  return interpreter;
}

function install(interpreter, version) {
  const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
  try {
    run(interpreter, [...pip, `meshagent-api==${version}`]);
  } catch {
    // The newest version asks for a certifi that not every index has yet; nothing here uses TLS.
    run(interpreter, [...pip, "--no-deps", `meshagent-api==${version}`]);
    const wanted = requirements(interpreter).filter((line) => !/^certifi\b/.test(line));
    run(interpreter, [...pip, "certifi", ...wanted]);
  }
}

function requirements(interpreter) {
  const program = [
    "import importlib.metadata as m",
    "from pip._vendor.packaging.requirements import Requirement as R",
    "for line in m.requires('meshagent-api') or []:",
    "    r = R(line)",
    "    if r.marker is None or r.marker.evaluate({'extra': ''}):",
    "        r.marker = None",
    "        print(r)",
  ].join("\n");
  return run(interpreter, ["-c", program]).trim().split("\n");
}

function findPython(version) {
  const pyenv = `${process.env.PYENV_ROOT ?? `${process.env.HOME}/.pyenv`}/versions`;
  const candidates = [`python${version}`, "python3", ...pyenvPythons(pyenv, version)];
  const found = candidates.find((candidate) => versionOf(candidate) === version);
  if (!found) {
    throw new Error(`no Python ${version} was found`);
  }
  return found;
}

function pyenvPythons(folder, version) {
  if (!existsSync(folder)) {
    return [];
  }
  return run("ls", [folder])
    .split("\n")
    .filter((name) => name.startsWith(`${version}.`))
    .map((name) => path.join(folder, name, "bin", "python"));
}

function versionOf(candidate) {
  try {
    const program = "import sys; print('%d.%d' % sys.version_info[:2])";
    return run(candidate, ["-c", program]).trim();
  } catch {
    return undefined;
  }
}

function imports(interpreter) {
  if (!existsSync(interpreter)) {
    return false;
  }
  try {
    run(interpreter, ["-c", "import meshagent.api.room_server_client"]);
    return true;
  } catch {
    return false;
  }
}

function run(command, args) {
  return execFileSync(command, args, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 600_000,
  });
}

function firstLine(error) {
  return String(error.stderr || error.message)
    .trim()
    .split("\n")
    .at(-1);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  for (const [name, value] of Object.entries(pythonPeers())) {
    console.log(`export ${name}=${value}`);
  }
}

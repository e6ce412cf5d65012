// Where things are.

import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** The top of the repository. */
export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");

/** Where the tools live that the scripts make once for every clone. */
export const cache = path.join(
  process.env.XDG_CACHE_HOME || path.join(os.homedir(), ".cache"),
  "room-messaging",
);

export const target = path.join(root, "target");
export const wasmTarget = path.join(target, "wasm");
export const pkg = path.join(root, "pkg");

/** The server's binary, as a release build leaves it. */
export const roomBinary = path.join(target, "release", "room");

/** The members of `npm run load`. */
export const loadBinary = path.join(target, "release", "room-load");

/** Our native client as a peer of the interoperability tests. */
export const nativePeer = path.join(target, "release", "examples", "interop_peer");

/** What the interoperability tests found out. */
export const interopResults = path.join(target, "interop");

/** A path below the root. */
export function at(...names) {
  return path.join(root, ...names);
}

/** A command that npm installed. */
export function npmBinary(name) {
  return at("node_modules", ".bin", name);
}

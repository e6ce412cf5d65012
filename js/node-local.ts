/**
 * `room-messaging/local` as Node gets it: there, files are read and not fetched.
 *
 * @packageDocumentation
 */

import { setLocalWasmSource } from "./local.js";
// That of the clients is read there.
import "./node.js";

export * from "./local.js";

setLocalWasmSource(async () => {
  const { readFile } = await import("node:fs/promises");
  return readFile(new URL("./local/room_local_bg.wasm", import.meta.url));
});

/**
 * `room-messaging/testing` as Node gets it: there, files are read and not fetched.
 *
 * @packageDocumentation
 */

// That of the clients is read there.
import "./node.js";
import { setLocalWasmSource } from "./testing.js";

export * from "./testing.js";

setLocalWasmSource(async () => {
  const { readFile } = await import("node:fs/promises");
  return readFile(new URL("./local/room_local_bg.wasm", import.meta.url));
});

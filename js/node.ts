/**
 * The main entry as Node gets it: there, a file is read and not fetched.
 *
 * @packageDocumentation
 */

import { setWasmSource } from "./index.js";

export * from "./index.js";

setWasmSource(async () => {
  // Only when it is needed: a page that is rendered on a server never does.
  const { readFile } = await import("node:fs/promises");
  return readFile(new URL("./glue/room_messaging_bg.wasm", import.meta.url));
});

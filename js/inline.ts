/**
 * The same as the main entry, with the WebAssembly inside the script: for places that cannot serve
 * a file beside it. It is a third larger to load than the file.
 *
 * @packageDocumentation
 */

import { setWasmSource } from "./index.js";
import { COMPRESSED } from "./inlined.js";

export * from "./index.js";

setWasmSource(unpack);

/** What `inlined.js` holds is compressed by gzip, and written in base64. */
async function unpack(): Promise<Response> {
  const packed = Uint8Array.from(atob(COMPRESSED), (character) => character.charCodeAt(0));
  const unpacked = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(unpacked, { headers: { "content-type": "application/wasm" } });
}

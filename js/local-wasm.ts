import { RoomError } from "./index.js";
import load from "./local/room_local.js";
import { whyNotWasm } from "./not-wasm.js";
import type { WasmSource } from "./wasm.js";

let loading: Promise<void> | undefined;

let usual: () => WasmSource | Promise<WasmSource> = () =>
  new URL("./local/room_local_bg.wasm", import.meta.url);

/**
 * Says where the WebAssembly of the room comes from when `initLocal()` is not told. The function is
 * called once, when the module is needed.
 */
export function setLocalWasmSource(source: () => WasmSource | Promise<WasmSource>): void {
  usual = source;
}

/**
 * Loads the WebAssembly of the room, once. The first `connect()` does it by itself; this is for
 * those who serve the file themselves, or want it early. That of the clients is loaded by `init()`
 * of `room-messaging`.
 *
 * @param source Where the module is; by default the file beside this one, or what
 * {@link setLocalWasmSource} says.
 * @throws `RoomError` `wasm-unavailable`. The next call tries again.
 */
export function initLocal(source?: WasmSource): Promise<void> {
  loading ??= start(source).catch((cause) => {
    loading = undefined;
    const hint = `${HINT} call initLocal() with its address.`;
    const why = `${cause}${whyNotWasm(cause)}`;
    const message = `the WebAssembly of the room cannot be loaded: ${why}`;
    throw new RoomError("wasm-unavailable", message, { hint, cause });
  });
  return loading;
}

async function start(source: WasmSource | undefined): Promise<void> {
  await load({ module_or_path: source ?? (await usual()) });
}

const HINT =
  "Serve room_local_bg.wasm, allow 'wasm-unsafe-eval' in the Content-Security-Policy, or";

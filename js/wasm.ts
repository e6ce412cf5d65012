import { Core, type CoreListener, type CoreSettings } from "./core.js";
import { crash } from "./crash.js";
import { failure, RoomError } from "./errors.js";
import load, { Engine, onPanic } from "./glue/room_messaging.js";
import { whyNotWasm } from "./not-wasm.js";

/** Where the WebAssembly comes from. */
export type WasmSource =
  | string
  | URL
  | Request
  | Response
  | Promise<Response>
  | BufferSource
  | WebAssembly.Module;

let loading: Promise<void> | undefined;

let usual: () => WasmSource | Promise<WasmSource> = () =>
  new URL("./glue/room_messaging_bg.wasm", import.meta.url);

/**
 * Says where the WebAssembly comes from when `connect()` or `init()` is not told. The function is
 * called once, when the module is needed.
 */
export function setWasmSource(source: () => WasmSource | Promise<WasmSource>): void {
  usual = source;
}

/**
 * Loads the WebAssembly core, once. `connect()` does it by itself; this is for those who serve
 * the file themselves, or want it early.
 *
 * @param source Where the module is; by default the file beside this one, or what
 * {@link setWasmSource} says.
 * @throws {@link RoomError} `wasm-unavailable`: it was not found, or the page's
 * Content-Security-Policy forbids it. The next call tries again.
 */
export function init(source?: WasmSource): Promise<void> {
  loading ??= start(source).catch((error) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

async function start(source: WasmSource | undefined): Promise<void> {
  let found = source;
  try {
    found ??= await usual();
    await load({ module_or_path: found });
    onPanic((message: string) => void crash(message));
  } catch (cause) {
    if (cause instanceof RoomError) {
      throw cause;
    }
    if (POLICY.test(String(cause))) {
      const text = "the page's Content-Security-Policy lacks 'wasm-unsafe-eval' in script-src";
      throw failure("wasm-unavailable", `${text}: ${cause}`, cause);
    }
    const where = found instanceof URL || typeof found === "string" ? ` from ${found}` : "";
    const text = `the WebAssembly${where} cannot be loaded: ${cause}${whyNotWasm(cause)}`;
    throw failure("wasm-unavailable", text, cause);
  }
}

/** How Chromium, Firefox and Safari say that a policy forbids to compile. */
const POLICY = /content.security.policy|blocked by csp|wasm-unsafe-eval/i;

/** Makes a core; the WebAssembly must have been loaded. */
export function makeCore(settings: CoreSettings, listener: CoreListener): Core {
  return new Core((...parts) => new Engine(...parts), settings, listener);
}

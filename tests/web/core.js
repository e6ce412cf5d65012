// A `Core` of js/core.ts around the engine under test. Bundled to target/web-tests/core.js.

import { Core } from "../../js/core.ts";

/** `make` gives the engine; `ear` hears what the core says. */
export function coreOf(make, options, ear) {
  let engine;
  const makeEngine = (...parts) => {
    engine = make(...parts);
    return engine;
  };
  const core = new Core(makeEngine, { options: options ?? {}, reconnect: false }, ear);
  core.free = () => engine.free();
  return core;
}

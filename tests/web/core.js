// A `Core` of js/core.ts around the engine under test. Bundled to target/web-tests/core.js.

import { Core } from "../../js/core.ts";
import { HeldSocket } from "../../js/held-socket.ts";

/** `make` gives the engine; `ear` hears what the core says. */
export function coreOf(make, options, ear) {
  let engine;
  const makeEngine = (...parts) => {
    engine = make(...parts);
    return engine;
  };
  const core = new Core(makeEngine, { options: options ?? {}, reconnect: false }, ear);
  core.free = () => engine.free();
  // As a connection does it, if it takes time until there is an engine.
  let held;
  core.hold = (socket) => {
    held = new HeldSocket(socket);
  };
  const ready = new Promise((resolve, reject) => {
    ear.onOpened = resolve;
    ear.onEnded = reject;
  });
  // Not every test waits for it.
  ready.catch(() => {});
  const connect = core.connect.bind(core);
  core.connect = async (socket) => {
    connect(held?.release() ?? { socket, messages: [], closing: undefined });
    await ready;
  };
  return core;
}

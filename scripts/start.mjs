// npm start: builds what has changed, then serves the demo and the rooms until Ctrl-C.
// Arguments go to `room serve`.

import { ensureBindgen } from "./lib/bindgen.mjs";
import { Failure, main, step } from "./lib/log.mjs";
import { buildPackage } from "./lib/package-build.mjs";
import { roomBinary } from "./lib/paths.mjs";
import { checkTools, ensureNodeModules } from "./lib/prerequisites.mjs";
import { end, onInterrupt, start } from "./lib/run.mjs";
import { buildServer } from "./lib/server-build.mjs";
import { ensureWasm } from "./lib/wasm-target.mjs";

const PATIENCE_MS = 10_000;

await main(async () => {
  checkTools();
  await ensureNodeModules();
  const wasmEnv = await ensureWasm();
  const { wasmBindgen } = await ensureBindgen();
  await buildPackage({ wasmEnv, wasmBindgen });
  await buildServer();
  await serve(process.argv.slice(2));
});

function serve(extra) {
  const given = extra.some((arg) => arg === "--listen" || arg.startsWith("--listen="));
  const listen = given ? [] : ["--listen", "127.0.0.1:8787"];
  const fixed = ["serve", "--dev", "--www", "www", "--mount", "/pkg=pkg"];
  const server = start(roomBinary, [...fixed, ...listen, ...extra], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  announce(server.stdout);

  let stopping = false;
  onInterrupt(() => {
    // A second Ctrl-C does not wait for the members to be told.
    end(server, stopping ? "SIGKILL" : "SIGTERM");
    stopping = true;
    setTimeout(() => end(server, "SIGKILL"), PATIENCE_MS).unref();
  });
  return new Promise((resolve, reject) => {
    server.on("error", (error) => reject(new Failure(`${roomBinary}: ${error.message}`)));
    server.on("close", (code, signal) => {
      if (stopping || code === 0) {
        resolve();
      } else {
        reject(new Failure(`the server stopped: ${signal ?? `exit code ${code}`}`));
      }
    });
  });
}

/** Passes on what the server prints; its first line has the address. */
function announce(stdout) {
  stdout.setEncoding("utf8");
  stdout.once("data", (text) => {
    const address = /http:\/\/\S+/.exec(text)?.[0];
    if (address) {
      step(`The demo is at ${address} - open it twice. Ctrl-C stops it.`);
    }
  });
  stdout.pipe(process.stdout);
}

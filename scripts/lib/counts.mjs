// Reads from a runner's output how many tests passed, failed and were skipped.

const RUST = /^test result: .*?(\d+) passed; (\d+) failed; (\d+) ignored/gm;
const NODE = /^ℹ (pass|fail|cancelled|skipped|todo) (\d+)$/gm;
const COLOURS = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, "g");

/** The sum of all `test result:` lines of cargo and of wasm-bindgen's runner. */
export function rustCounts(output) {
  const counts = none();
  for (const [, passed, failed, ignored] of plain(output).matchAll(RUST)) {
    counts.passed += Number(passed);
    counts.failed += Number(failed);
    counts.skipped += Number(ignored);
  }
  return counts;
}

/** The summary of `node --test` with its spec reporter. */
export function nodeCounts(output) {
  const counts = none();
  const kinds = { pass: "passed", fail: "failed", cancelled: "failed" };
  for (const [, word, number] of plain(output).matchAll(NODE)) {
    counts[kinds[word] ?? "skipped"] += Number(number);
  }
  return counts;
}

export function none() {
  return { passed: 0, failed: 0, skipped: 0 };
}

export function add(a, b) {
  return {
    passed: a.passed + b.passed,
    failed: a.failed + b.failed,
    skipped: a.skipped + b.skipped,
  };
}

function plain(output) {
  return output.replace(COLOURS, "").replaceAll("\r", "");
}

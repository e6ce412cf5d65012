// The last line of `npm test` is only as good as what is read from the runners.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { it } from "node:test";

import { nodeCounts, rustCounts } from "../../scripts/lib/counts.mjs";

it("adds up the results of all of cargo's test programs", () => {
  const output = [
    "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s",
    "",
    "test result: \u001b[31mFAILED\u001b[0m. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out",
  ].join("\n");

  assert.deepEqual(rustCounts(output), { passed: 15, failed: 2, skipped: 1 });
});

it("takes no test's own words for a result", () => {
  const output =
    "test the_text_test_result_is_ok ... ok\n  test result: ok. 9 passed; 9 failed; 9 ignored\n";

  assert.deepEqual(rustCounts(output), { passed: 0, failed: 0, skipped: 0 });
});

it("reads what this version of Node prints", () => {
  const script = `
    import { it } from "node:test";
    it("passes", () => {});
    it("fails", () => { throw new Error("on purpose"); });
    it("is skipped", { skip: true }, () => {});
    it("is for later", { todo: true }, () => {});`;
  const output = printed(["--test-reporter=spec", "--input-type=module", "-e", script]);

  assert.deepEqual(nodeCounts(output), { passed: 1, failed: 1, skipped: 2 });
});

/** What a Node prints, however it ends. */
function printed(args) {
  const { NODE_TEST_CONTEXT, ...env } = process.env;
  try {
    return execFileSync(process.execPath, args, { encoding: "utf8", env, stdio: "pipe" });
  } catch (error) {
    return error.stdout;
  }
}

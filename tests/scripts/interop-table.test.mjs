// The tables of README.md claim what the tests found, and nothing else.

import assert from "node:assert/strict";
import { it } from "node:test";

import { compatibilityTables, isComplete } from "../../scripts/lib/interop-table.mjs";

const cell = (from, to, planned, passed, failed) => ({ from, to, planned, passed, failed });

it("marks what passed, what failed and what was left out", () => {
  const cells = [
    cell("a", "a", 2, 2, 0),
    cell("a", "b", 2, 1, 1),
    cell("b", "a", 0, 0, 0),
    cell("b", "b", 2, 1, 0),
  ];
  assert.equal(
    compatibilityTables([{ title: "Tests:", cells }]),
    [
      "Tests:",
      "",
      "|   | a | b        |",
      "|---|:-:|:--------:|",
      "| a | ✔ | ✘ 1 of 2 |",
      "| b | – | –        |",
    ].join("\n"),
  );
});

it("is complete only if every test was run", () => {
  const complete = (...cells) => isComplete([{ title: "", cells }]);
  assert.equal(complete(cell("a", "b", 2, 2, 0), cell("b", "a", 1, 0, 1)), true);
  assert.equal(complete(cell("a", "b", 2, 2, 0), cell("b", "a", 1, 0, 0)), false);
  assert.equal(complete(cell("a", "b", 0, 0, 0)), false);
  assert.equal(isComplete([]), false);
});

// The examples of the documentation are only checked if they are found.

import assert from "node:assert/strict";
import { it } from "node:test";

import { commentExamplesOf, exportsOf, withImports } from "../../scripts/lib/examples.mjs";

const SOURCE = `/**
 * Something.
 *
 * \`\`\`ts
 * const room = new Room({
 *   url,
 * });
 * \`\`\`
 */
export class Room {
  /**
   * \`\`\`js
   * leave();
   * \`\`\`
   */
  leave() {}
}
`;

it("finds those in comments, with the lines of the file", () => {
  const found = commentExamplesOf(SOURCE).map(({ line, text }) => ({ line, text }));
  assert.deepEqual(found, [
    { line: 4, text: "const room = new Room({\n  url,\n});\n" },
    { line: 12, text: "leave();\n" },
  ]);
});

it("imports what an example names and does not make", () => {
  const homes = new Map([
    ["Room", "rooms"],
    ["useRoom", "rooms/react"],
    ["Door", "rooms"],
  ]);
  const text = "class Room {}\nconst { useRoom } = hooks();\nnew Door();\n";
  assert.equal(withImports(text, homes), `import { Door } from "rooms";\n${text}`);
});

it("knows what a module exports", () => {
  const source = `
export { A, type B } from "./a.js";
export type {
  C,
  D,
} from "./c.js";
export function e() {}
export class F {}
const hidden = 1;
`;
  assert.deepEqual(exportsOf(source), ["A", "B", "C", "D", "e", "F"]);
});

// Counts who could do what with whom; `scripts/interop-table.mjs` makes the tables of it.

import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, describe, it } from "node:test";

import { interopResults } from "../../scripts/lib/paths.mjs";

/** The results of one test file: one table. */
export class Tally {
  #file;
  #title;
  #cells = [];

  /**
   * @param name The name of the file with the results.
   * @param title What was tested, in Markdown. A row does it to a column.
   */
  constructor(name, title) {
    this.#file = path.join(interopResults, `${name}.json`);
    this.#title = title;
    // A run that ends early must not leave the results of another.
    rmSync(this.#file, { force: true });
    after(() => this.#save());
  }

  /** The cell of two members of the cast, at the first request. */
  cell(from, to) {
    const found = this.#cells.find((cell) => cell.from === from.name && cell.to === to.name);
    return found ?? this.#add({ from: from.name, to: to.name, planned: 0, passed: 0, failed: 0 });
  }

  #add(cell) {
    this.#cells.push(cell);
    return cell;
  }

  #save() {
    mkdirSync(interopResults, { recursive: true });
    const results = { title: this.#title, cells: this.#cells };
    writeFileSync(this.#file, `${JSON.stringify(results, null, 2)}\n`);
  }
}

/** Tests that need these members of the cast. A suite that is skipped would not be counted. */
export function scene(name, members, tests) {
  const skip = members.map((member) => member.missing()).find((reason) => reason !== undefined);
  if (skip === undefined) {
    describe(name, tests);
  } else {
    it(name, { skip });
  }
}

/** A test that counts in these cells. */
export function counted(cells, name, test) {
  for (const cell of cells) {
    cell.planned += 1;
  }
  it(name, async () => {
    try {
      await test();
    } catch (error) {
      for (const cell of cells) {
        cell.failed += 1;
      }
      throw error;
    }
    for (const cell of cells) {
      cell.passed += 1;
    }
  });
}

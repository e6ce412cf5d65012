// The tables of the interoperability tests: who can do what with whom.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";

import { interopResults } from "./paths.mjs";

/**
 * What the last runs of the test files left: `{ title, cells }` each, a cell being
 * `{ from, to, planned, passed, failed }`.
 */
export function readResults() {
  const names = existsSync(interopResults) ? readdirSync(interopResults) : [];
  const files = names.filter((name) => name.endsWith(".json")).sort();
  return files.map((name) => JSON.parse(readFileSync(path.join(interopResults, name), "utf8")));
}

/** Whether nothing was left out. */
export function isComplete(results) {
  const cells = results.flatMap((one) => one.cells);
  return cells.length > 0 && cells.every(wasRun);
}

/** The results in Markdown, which reads well on a terminal too. */
export function compatibilityTables(results) {
  return results.map(({ title, cells }) => `${title}\n\n${table(cells)}`).join("\n\n");
}

function table(cells) {
  const rows = [...new Set(cells.map((cell) => cell.from))];
  const columns = [...new Set(cells.map((cell) => cell.to))];
  const find = (from, to) => cells.find((cell) => cell.from === from && cell.to === to);
  const lines = rows.map((from) => [from, ...columns.map((to) => mark(find(from, to)))]);
  return markdown([["", ...columns], ...lines]);
}

function mark(cell) {
  if (cell === undefined || !(wasRun(cell) || cell.failed > 0)) {
    return "–";
  }
  return cell.failed === 0 ? "✔" : `✘ ${cell.failed} of ${cell.planned}`;
}

function wasRun({ planned, passed, failed }) {
  return planned > 0 && passed + failed === planned;
}

function markdown([head, ...lines]) {
  const widths = head.map((_, at) => Math.max(...[head, ...lines].map((line) => line[at].length)));
  const row = (line) => `| ${line.map((text, at) => text.padEnd(widths[at])).join(" | ")} |`;
  const rule = widths.map((width, at) => {
    return at === 0 ? "-".repeat(width + 2) : `:${"-".repeat(width)}:`;
  });
  return [row(head), `|${rule.join("|")}|`, ...lines.map(row)].join("\n");
}

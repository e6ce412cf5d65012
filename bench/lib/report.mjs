// The table of a run: medians, their spread, ratios inside each round, and whether goals are met.

import { median, summary } from "./stats.mjs";

/** For how many figures more is better. */
const MORE_IS_BETTER = /\/s$/;

/**
 * Goals as ratios: `[figure, client, peer, bound]`. `over` peers the ratio has to be at most, or for
 * rates at least, the bound.
 */
export const GOALS = [
  ["round trip p50, ms", "ours-plain", "raw", 2.0],
  ["round trip p50, ms", "ours", "raw", 1.4],
  ["round trip p50, ms", "ours-plain", "sdk", 1 / 8],
  ["messages/s", "ours-plain", "raw", 0.3],
  ["messages/s", "ours-plain", "sdk", 22],
  ["messages/s", "ours", "raw", 4.5],
  ["messages/s", "ours", "sdk", 250],
  ["CPU per message, us", "ours-plain", "raw", 3.0],
  ["CPU per message, us", "ours", "raw", 0.18],
  ["bulk, MB/s", "ours-plain", "raw", 0.5],
  ["bulk, MB/s", "ours-plain", "sdk", 75],
  ["bulk, MB/s", "ours", "raw", 0.88],
  ["bulk, MB/s", "ours", "sdk", 125],
  ["CPU per MB, ms", "ours-plain", "raw", 1.9],
  ["CPU per MB, ms", "ours", "raw", 1.15],
  ["one attachment, ms/MiB", "ours-plain", "raw", 1.8],
  ["one attachment, ms/MiB", "ours-plain", "sdk", 1 / 110],
  ["one attachment, ms/MiB", "ours", "raw", 1.12],
  ["one attachment, ms/MiB", "ours", "sdk", 1 / 185],
  ["broadcast to 50, deliveries/s", "ours-plain", "raw", 0.6],
  ["broadcast to 50, deliveries/s", "ours", "raw", 1.05],
  ["page load to first answer, ms", "ours", "sdk", 0.6],
];

/** The figures of all clients: `rounds` is a list of `{ client: { figure: value } }`. */
export function figuresTable(rounds) {
  const clients = Object.keys(rounds[0]);
  const names = [...new Set(clients.flatMap((client) => Object.keys(rounds[0][client])))];
  const rows = names.map((name) => [
    name,
    ...clients.map((client) => {
      const values = rounds
        .map((round) => round[client][name])
        .filter((value) => value !== undefined);
      return values.length === 0 ? "" : withSpread(summary(values));
    }),
  ]);
  return table(["", ...clients], rows);
}

/** The goals, each with the median of its ratios. */
export function goalsTable(rounds) {
  const clients = Object.keys(rounds[0]);
  const goals = GOALS.filter(([, client, peer]) => [client, peer].every((one) => clients.includes(one)));
  const rows = goals.map(([name, client, peer, bound]) => {
    const ratios = rounds.map((round) => round[client][name] / round[peer][name]);
    const value = median(ratios);
    const isMore = MORE_IS_BETTER.test(name);
    const isMet = isMore ? value >= bound : value <= bound;
    const goal = `${isMore ? "≥" : "≤"} ${digits(bound)}`;
    return [name, `${client} / ${peer}`, digits(value), goal, isMet ? "yes" : "no"];
  });
  return table(["figure", "ratio", "median", "goal", "goal met"], rows);
}

function withSpread({ median, least, most }) {
  return `${digits(median)} (${digits(least)}–${digits(most)})`;
}

/** Three digits that mean something. */
function digits(value) {
  if (value === 0) {
    return "0";
  }
  const places = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(places, 4));
}

function table(head, rows) {
  const lines = [head, head.map(() => "---"), ...rows];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

// The table of a run: medians, their spread, ratios inside each round, and whether goals are met.

import { median, summary } from "./stats.mjs";

/** What has the same frames as each of ours, and the least that writes and reads them. */
const FLOORS = { ours: "bare", "ours-plain": "bare-plain" };

/** For how many figures more is better. */
const MORE_IS_BETTER = /\/s\b/;

/**
 * Goals: `[figure, client, peer, bound]`. The ratio to the peer has to be at most, or for rates at least,
 * the bound; or the difference, if the bound begins with a plus. Without a peer it is the figure itself.
 */
export const GOALS = [
  ["round trip p50, ms", "ours-plain", "raw", 2.0],
  ["round trip p50, ms", "ours", "raw", 1.4],
  ["round trip p50, ms", "ours-plain", "sdk-1k", 1 / 8],
  ["messages/s", "ours-plain", "raw", 0.3],
  ["messages/s", "ours-plain", "sdk-1k", 22],
  ["messages/s", "ours", "raw", 4.5],
  ["messages/s, later", "ours", "raw", 4.5],
  ["messages/s", "ours", "sdk-1k", 250],
  ["CPU per message, us", "ours-plain", "raw", 3.0],
  ["CPU per message, us", "ours", "raw", 0.18],
  ["CPU per message, later, us", "ours-plain", "raw", 3.0],
  ["CPU per message, later, us", "ours", "raw", 0.18],
  ["bulk, MB/s", "ours-plain", "raw", 0.5],
  ["bulk, MB/s", "ours-plain", "sdk-1k", 75],
  ["bulk, MB/s", "ours", "raw", 0.88],
  ["bulk, MB/s", "ours", "sdk-1k", 125],
  ["CPU per MB, ms", "ours-plain", "raw", 1.9],
  ["CPU per MB, ms", "ours", "raw", 1.15],
  ["one attachment, ms/MiB", "ours-plain", "raw", 1.8],
  ["one attachment, ms/MiB", "ours-plain", "sdk-1k", 1 / 110],
  ["one attachment, ms/MiB", "ours", "raw", 1.12],
  ["one attachment, ms/MiB", "ours", "sdk-1k", 1 / 185],
  ["broadcast to 50, deliveries/s", "ours-plain", "raw", 0.6],
  ["broadcast to 50, deliveries/s", "ours", "raw", 1.05],
  ["page load to first answer, ms", "ours", "sdk", 0.6],
  ["page load to first answer, ms", "ours", "raw", "+20"],
  ["from a file's stream(), MB/s", "ours-plain", "raw", 0.5],
  ["from a file's stream(), MB/s", "ours", "raw", 0.9],
  ["behind bulk p99, slices of 64 KiB", "ours-plain", undefined, 1],
  ["behind bulk p99, slices of 64 KiB", "ours", undefined, 1],
  ["1 GiB, growth of a page, MB", "ours", undefined, 16],
  ["1 GiB, growth of the server, MB", "ours", undefined, 16],
];

/**
 * How much longer a round trip takes beside bulk than alone, in units of what one chunk of it takes; and than
 * beside the bulk of others, which it does not wait behind.
 */
function behindBulk(figures) {
  const sliceMs = 65.536 / figures["bulk, MB/s"];
  const slices = (without) =>
    (figures["round trip beside bulk p99, ms"] - figures[without]) / sliceMs;
  const derived = {
    "behind bulk p99, slices of 64 KiB": slices("round trip p99, ms"),
    "of that behind its own, slices of 64 KiB": slices("round trip beside others' bulk p99, ms"),
  };
  return Object.fromEntries(Object.entries(derived).filter(([, value]) => !Number.isNaN(value)));
}

/** Rounds with the figures that come of others. */
export function completed(rounds) {
  const all = (figures) => ({ ...figures, ...behindBulk(figures) });
  return rounds.map((round) =>
    Object.fromEntries(Object.entries(round).map(([client, figures]) => [client, all(figures)])),
  );
}

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

/**
 * The goals, each with its ratios, and what stands in the client's place in the columns `bare` and `raw`: the
 * same frames without our client, and the raw socket. They say whether a goal can be had at all.
 */
export function goalsTable(rounds) {
  const goals = GOALS.filter(([name, client, peer = client]) =>
    [client, peer].every((one) => rounds[0][one]?.[name] !== undefined),
  );
  const rows = goals.map(([name, client, peer, bound]) => {
    const of = comparison(typeof bound === "string", peer !== undefined);
    const values = (one) => rounds.map((round) => of.value(round[one][name], round[peer]?.[name]));
    const ratios = summary(values(client));
    const instead = (one) =>
      one === peer || rounds[0][one]?.[name] === undefined ? "" : digits(median(values(one)));
    const isMore = MORE_IS_BETTER.test(name);
    const goal = `${isMore ? "≥" : "≤"} ${digits(Number(bound))}`;
    const what = [client, peer].filter(Boolean).join(` ${of.sign} `);
    const met = verdict(name, ratios.median, Number(bound), isMore);
    return [name, what, withSpread(ratios), instead(FLOORS[client]), instead("raw"), goal, met];
  });
  return table(["figure", "compared", "ratio", "bare", "raw", "goal", "goal met"], rows);
}

/** Figures of processor time differ by a tenth from run to run, others by up to a third. */
function verdict(name, value, bound, isMore) {
  const reaches = (bound) => (isMore ? value >= bound : value <= bound);
  if (reaches(bound)) {
    return "yes";
  }
  const spread = name.startsWith("CPU") ? 1.1 : 1.3;
  return reaches(isMore ? bound / spread : bound * spread) ? "no, within the spread" : "no";
}

function comparison(isDifference, hasPeer) {
  if (!hasPeer) {
    return { sign: "", value: (own) => own };
  }
  return isDifference
    ? { sign: "−", value: (own, other) => own - other }
    : { sign: "/", value: (own, other) => own / other };
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

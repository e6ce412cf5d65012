// What is measured. Each case runs in pages that are connected, and gives figures by name.

import { median, percentile } from "./stats.mjs";

const KIB = 1024;
const MIB = 1024 * KIB;

/** How much of each; the official SDK would take minutes for what the others do in a second. */
export const FULL = {
  roundTrips: { count: 400 },
  burst: { count: 10_000, sdk: 400, times: 5 },
  pump: { total: 200 * MIB, sdk: 4 * MIB },
  gigabyte: { total: 1024 * MIB },
  pipe: { total: 1024 * MIB },
  pipes: { total: 200 * MIB },
  big: { size: 16 * MIB, sdk: 4 * MIB },
  beside: { total: 1024 * MIB, sdk: 2 * MIB },
  aside: { total: 256 * MIB },
  broadcast: { count: 200, sdk: 20, times: 3 },
  crowd: { count: 20, members: 500, times: 3 },
  newcomers: { count: 3 },
};
/** Enough to see that everything works. */
export const SHORT = {
  roundTrips: { count: 20 },
  burst: { count: 500, sdk: 50, times: 1 },
  pump: { total: 8 * MIB, sdk: MIB },
  gigabyte: { total: 16 * MIB },
  pipe: { total: 8 * MIB },
  pipes: { total: 8 * MIB },
  big: { size: 4 * MIB, sdk: MIB },
  beside: { total: 8 * MIB, sdk: MIB },
  aside: { total: 8 * MIB },
  broadcast: { count: 10, sdk: 2, times: 1 },
  crowd: { count: 2, members: 60, times: 1 },
  newcomers: { count: 1 },
};

const CHUNK_BYTES = 64 * KIB;
const MEMBERS = 50;
/** Those who do in seconds what would take the others minutes. */
const FAST = ["raw", "ours", "ours-plain", "bare", "bare-plain"];

/** What is measured with one pair of pages, in this order. */
const CASES = {
  roundTrips: ({ pair }, { count }) => roundTrips(pair, count),
  burst: ({ stage, pair }, amounts) => burst(stage, pair, amounts),
  pump: ({ stage, pair }, { total }) => pump(stage, pair, total),
  gigabyte: ({ stage, pair }, { total }) => gigabyte(stage, pair, total),
  pipe: ({ stage, pair }, { total }) => pipe(stage, pair, total, false),
  pipes: ({ stage, pair }, { total }) => pipe(stage, pair, total, true),
  big: ({ pair }, { size }) => big(pair, size),
  beside: ({ pair }, { total }) => beside(pair, total),
  aside: ({ stage, pair, client }, { total }) =>
    withPair(stage, client, (others) => aside(pair, others, total)),
  newcomers: ({ pair }, { count }) => newcomers(pair, count),
  broadcast: ({ pair }, amounts) => broadcast(pair, [pair.b], { ...amounts, members: MEMBERS }),
};
/** What would take the others minutes, or they do not have. */
const ONLY = {
  gigabyte: FAST,
  pipe: FAST,
  pipes: ["ours", "ours-plain"],
  aside: FAST,
  crowd: FAST,
};

/** The names of all cases. */
export const NAMES = [...Object.keys(CASES), "crowd"];

/** One round of one client, in pages of its own. */
export async function round(stage, client, amounts, names) {
  const isMeasured = (name) => names.includes(name) && (ONLY[name]?.includes(client) ?? true);
  const figures = {};
  const wanted = Object.keys(CASES).filter(isMeasured);
  if (wanted.length > 0) {
    await withPair(stage, client, async (pair) => {
      for (const name of wanted) {
        const amount = of(amounts[name], client);
        Object.assign(figures, await CASES[name]({ stage, pair, client }, amount));
      }
    });
  }
  if (isMeasured("crowd")) {
    // The same members twice would not be the same: in a room of its own.
    await withPair(stage, client, async (pair) => {
      const pages = [pair.b, await pair.third()];
      Object.assign(figures, await broadcast(pair, pages, amounts.crowd));
    });
  }
  return figures;
}

async function withPair(stage, client, act) {
  const pair = await stage.pair(client);
  try {
    return await act(pair);
  } finally {
    await pair.close();
  }
}

/** How much of it: with the SDK, less. */
function of({ sdk, ...amounts }, client) {
  if (sdk === undefined || !client.startsWith("sdk")) {
    return amounts;
  }
  const [name] = Object.keys(amounts);
  return { ...amounts, [name]: sdk, times: 1 };
}

async function roundTrips({ a }, count) {
  await a.call((count) => globalThis.bench.roundTrips(count), Math.ceil(count / 4));
  const times = await a.call((count) => globalThis.bench.roundTrips(count), count);
  const groups = await a.call((count) => globalThis.bench.groupsOfRoundTrips(count), count);
  return {
    "round trip p50, ms": percentile(groups, 50),
    "round trip p99, ms": percentile(times, 99),
  };
}

async function burst(stage, { a }, { count, times }) {
  await a.call((count) => globalThis.bench.burst(count), Math.ceil(count / 4));
  const act = async (count, times, isAwaited) => {
    const took = [];
    for (let time = 0; time < times; time += 1) {
      took.push(await globalThis.bench.burst(count, isAwaited));
    }
    return took;
  };
  const measure = async () => {
    const { value, cpu } = await withCpu(stage, () => a.call(act, count, times, true));
    return { rate: (count / median(value)) * 1000, us: (cpu / (count * times)) * 1e6 };
  };
  const first = await measure();
  const careless = await a.call(act, count, times, false);
  // By now the browser has compiled for speed what it began with.
  const later = await measure();
  return {
    "messages/s": first.rate,
    "CPU per message, us": first.us,
    "messages/s, nobody waits": (count / median(careless)) * 1000,
    "messages/s, later": later.rate,
    "CPU per message, later, us": later.us,
  };
}

async function pump(stage, { a }, total) {
  await bulk(a, total / 4);
  const { value, cpu } = await withCpu(stage, () => bulk(a, total));
  return { "bulk, MB/s": total / value / 1000, "CPU per MB, ms": (cpu * 1e3) / (total / 1e6) };
}

/** So many bytes in chunks from that page, in milliseconds. */
function bulk(page, total) {
  return page.call((total, size) => globalThis.bench.pump(total, size), total, CHUNK_BYTES);
}

/** A stream that is long enough to show what grows. */
async function gigabyte(stage, { a, b }, total) {
  const pages = [a, b];
  const { value, changes } = await withChanges(
    () => memories(stage, pages),
    () => rated("1 GiB", stage, pages, total, () => bulk(a, total)),
  );
  const growth = changes.map((bytes) => Math.max(0, bytes) / 1e6);
  return {
    ...value,
    "1 GiB, growth of a page, MB": Math.max(growth[0], growth[1]),
    "1 GiB, growth of the server, MB": growth[2],
  };
}

/** `isPiped`: the other side pipes it on. */
function pipe(stage, { a, b }, total, isPiped) {
  const what = isPiped ? "from stream() to a WritableStream" : "from a file's stream()";
  const act = (total, isPiped) => globalThis.bench.pipe(total, isPiped);
  return rated(what, stage, [a, b], total, () => a.call(act, total, isPiped));
}

async function big({ a }, size) {
  await a.call((size) => globalThis.bench.big(size), size / 4);
  const times = [];
  for (let index = 0; index < 5; index += 1) {
    times.push(await a.call((size) => globalThis.bench.big(size), size));
  }
  return { "one attachment, ms/MiB": median(times) / (size / MIB) };
}

async function beside({ a }, total) {
  const act = (total, size) => globalThis.bench.roundTripsBesides(total, size);
  const { times, took } = await a.call(act, total, CHUNK_BYTES);
  return {
    "round trip beside bulk p99, ms": percentile(times, 99),
    "bulk beside round trips, MB/s": total / took / 1000,
  };
}

/** The same where two other pages have the bulk: behind nothing, but on the same processors. */
async function aside({ a }, others, total) {
  let isOver = false;
  const pumped = bulk(others.a, total).finally(() => {
    isOver = true;
  });
  const times = [];
  while (!isOver) {
    times.push(...(await a.call((count) => globalThis.bench.roundTrips(count), 20)));
  }
  await pumped;
  return { "round trip beside others' bulk p99, ms": percentile(times, 99) };
}

/** Pages in contexts of their own, which have nothing in a cache; and then the same once more. */
async function newcomers(pair, count) {
  const times = [];
  for (let index = 0; index < count; index += 1) {
    times.push(await pair.newcomer());
  }
  return {
    "page load to first answer, ms": median(times.map(({ cold }) => cold)),
    "the same from the cache, ms": median(times.map(({ warm }) => warm)),
  };
}

/** To these pages, and to as many clients in them as make so many: browsers have 255 sockets a page. */
async function broadcast({ a, seats }, pages, { count, members, times }) {
  const each = members / pages.length;
  for (const page of pages) {
    await page.call((seats) => globalThis.bench.crowd(seats), await seats(each - 1));
  }
  const act = (...args) => globalThis.bench.broadcasts(...args);
  const took = [];
  for (let time = 0; time < times; time += 1) {
    took.push(await a.call(act, count, count * each, pages.length));
  }
  const rate = ((count * members) / median(took)) * 1000;
  return { [`broadcast to ${members}, deliveries/s`]: rate };
}

/** What JavaScript, its buffers and the WebAssembly of each page take, and the server. */
async function memories(stage, pages) {
  const bytes = [];
  for (const page of pages) {
    const wasm = await page.call(() => globalThis.bench.wasmBytes?.() ?? 0);
    bytes.push((await page.heapBytes()) + wasm);
  }
  return [...bytes, stage.serverBytes()];
}

async function withCpu(stage, act) {
  const { value, changes } = await withChanges(async () => [await stage.processorSeconds()], act);
  return { value, cpu: changes[0] };
}

/**
 * The rate of a stream, and what the processors do for each of the two pages and for the server. `act` gives
 * how many milliseconds it took.
 */
async function rated(what, stage, pages, total, act) {
  const look = async () => [
    ...(await Promise.all(pages.map((page) => page.processorSeconds()))),
    stage.serverSeconds(),
  ];
  const { value, changes } = await withChanges(look, act);
  const [writer, reader, server] = changes.map((seconds) => (seconds * 1e3) / (total / 1e6));
  return {
    [`${what}, MB/s`]: total / value / 1000,
    [`${what}, CPU per MB of the page that writes, ms`]: writer,
    [`${what}, CPU per MB of the page that reads, ms`]: reader,
    [`${what}, CPU per MB of the server, ms`]: server,
  };
}

/** What an act gives, and by how much it changed each of the figures that `look` gives. */
async function withChanges(look, act) {
  const before = await look();
  const value = await act();
  const after = await look();
  return { value, changes: after.map((figure, index) => figure - before[index]) };
}

// What is measured. Each case runs in pages that are connected, and gives figures by name.

import { median, percentile } from "./stats.mjs";

const KIB = 1024;
const MIB = 1024 * KIB;

/** How much of each; the official SDK would take minutes for what the others do in a second. */
export const FULL = {
  roundTrips: { count: 400 },
  burst: { count: 10_000, sdk: 400 },
  pump: { total: 200 * MIB, sdk: 4 * MIB },
  gigabyte: { total: 1024 * MIB },
  pipe: { total: 200 * MIB },
  big: { size: 16 * MIB, sdk: 4 * MIB },
  beside: { total: 256 * MIB, sdk: 2 * MIB },
  broadcast: { count: 200, sdk: 20 },
  crowd: { count: 20, members: 500 },
  newcomers: { count: 3 },
};
/** Enough to see that everything works. */
export const SHORT = {
  roundTrips: { count: 20 },
  burst: { count: 500, sdk: 50 },
  pump: { total: 8 * MIB, sdk: MIB },
  gigabyte: { total: 16 * MIB },
  pipe: { total: 8 * MIB },
  big: { size: 4 * MIB, sdk: MIB },
  beside: { total: 8 * MIB, sdk: MIB },
  broadcast: { count: 10, sdk: 2 },
  crowd: { count: 2, members: 60 },
  newcomers: { count: 1 },
};

const CHUNK_BYTES = 64 * KIB;
const MEMBERS = 50;
/** Those who do in seconds what would take the others minutes. */
const FAST = ["raw", "ours", "ours-plain"];

/** One round of one client in pages of its own. */
export async function round(stage, client, amounts) {
  const pair = await stage.pair(client);
  try {
    return {
      ...(await roundTrips(pair, amounts.roundTrips.count)),
      ...(await burst(stage, pair, of(amounts.burst, "count", client))),
      ...(await pump(stage, pair, of(amounts.pump, "total", client))),
      ...(FAST.includes(client) ? await gigabyte(stage, pair, amounts.gigabyte.total) : {}),
      ...(FAST.includes(client) ? await pipe(pair, amounts.pipe.total) : {}),
      ...(await big(pair, of(amounts.big, "size", client))),
      ...(await beside(pair, of(amounts.beside, "total", client))),
      ...(await newcomers(pair, amounts.newcomers.count)),
      ...(await broadcast(pair, [pair.b], MEMBERS, of(amounts.broadcast, "count", client))),
    };
  } finally {
    await pair.close();
  }
}

/** The same members twice would not be the same: in a room of its own, for those who are fast. */
export async function crowdRound(stage, client, { crowd }) {
  if (!FAST.includes(client)) {
    return {};
  }
  const pair = await stage.pair(client);
  try {
    return await broadcast(pair, [pair.b, await pair.third()], crowd.members, crowd.count);
  } finally {
    await pair.close();
  }
}

function of(amounts, name, client) {
  return (client.startsWith("sdk") ? amounts.sdk : undefined) ?? amounts[name];
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

async function burst(stage, { a }, count) {
  await a.call((count) => globalThis.bench.burst(count), Math.ceil(count / 4));
  const { value, cpu } = await withCpu(stage, () =>
    a.call((count) => globalThis.bench.burst(count), count),
  );
  const careless = await a.call((count) => globalThis.bench.burst(count, false), count);
  return {
    "messages/s": (count / value) * 1000,
    "CPU per message, us": (cpu / count) * 1e6,
    "messages/s, nobody waits": (count / careless) * 1000,
  };
}

async function pump(stage, { a }, total) {
  await a.call((total, size) => globalThis.bench.pump(total, size), total / 4, CHUNK_BYTES);
  const { value, cpu } = await withCpu(stage, () =>
    a.call((total, size) => globalThis.bench.pump(total, size), total, CHUNK_BYTES),
  );
  return { "bulk, MB/s": total / value / 1000, "CPU per MB, ms": (cpu * 1e3) / (total / 1e6) };
}

/** A stream that is long enough to show what grows. */
async function gigabyte(stage, { a, b }, total) {
  const before = await memories(stage, [a, b]);
  const act = (total, size) => globalThis.bench.pump(total, size);
  const value = await a.call(act, total, CHUNK_BYTES);
  const after = await memories(stage, [a, b]);
  const growth = after.map((bytes, index) => Math.max(0, bytes - before[index]) / 1e6);
  return {
    "1 GiB, MB/s": total / value / 1000,
    "1 GiB, growth of a page, MB": Math.max(growth[0], growth[1]),
    "1 GiB, growth of the server, MB": growth[2],
  };
}

async function pipe({ a }, total) {
  const value = await a.call((total) => globalThis.bench.pipe(total), total);
  return { "from a file's stream(), MB/s": total / value / 1000 };
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
  const times = await a.call(act, total, CHUNK_BYTES);
  return { "round trip beside bulk p99, ms": percentile(times, 99) };
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
async function broadcast({ a, seats }, pages, members, count) {
  const each = members / pages.length;
  for (const page of pages) {
    await page.call((seats) => globalThis.bench.crowd(seats), await seats(each - 1));
  }
  const act = (...args) => globalThis.bench.broadcasts(...args);
  const value = await a.call(act, count, count * each, pages.length);
  return { [`broadcast to ${members}, deliveries/s`]: ((count * members) / value) * 1000 };
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
  const before = await stage.processorSeconds();
  const value = await act();
  return { value, cpu: (await stage.processorSeconds()) - before };
}

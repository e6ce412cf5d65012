// Where the time goes: what each process takes for a unit of a case, and which functions of the pages.

import { writeFile } from "node:fs/promises";
import path from "node:path";

const KIB = 1024;
const MIB = 1024 * KIB;

/** What can be profiled: how often a unit is in it, and what the first page does. */
const CASES = {
  burst: { unit: "message", units: 30_000, act: burst },
  "round trip": { unit: "round trip", units: 2000, act: roundTrips },
  bulk: { unit: "MB", units: (400 * MIB) / 1e6, act: pump },
  pipe: { unit: "MB", units: (400 * MIB) / 1e6, act: pipe },
  attachment: { unit: "MB", units: (160 * MIB) / 1e6, act: attachments },
  broadcast: { unit: "broadcast", units: 200, act: broadcasts, members: 50 },
};
const LOAD = "load";
const SAMPLE_US = 200;
/** Functions that take less than so much of a page's time are left out. */
const LEAST = 0.01;

/** Profiles the clients one after the other; writes `.cpuprofile` files and prints tables. */
export async function profile(stage, clients, folder, only) {
  const names = Object.keys(CASES).filter((name) => only === undefined || only.includes(name));
  for (const client of clients) {
    for (const name of names) {
      await profileCase(stage, client, name, folder);
    }
    if (only?.includes(LOAD) !== false) {
      await profileLoad(stage, client, folder);
    }
  }
}

async function profileCase(stage, client, name, folder) {
  const { unit, units, act, members } = CASES[name];
  const pair = await stage.pair(client);
  try {
    if (members !== undefined) {
      await pair.b.call((seats) => globalThis.bench.crowd(seats), await pair.seats(members - 1));
    }
    await pair.a.call(act, units / 4, members);
    // Twice: a profiler takes time of its own.
    const before = await stage.processes();
    await pair.a.call(act, units, members);
    const spent = difference(before, await stage.processes());
    console.log(`\n## ${client}, ${name}: us per ${unit}\n`);
    console.log(processLines(spent, units));

    for (const page of [pair.a, pair.b]) {
      await page.cdp("Profiler.enable");
      await page.cdp("Profiler.setSamplingInterval", { interval: SAMPLE_US });
      await page.cdp("Profiler.start");
    }
    await pair.a.call(act, units, members);
    for (const [which, page] of Object.entries({ a: pair.a, b: pair.b })) {
      const { profile } = await page.cdp("Profiler.stop");
      await writeFile(file(folder, client, name, which), JSON.stringify(profile));
      console.log(`\n### page ${which}\n\n${functionLines(profile, units)}`);
    }
  } finally {
    await pair.close();
  }
}

/** One page that opens: its own main thread, from the navigation to the first answer. */
async function profileLoad(stage, client, folder) {
  const pair = await stage.pair(client);
  try {
    const { profile, answeredMs } = await pair.profiledNewcomer(SAMPLE_US);
    await writeFile(file(folder, client, "load", "newcomer"), JSON.stringify(profile));
    console.log(`\n## ${client}, page load: ${answeredMs.toFixed(0)} ms; us each\n`);
    console.log(functionLines(profile, 1));
  } finally {
    await pair.close();
  }
}

function file(folder, ...names) {
  return path.join(folder, `${names.join("-").replaceAll(" ", "-")}.cpuprofile`);
}

/** What each process has spent in between, in seconds; what has no name by now, has ended. */
function difference(before, after) {
  const known = new Map(before.map(({ id, cpuTime }) => [id, cpuTime]));
  return after.map(({ id, type, cpuTime }) => ({ type, seconds: cpuTime - (known.get(id) ?? 0) }));
}

function processLines(spent, units) {
  const total = spent.reduce((sum, { seconds }) => sum + seconds, 0);
  const worth = spent.filter(({ seconds }) => seconds > total / 100);
  const sorted = worth.toSorted((one, other) => other.seconds - one.seconds);
  const lines = sorted.map(({ type, seconds }) => line((seconds / units) * 1e6, type));
  return [...lines, line((total / units) * 1e6, "together")].join("\n");
}

/** Self time by function. */
function functionLines({ nodes, samples, timeDeltas }, units) {
  const byId = new Map(nodes.map((node) => [node.id, node.callFrame]));
  const times = new Map();
  samples.forEach((id, index) => {
    const { functionName, url, lineNumber } = byId.get(id);
    const place = url === "" ? "" : ` ${url.split("/").at(-1)}:${lineNumber + 1}`;
    const name = `${functionName || "(anonymous)"}${place}`;
    times.set(name, (times.get(name) ?? 0) + (timeDeltas[index] ?? 0));
  });
  times.delete("(idle)");
  const total = [...times.values()].reduce((sum, time) => sum + time, 0);
  const worth = [...times].filter(([, time]) => time > total * LEAST);
  const sorted = worth.sort(([, one], [, other]) => other - one);
  return [
    ...sorted.map(([name, time]) => line(time / units, name)),
    line(total / units, "all"),
  ].join("\n");
}

function line(microseconds, name) {
  return `${microseconds.toFixed(2).padStart(10)}  ${name}`;
}

async function burst(count) {
  for (let done = 0; done < count; done += 10_000) {
    await globalThis.bench.burst(Math.min(10_000, count));
  }
}

function roundTrips(count) {
  return globalThis.bench.roundTrips(count).then(() => {});
}

function pump(megabytes) {
  const size = 64 * 1024;
  return globalThis.bench.pump(Math.ceil((megabytes * 1e6) / size) * size, size);
}

function pipe(megabytes) {
  return globalThis.bench.pipe(megabytes * 1e6);
}

async function attachments(megabytes) {
  const size = 16 * 1024 * 1024;
  for (let done = 0; done < megabytes * 1e6; done += size) {
    await globalThis.bench.big(size);
  }
}

function broadcasts(count, members) {
  return globalThis.bench.broadcasts(count, count * members, 1);
}

// The order of a module's functions, which means nothing to those who run it: where those that are alike are
// neighbours, compression finds more.

import {
  CODE_SECTION,
  CUSTOM_SECTION,
  IMPORT_SECTION,
  name,
  number,
  Reader,
  sections,
  withSections,
} from "./wasm-module.mjs";

/** So many bytes after one another are what functions may have in common; 3 and 5 bring less. */
const RUN_BYTES = 4;
/** Keeps what is tiny from being the likest to everything. */
const AT_LEAST = 8;

/**
 * A module without names, with names for its functions whose order is the one that they should have, for
 * wasm-opt's `--reorder-functions-by-name`.
 */
export function namedInOrder(wasm) {
  const found = sections(wasm);
  const reader = (wanted) => new Reader(found.find(({ id }) => id === wanted).body);
  const imported = reader(IMPORT_SECTION).number();
  const code = reader(CODE_SECTION);
  const bodies = Array.from({ length: code.number() }, () => code.take(code.number()));
  const entries = placesOf(bodies).flatMap((place, index) => {
    return [number(imported + index), name(String(place).padStart(6, "0"))];
  });
  const names = Buffer.concat([number(bodies.length), ...entries]);
  const functions = [Buffer.of(FUNCTION_NAMES), number(names.length), names];
  const body = Buffer.concat([name("name"), ...functions]);
  return withSections([...found, { id: CUSTOM_SECTION, body }]);
}

const FUNCTION_NAMES = 1;

/** Where each function should be. */
function placesOf(bodies) {
  const places = [];
  for (const [place, index] of chain(bodies).entries()) {
    places[index] = place;
  }
  return places;
}

/** Begins with the largest; each is followed by the one that is most like it, of those that are left. */
function chain(bodies) {
  const runs = bodies.map(runsOf);
  const left = new Set(bodies.keys());
  const largest = (best, index) => (bodies[index].length > bodies[best].length ? index : best);
  const order = [];
  let next = [...left].reduce(largest, 0);
  while (next !== undefined) {
    order.push(next);
    left.delete(next);
    next = likest(runs, next, left);
  }
  return order;
}

function likest(runs, index, left) {
  let [best, most] = [undefined, -1];
  for (const other of left) {
    const likeness = share(runs[index], runs[other]);
    if (likeness > most) {
      [best, most] = [other, likeness];
    }
  }
  return best;
}

/** What two sets have in common, as a part of what both have. */
function share(one, other) {
  const [small, large] = one.size < other.size ? [one, other] : [other, one];
  let common = 0;
  for (const run of small) {
    common += large.has(run) ? 1 : 0;
  }
  return common / (one.size + other.size - common + AT_LEAST);
}

function runsOf(body) {
  const runs = new Set();
  for (let at = 0; at + RUN_BYTES <= body.length; at += 1) {
    runs.add(body.readUInt32LE(at));
  }
  return runs;
}

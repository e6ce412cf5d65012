// Official clients, unmodified, and ours, in one room of our server.

import { after, before, describe, it } from "node:test";

import {
  attributes,
  broadcast,
  burst,
  directMessages,
  disableAndEnable,
  leaving,
  meet,
  oddMessages,
  unknownRecipient,
} from "./cases.mjs";
import { officialInBrowser, officialInNode, officialInPython, oursInBrowser } from "./cast.mjs";
import { Theatre } from "./theatre.mjs";

const SIZES = [null, 0, 1, 1023, 1024, 1025, 5000, 1_000_000];

const theatre = new Theatre();

const cast = [
  oursInBrowser(theatre),
  officialInNode("0.39.9"),
  officialInBrowser("0.39.9", theatre),
  officialInNode("0.35.8"),
  officialInPython("0.0.21", process.env.MESHAGENT_PYTHON_0_0_21),
  officialInPython("0.56.0", process.env.MESHAGENT_PYTHON_0_56_0),
];

before(() => theatre.open());
after(() => theatre.close());

for (const [a, b] of unorderedPairs(cast)) {
  const skip = a.missing() ?? b.missing();
  describe(`${a.name} and ${b.name}`, { skip: skip ?? false }, () => pairOf(a, b));
}

function pairOf(first, second) {
  let a;
  let b;

  before(async () => {
    const room = theatre.newRoom();
    a = await theatre.enter(first, room, "ada", "user");
    b = await theatre.enter(second, room, "bob", "agent");
  });

  after(async () => {
    await a?.stop();
    await b?.stop();
  });

  it("see each other with role and name", () => meet(a, b));
  for (const direction of ["there", "back"]) {
    const way = () => (direction === "there" ? [a, b] : [b, a]);
    it(`direct messages and attachments, ${direction}`, () => directMessages(...way(), SIZES));
    it(`odd text and JSON, ${direction}`, () => oddMessages(...way()));
    it(`a burst of 500 in order, ${direction}`, () => burst(...way(), 500));
    it(`broadcasts, ${direction}`, () => broadcast(...way()));
    it(`attributes, ${direction}`, () => attributes(...way()));
    it(`an unknown recipient, ${direction}`, () => unknownRecipient(way()[0]));
  }
  it("disable and enable, first", () => disableAndEnable(a, b));
  it("disable and enable, second", () => disableAndEnable(b, a));
  it("leaving is seen", () => leaving(a, b));
}

function unorderedPairs(items) {
  return items.flatMap((a, index) => items.slice(index).map((b) => [a, b]));
}

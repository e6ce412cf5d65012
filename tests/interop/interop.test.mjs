// Official clients, unmodified, and ours, in one room of our server.

import { after, before } from "node:test";

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
import {
  officialInBrowser,
  officialInNode,
  officialInPython,
  oursInBrowser,
  oursNative,
} from "./cast.mjs";
import { counted, scene, Tally } from "./tally.mjs";
import { Theatre } from "./theatre.mjs";

const SIZES = [null, 0, 1, 1023, 1024, 1025, 5000, 1_000_000];

const TITLE =
  "Messages: presence with roles, attributes, direct messages with attachments of up to 1 MB, odd " +
  "text, bursts in order, broadcasts, unknown recipients, leaving, enabling again.";

const theatre = new Theatre();
const tally = new Tally("messages", TITLE);

const cast = [
  oursInBrowser(theatre),
  oursNative(),
  officialInNode("0.39.9"),
  officialInBrowser("0.39.9", theatre),
  officialInNode("0.35.8"),
  officialInPython("0.0.21", process.env.MESHAGENT_PYTHON_0_0_21),
  officialInPython("0.56.0", process.env.MESHAGENT_PYTHON_0_56_0),
];

before(() => theatre.open());
after(() => theatre.close());

for (const [a, b] of unorderedPairs(cast)) {
  const cells = [...new Set([tally.cell(a, b), tally.cell(b, a)])];
  scene(`${a.name} and ${b.name}`, [a, b], () => pairOf(a, b, cells));
}

function pairOf(first, second, cells) {
  const test = (name, run) => counted(cells, name, run);
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

  test("see each other with role and name", () => meet(a, b));
  for (const direction of ["there", "back"]) {
    const way = () => (direction === "there" ? [a, b] : [b, a]);
    test(`direct messages and attachments, ${direction}`, () => directMessages(...way(), SIZES));
    test(`odd text and JSON, ${direction}`, () => oddMessages(...way()));
    test(`a burst of 500 in order, ${direction}`, () => burst(...way(), 500));
    test(`broadcasts, ${direction}`, () => broadcast(...way()));
    test(`attributes, ${direction}`, () => attributes(...way()));
    test(`an unknown recipient, ${direction}`, () => unknownRecipient(way()[0]));
  }
  test("disable and enable, first", () => disableAndEnable(a, b));
  test("disable and enable, second", () => disableAndEnable(b, a));
  test("leaving is seen", () => leaving(a, b));
}

function unorderedPairs(items) {
  return items.flatMap((a, index) => items.slice(index).map((b) => [a, b]));
}

// Official clients, unmodified, and ours, in one room of our server.

import { after, before, describe, it } from "node:test";

import { launchChromium } from "../support/chromium.mjs";
import { startServer } from "../support/server.mjs";
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

const SIZES = [null, 0, 1, 1023, 1024, 1025, 5000, 1_000_000];

let server;
let chromium;
const stage = {
  async page() {
    const context = await chromium.newContext();
    const page = await context.newPage();
    await page.goto(`${server.origin}/healthz`);
    return page;
  },
};

const cast = [
  oursInBrowser(stage),
  officialInNode("0.39.9"),
  officialInBrowser("0.39.9", stage),
  officialInNode("0.35.8"),
  officialInPython("0.0.21", process.env.MESHAGENT_PYTHON_0_0_21),
  officialInPython("0.56.0", process.env.MESHAGENT_PYTHON_0_56_0),
];

before(async () => {
  server = await startServer();
  chromium = await launchChromium();
});

after(async () => {
  await chromium?.close();
  await server?.stop();
});

for (const [a, b] of unorderedPairs(cast)) {
  const skip = a.missing() ?? b.missing();
  describe(`${a.name} and ${b.name}`, { skip: skip ?? false }, () => pairOf(a, b));
}

function pairOf(first, second) {
  let a;
  let b;

  before(async () => {
    const room = `pair-${Math.random().toString(36).slice(2, 10)}`;
    a = await enter(first, room, "ada", "user");
    b = await enter(second, room, "bob", "agent");
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

async function enter(member, room, name, role) {
  const peer = await member.start();
  const { url, token } = await server.token(room, name, role);
  peer.name = `${name} (${member.name})`;
  peer.role = role;
  peer.id = await peer.call("join", { url, token });
  await peer.call("enable");
  // The list holds the name under which the participant joined.
  peer.name = name;
  return peer;
}

function unorderedPairs(items) {
  return items.flatMap((a, index) => items.slice(index).map((b) => [a, b]));
}

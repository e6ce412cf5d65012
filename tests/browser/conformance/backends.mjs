// The rooms that must be one to their members: a server's, one over several servers, one in a page, one
// that tabs share.

import { randomBytes } from "node:crypto";

import { startNats } from "../../../scripts/lib/nats.mjs";
import { startServer } from "../../support/server.mjs";
import { Actor, makeCast } from "./actor.mjs";

/** Members of a server's room, all in one page. */
export async function overServer(stage) {
  const page = await stage.blank();
  await page.evaluate(makeCast);
  return new Backend([page], async (_, room, name) => {
    const seat = await stage.server.token(room, name, "user");
    await page.evaluate(enter, { name, seat });
  });
}

/** The same, where each is connected to another of three nodes. */
export async function overNodes(stage, nats) {
  const { url, stop } = await startNats(nats);
  const env = { ROOM_SECRET: randomBytes(32).toString("hex") };
  const start = () => startServer({ args: ["--cluster", url], env });
  const nodes = await Promise.all([start(), start(), start()]);
  const page = await stage.blank();
  await page.evaluate(makeCast);
  let next = 0;
  const enterOne = async (_, room, name) => {
    const seat = await nodes[next++ % nodes.length].token(room, name, "user");
    await page.evaluate(enter, { name, seat });
  };
  return new Backend([page], enterOne, async () => {
    await Promise.all(nodes.map((node) => node.stop()));
    stop();
  });
}

/** Members of a room in their page. */
export async function inPage(stage) {
  const page = await stage.blank();
  await page.evaluate(makeCast);
  return new Backend([page], (_, room, name) => page.evaluate(enterLocal, { room, name }));
}

/** The same, where the first is in one tab, which has the room, and the others are in another. */
export async function acrossTabs(stage) {
  const first = await stage.blank();
  const second = await first.context().newPage();
  second.on("pageerror", (error) => stage.problems.push(error.message));
  await second.goto(new URL("/healthz", stage.server.origin).href);
  await stage.prepare(second);
  for (const page of [first, second]) {
    await page.evaluate(makeCast);
  }
  return new Backend([first, second], (page, room, name) =>
    page.evaluate(enterLocal, { room, name, across: "tabs" }),
  );
}

class Backend {
  #pages;
  #enter;
  #end;

  /** `enter(page, room, name)` connects a client; `end` is called when everything is over. */
  constructor(pages, enter, end = async () => {}) {
    this.#pages = pages;
    this.#enter = enter;
    this.#end = end;
  }

  /** Gives the members of a new room by name, connected one after the other. */
  async cast(room, names) {
    const actors = {};
    for (const [index, name] of names.entries()) {
      const page = this.#pages[Math.min(index, this.#pages.length - 1)];
      await this.#enter(page, room, name);
      actors[name] = new Actor(page, name);
      await this.#introduce(await actors[name].do((me) => me.client.localParticipant.id), name);
    }
    return actors;
  }

  /** Tells all pages whose id that is. */
  async #introduce(id, name) {
    for (const page of this.#pages) {
      await page.evaluate(([id, name]) => globalThis.cast.names.set(id, name), [id, name]);
    }
  }

  /** Tells all pages what browsers tell pages, such as that they are frozen. */
  async tell(type) {
    for (const page of this.#pages) {
      await page.evaluate((type) => document.dispatchEvent(new Event(type)), type);
    }
  }

  /** Ends what a scenario left. */
  async clear() {
    for (const page of this.#pages) {
      await page.evaluate(async () => {
        const { cast, localRooms } = globalThis;
        await Promise.all([...cast.actors.values()].map(({ client }) => client.close()));
        await Promise.all([...(localRooms?.values() ?? [])].map((room) => room.close()));
        cast.actors.clear();
        localRooms?.clear();
      });
    }
  }

  async close() {
    await this.#pages[0].context().close();
    await this.#end();
  }
}

async function enter({ name, seat }) {
  const client = new globalThis.lib.RoomClient({ ...seat, reconnect: () => 20 });
  globalThis.cast.add(client, name);
  await client.connect();
}

async function enterLocal({ room, name, across }) {
  const { LocalRoom } = await import("/pkg/local.js");
  globalThis.localRooms ??= new Map();
  const { localRooms } = globalThis;
  if (!localRooms.has(room)) {
    localRooms.set(room, new LocalRoom(room, { across }));
  }
  const client = localRooms.get(room).client({ name, reconnect: () => 20 });
  globalThis.cast.add(client, name);
  await client.connect();
}

// A TCP proxy on the loopback interface that breaks connections on purpose.

import { once } from "node:events";
import { connect, createServer } from "node:net";

/** Starts a proxy before `origin`, such as `http://127.0.0.1:8787`. */
export async function startFaultProxy(origin) {
  const proxy = new FaultProxy(origin);
  await proxy.open();
  return proxy;
}

class FaultProxy {
  /** How many connections there have been, and how many of them were cut. */
  connections = 0;
  cuts = 0;
  #target;
  #server = createServer((client) => this.#onClient(client));
  #pairs = new Set();
  #isStalled = false;
  #isShut = false;
  /** Gives after how many bytes the next connection is to be cut, both directions together. */
  #nextCut = () => undefined;

  constructor(origin) {
    this.retarget(origin);
  }

  async open() {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
  }

  /** Where clients connect: the URL of a room there. */
  room(name) {
    return `ws://127.0.0.1:${this.#server.address().port}/rooms/${name}`;
  }

  /** From now on connections go to another server. */
  retarget(origin) {
    this.#target = Number(new URL(origin).port);
  }

  /** `next` gives for every new connection after how many bytes it is cut; undefined: never. */
  cutAfter(next) {
    this.#nextCut = next;
  }

  /** Breaks every connection: with `reset` as if the other end had crashed. */
  cut({ reset = false } = {}) {
    for (const pair of this.#pairs) {
      this.#break(pair, reset);
    }
  }

  /** Nothing comes through any more, and nobody is told. */
  stall() {
    this.#isStalled = true;
    for (const pair of this.#pairs) {
      pair.isStalled = true;
      pair.client.pause();
      pair.server.pause();
    }
  }

  /** New connections come through again. Those that were stalled stay as they are. */
  heal() {
    this.#isStalled = false;
    this.#isShut = false;
  }

  /** New connections are refused. */
  shut() {
    this.#isShut = true;
  }

  async close() {
    this.cut();
    this.#server.close();
  }

  #onClient(client) {
    if (this.#isShut) {
      client.destroy();
      return;
    }
    this.connections += 1;
    const server = connect(this.#target, "127.0.0.1");
    const pair = { client, server, left: this.#nextCut(), isStalled: this.#isStalled };
    this.#pairs.add(pair);
    this.#pipe(pair, client, server);
    this.#pipe(pair, server, client);
  }

  #pipe(pair, from, to) {
    from.setNoDelay(true);
    from.on("data", (bytes) => this.#carry(pair, from, to, bytes));
    from.on("end", () => to.end());
    // Whatever goes wrong at one end is a break for both, unless nobody can hear of it.
    const onGone = () => {
      if (!pair.isStalled) {
        this.#break(pair, false);
      }
    };
    from.on("error", onGone);
    from.on("close", onGone);
    if (pair.isStalled) {
      from.pause();
    }
  }

  #carry(pair, from, to, bytes) {
    if (pair.left !== undefined && bytes.length >= pair.left) {
      this.cuts += 1;
      const { left } = pair;
      pair.left = undefined;
      from.pause();
      // The bytes before the cut arrive, and not one more.
      to.write(bytes.subarray(0, left), () => this.#break(pair, left % 2 === 1));
      return;
    }
    if (pair.left !== undefined) {
      pair.left -= bytes.length;
    }
    if (!to.write(bytes)) {
      from.pause();
      to.once("drain", () => from.resume());
    }
  }

  #break(pair, reset) {
    this.#pairs.delete(pair);
    for (const socket of [pair.client, pair.server]) {
      if (reset && !socket.destroyed) {
        socket.resetAndDestroy();
      } else {
        socket.destroy();
      }
    }
  }
}

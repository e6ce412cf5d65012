// What every page of the benchmark does, whatever client it has.
//
// A client module gives `open({ room, name })`, which resolves, when the other page is there, with:
//   send(kind, text, bytes)  one message; a promise when the server acknowledges it
//   onMessage                set from here: (kind, text, bytes, answer) => void, where `answer` sends
//                            to who sent it, if that is not who `send` sends to
//   broadcast(kind, text)    one message to everybody else
//   pump(total, size)        so many bytes in chunks of that size, with flow control; resolves when
//                            the other side has them
//   pipe(file, isPiped)      the same from a File, where a client has streams of the platform; the other
//                            side reads as it does in `pump`, or with a stream of the platform too

/** JSON of 100 bytes, as an object whose text fills it. */
const TEXT = "x".repeat(100 - '{"text":""}'.length);

export function start(open) {
  let peer;
  let counted = 0;
  let expected = 0;
  const waiting = new Map();
  /** Resolves when so many messages of that kind have come. */
  const came = (kind, times = 1) =>
    new Promise((resolve) => waiting.set(kind, { resolve, left: times }));

  const onMessage = (kind, text, bytes, answer = peer.send) => {
    if (kind === "ping") {
      answer("pong", text);
    } else if (kind === "expect") {
      [counted, expected] = [0, Number(text)];
      peer.send("ready", text);
    } else if (kind === "count" || kind === "news") {
      counted += 1;
      if (counted === expected) {
        peer.send("counted", String(counted));
      }
    } else if (kind === "big") {
      peer.send("bigger", String(bytes.byteLength));
    } else {
      const waited = waiting.get(kind);
      if (waited !== undefined) {
        waited.left -= 1;
        if (waited.left === 0) {
          waiting.delete(kind);
          waited.resolve(text);
        }
      }
    }
  };

  globalThis.bench = {
    async open(seat) {
      peer = await open(seat);
      peer.onMessage = onMessage;
      for (const message of peer.early ?? []) {
        onMessage(...message);
      }
    },
    /** As many more clients in this page, which all count. */
    async crowd(seats) {
      for (const seat of seats) {
        const member = await open(seat);
        member.onMessage = (kind) => kind === "news" && onMessage(kind);
      }
    },
    /** So many broadcasts, until each of so many pages has been delivered so many; in milliseconds. */
    async broadcasts(count, deliveries, pages) {
      const ready = came("ready", pages);
      peer.broadcast("expect", String(deliveries));
      await ready;
      const begin = performance.now();
      const done = came("counted", pages);
      const acknowledged = [];
      for (let index = 0; index < count; index += 1) {
        acknowledged.push(peer.broadcast("news", TEXT));
      }
      await Promise.all([...acknowledged, done]);
      return performance.now() - begin;
    },
    /** Round trips while so many bytes go the same way; in milliseconds each, and what the bytes took. */
    async roundTripsBesides(total, size) {
      let isOver = false;
      const begin = performance.now();
      const pumped = peer.pump(total, size).then(() => {
        isOver = true;
        return performance.now() - begin;
      });
      const times = [];
      while (!isOver) {
        times.push(...(await globalThis.bench.roundTrips(1)));
      }
      return { times, took: await pumped };
    },
    /** Round trips one after the other, in milliseconds each. */
    async roundTrips(count) {
      const times = [];
      for (let index = 0; index < count; index += 1) {
        const begin = performance.now();
        const back = came("pong");
        peer.send("ping", TEXT);
        await back;
        times.push(performance.now() - begin);
      }
      return times;
    },
    /** The same, in groups of 20, each as the mean of one: a page's clock has steps of 0.1 ms. */
    async groupsOfRoundTrips(count) {
      const means = [];
      for (let index = 0; index < count; index += GROUP) {
        const begin = performance.now();
        await globalThis.bench.roundTrips(GROUP);
        means.push((performance.now() - begin) / GROUP);
      }
      return means;
    },
    /** So many messages at once, until all are acknowledged and counted; in milliseconds. */
    async burst(count, isAwaited = true) {
      const ready = came("ready");
      peer.send("expect", String(count));
      await ready;
      const begin = performance.now();
      const done = came("counted");
      const acknowledged = [];
      for (let index = 0; index < count; index += 1) {
        const sent = peer.send("count", TEXT);
        if (isAwaited) {
          acknowledged.push(sent);
        }
      }
      await Promise.all([...acknowledged, done]);
      return performance.now() - begin;
    },
    async pump(total, size) {
      const begin = performance.now();
      await peer.pump(total, size);
      return performance.now() - begin;
    },
    async pipe(total, isPiped) {
      const piece = new Uint8Array(1024 * 1024).map((_, index) => index);
      const file = new File(Array(Math.ceil(total / piece.length)).fill(piece), "file");
      const begin = performance.now();
      await peer.pipe(file, isPiped);
      return performance.now() - begin;
    },
    /** One message with so many bytes, until the other side has it; in milliseconds. */
    async big(size) {
      const bytes = new Uint8Array(size).map((_, index) => index);
      const begin = performance.now();
      const back = came("bigger");
      await peer.send("big", "", bytes);
      const text = await back;
      if (Number(text) !== size) {
        throw new Error(`${text} bytes arrived instead of ${size}`);
      }
      return performance.now() - begin;
    },
  };
}

/** Opens at once, for a page whose address says with what: how long after navigation it was answered. */
export async function startAtOnce() {
  if (location.hash.startsWith(SEAT)) {
    const seat = JSON.parse(decodeURIComponent(location.hash.slice(SEAT.length)));
    await globalThis.bench.open(seat);
    await globalThis.bench.roundTrips(1);
    globalThis.bench.answeredMs = performance.now();
  }
}

const SEAT = "#seat=";
const GROUP = 20;

/** Chunks with a window of so many that the other side has not confirmed, and nothing more. */
export class Window {
  #inFlight = 0;
  #wake;

  constructor(size) {
    this.size = size;
  }

  async take() {
    while (this.#inFlight >= this.size) {
      await new Promise((resolve) => {
        this.#wake = resolve;
      });
    }
    this.#inFlight += 1;
  }

  give(count) {
    this.#inFlight -= count;
    this.#wake?.();
  }

  async empty() {
    while (this.#inFlight > 0) {
      await new Promise((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

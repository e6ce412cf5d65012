// What tests of bad networks have in common.

/** Joins a room through a proxy, and enables messaging; tries again at once when it is lost. */
export async function joinThrough(proxy, page, server, room, name) {
  const { token } = await server.token(room, name, "user");
  await page.evaluate(
    async ({ url, token, name }) => {
      const client = new globalThis.lib.RoomClient({ url, token, reconnect: () => 5 });
      globalThis[name] = client;
      await client.connect();
      await client.messaging.enable();
    },
    { url: proxy.room(room), token, name },
  );
}

/** What the tests use inside a page. */
export function equip(page) {
  return page.evaluate(() => {
    /** Numbers, as they arrive. */
    globalThis.collect = (client, type) => {
      const numbers = [];
      client.messaging.on("message", ({ message }) => {
        if (message.type === type) {
          numbers.push(message.message.n);
        }
      });
      return numbers;
    };
    globalThis.states = (client) => {
      const states = [];
      client.on("statechange", ({ current }) => states.push(current));
      client.on("discontinuity", () => states.push("discontinuity"));
      return states;
    };
    /** Waits until a condition holds. */
    globalThis.until = async (condition) => {
      while (!condition()) {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    };
  });
}

/** Numbers from 0 to 1, the same for each run. */
export function generator(seed) {
  let state = seed;
  return () => {
    // Mulberry32.
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

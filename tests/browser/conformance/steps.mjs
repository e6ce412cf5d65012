// What scenarios begin with.

/** Enables messaging for each after the other, so that all hear of them in one order. */
export async function enableAll(...actors) {
  for (const [index, actor] of actors.entries()) {
    await actor.do((me) => me.messaging.enable());
    for (const before of actors.slice(0, index)) {
      await before.do((me, count) => me.until("participant_added", count), index);
    }
  }
}

/** The same, and bob keeps offered streams as `me.reader`; `answers` is what `enable()` gets. */
export async function enableReader(ada, bob) {
  await ada.do((me) => me.messaging.enable());
  await bob.do((me) =>
    me.messaging.enable((reader) => {
      me.reader = reader;
      me.log("offered", reader.header, reader.from.name);
    }),
  );
  await ada.do((me) => me.peer("bob"));
}

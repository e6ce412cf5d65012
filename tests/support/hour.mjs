// What happens in a room for tests, for tests of its determinism.

/** Writes down what happens to a client, with the time. Ids are left in: a seed decides them too. */
export function watch(room, name, client, log) {
  const note = (...what) => log.push([room.now, name, ...what]);
  const { messaging } = client;
  client.on("statechange", ({ previous, current, reason, attempt, nextRetryAt }) =>
    note(previous, current, reason?.code, attempt, nextRetryAt),
  );
  client.on("discontinuity", ({ reason }) => note("discontinuity", reason.code));
  messaging.on("participant_added", ({ participant }) => note("added", participant.id));
  messaging.on("participant_removed", ({ participant }) => note("removed", participant.id));
  messaging.on("message", ({ message }) => note(message.type, message.message));
  messaging.on("stream_opened", ({ stream }) => note("stream", stream.streamId));
  messaging.on("stream_closed", ({ streamId, error }) => note("closed", streamId, error?.code));
}

/**
 * A busy hour, in which everything goes wrong that can; gives what happened. Needs nothing of this
 * module but `watch`, so that pages can run it too.
 */
export async function hour(TestRoom, seed) {
  const room = new TestRoom("lobby", { seed });
  const log = [];
  const names = ["ada", "bob", "cleo"];
  const [ada, bob, cleo] = names.map((name) => room.client({ name }));
  for (const [index, client] of [ada, bob, cleo].entries()) {
    watch(room, names[index], client, log);
    await room.run(client.connect());
    await room.run(client.messaging.enable());
  }
  await bob.messaging.enable(async (reader) => {
    for await (const { data } of reader) {
      log.push([room.now, "bob reads", data.length]);
    }
  });
  const sending = [];
  for (let n = 0; n < 60; n += 1) {
    const outcome = ada.messaging.broadcastMessage("count", { n }, new Uint8Array(n * 1000));
    sending.push(outcome.catch((error) => log.push([room.now, "failed", error.code])));
    if (n % 7 === 3) {
      room.network(n % 2 ? bob : ada).cut();
    }
    if (n % 20 === 5) {
      room.network(cleo).silence();
    }
    if (n % 30 === 12) {
      room.restart(2000);
    }
    if (n % 15 === 1) {
      const to = ada.messaging.getParticipantByName("bob");
      const opened = to && ada.messaging.createStream(to, { n });
      opened
        ?.then(async (writer) => {
          await writer.write({ data: new Uint8Array(500_000) });
          await writer.close();
        })
        .catch((error) => log.push([room.now, "stream failed", error.code]));
    }
    await room.advance(60_000 * (n % 3));
  }
  await room.run(Promise.all(sending));
  await room.close();
  return log;
}

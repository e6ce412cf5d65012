// A client of a scenario, seen from the test: what it does happens in its page.

/** A client in a page, with a trace of what happens to it. */
export class Actor {
  #page;
  #name;

  constructor(page, name) {
    this.#page = page;
    this.#name = name;
  }

  /**
   * Runs a function in the page, which gets the actor there (see `makeCast`) and an argument. The
   * function sees nothing of this module.
   */
  do(act, argument = null) {
    const [name, given] = [JSON.stringify(this.#name), JSON.stringify(argument)];
    return this.#page.evaluate(`(${act})(globalThis.cast.actors.get(${name}), ${given})`);
  }

  /** What has happened to it, in order. As text, because pages and tests differ about lone surrogates. */
  async trace() {
    const lines = JSON.parse(await this.do((me) => JSON.stringify(me.trace)));
    return LISTS.reduce(sortRuns, lines);
  }
}

/** Told of one by one in the order of ids, which are random. */
const LISTS = ["participant_added", "participant_removed"];

/** Sorts lines of this kind that stand beside each other, by name. */
function sortRuns(lines, kind) {
  const sorted = [];
  let run = [];
  for (const line of [...lines, []]) {
    if (line[0] === kind) {
      run.push(line);
      continue;
    }
    run.sort(([, one], [, other]) => (one < other ? -1 : 1));
    sorted.push(...run, line);
    run = [];
  }
  return sorted.slice(0, -1);
}

/** In a page: what makes actors of clients. Ids that differ from run to run are replaced by names. */
export function makeCast() {
  const { help } = globalThis;
  const names = new Map();
  const cast = { actors: new Map(), names };
  globalThis.cast = cast;

  cast.add = (client, name) => {
    const streams = [];
    const { messaging } = client;
    const wakers = [];

    const streamName = (id) => {
      if (!streams.includes(id)) {
        streams.push(id);
      }
      return `stream ${streams.indexOf(id) + 1}`;
    };
    const plain = (text) => {
      const known = [...names, ...streams.map((id) => [id, streamName(id)])];
      return known.reduce((said, [id, name]) => said.replaceAll(id, name), text);
    };
    const nameOf = (id) => names.get(id) ?? "somebody";
    const of = (error) => (error ? { code: error.code, message: plain(error.message) } : null);

    const me = {
      client,
      messaging,
      name,
      trace: [],
      /** Writes down something of its own. */
      log(...line) {
        me.trace.push(line);
        for (const wake of wakers.splice(0)) {
          wake();
        }
      },
      /** Writes down what comes of an act: what it gives, or the error. */
      async tries(what, act) {
        try {
          me.log(what, (await act()) ?? "done");
        } catch (error) {
          me.log(what, "fails", of(error));
        }
      },
      /** Waits until its trace has so many lines of this kind. */
      async until(kind, count = 1) {
        while (me.trace.filter(([first]) => first === kind).length < count) {
          await new Promise((resolve) => wakers.push(resolve));
        }
      },
      /** Somebody else, once they are here. */
      async peer(other) {
        while (messaging.getParticipantByName(other) === undefined) {
          await help.next(messaging, "participant_added");
        }
        return messaging.getParticipantByName(other);
      },
      /** Bytes in a few words. */
      async bytes(data) {
        return data.length < 20 ? [...data] : [data.length, await help.sha256(data)];
      },
      /** Ids do not say much. */
      nameOf,
      plain,
    };
    cast.actors.set(name, me);

    client.on("statechange", ({ previous, current, reason }) =>
      me.log("statechange", previous, current, of(reason)),
    );
    client.on("discontinuity", ({ reason }) => me.log("discontinuity", of(reason)));
    messaging.on("messaging_enabled", () => me.log("messaging_enabled"));
    messaging.on("participant_added", ({ participant }) => {
      const { role, attributes } = participant;
      me.log("participant_added", participant.name, role, structuredClone(attributes));
    });
    messaging.on("participant_removed", ({ participant }) =>
      me.log("participant_removed", participant.name),
    );
    messaging.on("participant_attributes_updated", ({ participant, changed }) =>
      me.log("participant_attributes_updated", participant.name, changed),
    );
    messaging.on("message", ({ message }) => {
      const { type, fromParticipantId, attachment } = message;
      const size = attachment?.length ?? null;
      me.log("message", nameOf(fromParticipantId), type, message.message, size);
    });
    messaging.on("stream_opened", ({ stream }) => {
      me.log("stream_opened", streamName(stream.streamId));
    });
    messaging.on("stream_closed", ({ streamId, error }) =>
      me.log("stream_closed", streamName(streamId), of(error)),
    );
    return me;
  };
}

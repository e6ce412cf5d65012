import {
  type Attributes,
  MessageStreamReader,
  MessageStreamWriter,
  type MessagingClient,
  type MessagingStream,
  type RoomClient,
  type RoomError,
  type RoomState,
  type StateChangeEvent,
} from "./index.js";
import { Snapshot } from "./snapshot.js";

/** Where a room stands. */
export interface RoomStatus {
  readonly client: RoomClient;
  readonly state: RoomState;
  readonly error: RoomError | undefined;
}

/** Somebody else in the room, as they are now. Can be given as the `to` of every call. */
export interface Participant {
  /** Unique in the room. */
  readonly id: string;
  /** `user`, `agent`, `tool` or another word of the token's. */
  readonly role: string;
  /** The attribute `name`, or the empty string. */
  readonly name: string;
  /** What they say about themselves: any JSON, by name. */
  readonly attributes: Attributes;
}

/** The streams that are open, and a function that opens another. */
export interface OpenStreams {
  /** Those that others opened to us, in the order in which they were accepted. */
  readonly incoming: readonly MessageStreamReader[];
  /** Those that we opened. */
  readonly outgoing: readonly MessageStreamWriter[];
  /** `messaging.createStream()`: offers a stream, and resolves when it is accepted. */
  readonly open: MessagingClient["createStream"];
}

/** Takes the streams that it wants. */
export interface StreamTaker {
  wants(reader: MessageStreamReader): boolean;
  take(reader: MessageStreamReader): unknown;
}

/** What the hooks know of a client. There is one for each. */
export class RoomStore {
  readonly client: RoomClient;
  readonly status: Snapshot<RoomStatus>;
  readonly participants: Snapshot<readonly Participant[]>;
  readonly streams: Snapshot<OpenStreams>;
  readonly #open = new Map<string, MessageStreamReader | MessageStreamWriter | MessagingStream>();
  readonly #takers = new Set<StreamTaker>();
  #error: RoomError | undefined;
  #users = 0;
  #isListening = false;
  #isEnabling = false;

  /** The store of a client. */
  static of(client: RoomClient): RoomStore {
    const store = stores.get(client) ?? new RoomStore(client);
    stores.set(client, store);
    return store;
  }

  private constructor(client: RoomClient) {
    this.client = client;
    this.status = new Snapshot<RoomStatus>({ client, state: "idle", error: undefined }, (last) =>
      statusOf(client, this.#error, last),
    );
    this.participants = new Snapshot<readonly Participant[]>([], (last) =>
      participantsOf(client.messaging, last),
    );
    const { messaging } = client;
    const open = messaging.createStream.bind(messaging) as MessagingClient["createStream"];
    this.streams = new Snapshot<OpenStreams>({ incoming: [], outgoing: [], open }, () => {
      const streams = [...this.#open.values()];
      const incoming = streams.filter((stream) => stream instanceof MessageStreamReader);
      const outgoing = streams.filter((stream) => stream instanceof MessageStreamWriter);
      return { incoming, outgoing, open };
    });
  }

  /** Connects and enables messaging, and does so again when the client is connected anew. */
  enter(): () => void {
    this.#users += 1;
    if (this.#users === 1) {
      this.#listen();
      this.#connect();
    }
    return () => {
      this.#users -= 1;
    };
  }

  /** Offers streams to this one too, until the function that it gives is called. */
  offerTo(taker: StreamTaker): () => void {
    this.#takers.add(taker);
    return () => this.#takers.delete(taker);
  }

  /** For the life of the client: who comes back later finds what is true then. */
  #listen(): void {
    if (this.#isListening) {
      return;
    }
    this.#isListening = true;
    const { client, participants, streams } = this;
    const { messaging } = client;
    client.on("statechange", (event) => this.#onState(event));
    for (const type of PRESENCE) {
      messaging.on(type, () => participants.changed());
    }
    messaging.on("stream_opened", ({ stream }) => {
      this.#open.set(stream.streamId, stream);
      streams.changed();
    });
    messaging.on("stream_closed", ({ streamId }) => {
      this.#open.delete(streamId);
      streams.changed();
    });
    // Since we were looked at first.
    this.status.changed();
    participants.changed();
  }

  #connect(): void {
    const { state } = this.client;
    if (state === "open") {
      void this.#enable();
      return;
    }
    // How an attempt went is told by `statechange`; that there can be none, by nobody else.
    this.client.connect().catch((error) => state === "closed" && this.#fail(error));
    if (this.#isConnecting) {
      // With the connection, which saves a round trip.
      void this.#enable();
    }
  }

  #onState({ current, previous, reason }: StateChangeEvent): void {
    this.#error = reason?.code === "closed" ? undefined : reason;
    this.status.changed();
    this.participants.changed();
    if (current === "open" && previous !== "open" && this.#users > 0) {
      void this.#enable();
    }
  }

  async #enable(): Promise<void> {
    const { messaging } = this.client;
    if (messaging.isEnabled || this.#isEnabling) {
      return;
    }
    this.#isEnabling = true;
    const isEarly = this.#isConnecting;
    try {
      await messaging.enable((reader) => this.#onOffer(reader));
    } catch (error) {
      // That there is no connection is told by `statechange`.
      if (!isEarly || this.client.state === "open") {
        this.#fail(error as RoomError);
      }
    } finally {
      this.#isEnabling = false;
    }
  }

  get #isConnecting(): boolean {
    return this.client.state === "connecting";
  }

  #fail(error: RoomError): void {
    // That the connection was lost is told by its state.
    if (this.client.state === "open" || this.client.state === "closed") {
      this.#error ??= error;
      this.status.changed();
    }
  }

  #onOffer(reader: MessageStreamReader): unknown {
    const taker = [...this.#takers].find((one) => one.wants(reader));
    if (taker === undefined) {
      throw new Error("Streams are not allowed by this client");
    }
    return taker.take(reader);
  }
}

const stores = new WeakMap<RoomClient, RoomStore>();

/** After each of these others may be there. */
const PRESENCE = [
  "messaging_enabled",
  "participant_added",
  "participant_removed",
  "participant_attributes_updated",
] as const;

function statusOf(client: RoomClient, error: RoomError | undefined, last: RoomStatus): RoomStatus {
  const { state } = client;
  return last.state === state && last.error === error ? last : { client, state, error };
}

/** Who has not changed is the same object as before, and so is the list. */
function participantsOf(
  messaging: MessagingClient,
  last: readonly Participant[],
): readonly Participant[] {
  const known = new Map(last.map((participant) => [participant.id, participant]));
  const present = messaging.remoteParticipants.map(({ id, role, name, attributes }) => {
    const before = known.get(id);
    return before?.attributes === attributes ? before : { id, role, name, attributes };
  });
  const isSame = present.length === last.length && present.every((one, at) => one === last[at]);
  return isSame ? last : present;
}

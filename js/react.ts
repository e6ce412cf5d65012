"use client";

/**
 * Room messaging for React.
 *
 * ```tsx
 * <RoomProvider options={{ url: "wss://example.org/rooms/lobby", token: fetchToken }}>
 *   <Chat />
 * </RoomProvider>
 * ```
 *
 * Nothing here connects while it renders, and nothing touches the page or loads WebAssembly on a
 * server.
 *
 * @packageDocumentation
 */

import {
  createContext,
  createElement,
  type ReactElement,
  type ReactNode,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from "react";

import type {
  AnyMessages,
  Attachment,
  BroadcastOptions,
  MessageMap,
  MessageOf,
  MessageStreamReader,
  MessageType,
  MessagingClient,
  Recipient,
  RoomClient,
  RoomClientOptions,
  RoomError,
  RoomState,
  SendOptions,
  StreamAcceptCallback,
} from "./index.js";
import { MessageLog } from "./message-log.js";
import { OwnClient } from "./own-client.js";
import { type OpenStreams, type Participant, RoomStore } from "./room-store.js";
import { NOTHING, StreamLog, type StreamProgress } from "./stream-log.js";

export type { OpenStreams, Participant } from "./room-store.js";
export type { StreamProgress } from "./stream-log.js";

/** A messaging client of any map. */
// biome-ignore lint/suspicious/noExplicitAny: of any map
export type AnyMessaging = MessagingClient<any>;

/** A client that the application has, or the options of one that the provider makes. */
export type RoomProviderProps<
  Messages extends MessageMap<Messages> = AnyMessages,
  Messaging extends AnyMessaging = MessagingClient<Messages>,
> = {
  /** What has the room. */
  readonly children?: ReactNode;
} & (
  | {
      /** Is connected and enabled, unless it is so already, and never closed. */
      readonly client: RoomClient<Messages, Messaging>;
      /** Not beside a client. */
      readonly options?: undefined;
    }
  | {
      /**
       * Of the client that the provider makes, and closes when it is unmounted. Another `url` makes
       * another client; of a token function, the one of the last render is asked. The rest counts
       * when the client is made.
       */
      readonly options: RoomClientOptions<Messaging>;
      /** Not beside options. */
      readonly client?: undefined;
    }
);

/** What {@link useRoom} gives. */
export interface Room<
  Messages extends MessageMap<Messages> = AnyMessages,
  Messaging extends AnyMessaging = MessagingClient<Messages>,
> {
  /** For all that has no hook: `client.messaging`, `client.localParticipant`. */
  readonly client: RoomClient<Messages, Messaging>;
  /** Where the connection stands; `idle` on a server. */
  readonly state: RoomState;
  /** Why it was lost or has ended, or why messaging cannot be enabled. */
  readonly error: RoomError | undefined;
}

/** The options of {@link useMessages}. */
export interface UseMessagesOptions {
  /** How many messages are kept, the last ones; 100 by default. */
  readonly limit?: number | undefined;
}

/** The options of {@link useStreams}. */
export interface UseStreamsOptions {
  /** Which streams are meant for `onStream`, by `reader.header` and `reader.from`; all by default. */
  readonly accepts?: ((reader: MessageStreamReader) => boolean) | undefined;
}

/** What {@link useSendMessage} gives. The functions stay the same. */
export interface SendMessage<Messages extends MessageMap<Messages> = AnyMessages> {
  /** `messaging.sendMessage()`, but it never rejects: it gives whether the server has taken it. */
  send<Type extends MessageType<Messages>>(
    to: Recipient,
    type: Type,
    message: Messages[Type],
    attachment?: Attachment,
  ): Promise<boolean>;
  /** The same with an object. */
  send<Type extends MessageType<Messages>>(
    options: SendOptions<Type, Messages[Type]>,
  ): Promise<boolean>;
  /** `messaging.broadcastMessage()` in the same way. */
  broadcast<Type extends MessageType<Messages>>(
    type: Type,
    message: Messages[Type],
    attachment?: Attachment,
  ): Promise<boolean>;
  /** The same with an object. */
  broadcast<Type extends MessageType<Messages>>(
    options: BroadcastOptions<Type, Messages[Type]>,
  ): Promise<boolean>;
  /** Whether one is on its way. */
  readonly isSending: boolean;
  /** Why the last one failed; undefined if it did not. */
  readonly error: RoomError | undefined;
}

/** What {@link createRoomHooks} gives. */
export interface RoomHooks<
  Messages extends MessageMap<Messages>,
  Messaging extends AnyMessaging = MessagingClient<Messages>,
> {
  /** {@link RoomProvider} */
  RoomProvider(props: RoomProviderProps<Messages, Messaging>): ReactElement;
  /** {@link useRoom} */
  useRoom(): Room<Messages, Messaging>;
  /** {@link useParticipants} */
  useParticipants(): readonly Participant[];
  /** {@link useMessages} */
  useMessages<Type extends MessageType<Messages> = MessageType<Messages>>(
    type?: Type,
    options?: UseMessagesOptions,
  ): readonly MessageOf<Messages, Type>[];
  /** {@link useSendMessage} */
  useSendMessage(): SendMessage<Messages>;
  /** {@link useStreams} */
  useStreams(onStream?: StreamAcceptCallback, options?: UseStreamsOptions): OpenStreams;
  /** {@link useStream} */
  useStream(reader: MessageStreamReader | undefined): StreamProgress;
}

const Context = createContext<RoomStore | null>(null);

/**
 * Gives a room to what is below it.
 *
 * Connects and enables messaging after it is mounted. Given `options`, it makes the client itself
 * and closes it when it is unmounted; a `client` that is given is left open.
 */
// biome-ignore lint/suspicious/noExplicitAny: of any map
export function RoomProvider(props: RoomProviderProps<any, any>): ReactElement {
  const { client, options, children } = props;
  return client === undefined
    ? createElement(OwnRoom, { options, children })
    : createElement(GivenRoom, { client, children });
}

function GivenRoom({ client, children }: { client: RoomClient; children: ReactNode }) {
  const store = RoomStore.of(client);
  useEffect(() => store.enter(), [store]);
  return createElement(Context.Provider, { value: store, children });
}

function OwnRoom({ options, children }: { options: RoomClientOptions; children: ReactNode }) {
  const [own, setOwn] = useState(() => new OwnClient(options));
  if (own.url !== String(options.url)) {
    setOwn(new OwnClient(options));
  }
  useEffect(() => {
    own.options = options;
  });
  useEffect(() => {
    if (!own.isClosed) {
      return own.hold();
    }
    // We were hidden for a while, and are shown again.
    setOwn(new OwnClient(own.options));
    return undefined;
  }, [own]);
  return createElement(GivenRoom, { client: own.client, children });
}

/**
 * The room's client, and where its connection stands.
 *
 * @example
 * ```tsx
 * function Again() {
 *   const { client, state, error } = useRoom();
 *   if (state !== "closed") return null;
 *   return <button onClick={() => client.connect()}>{error?.message}</button>;
 * }
 * ```
 */
export function useRoom<
  Messages extends MessageMap<Messages> = AnyMessages,
  Messaging extends AnyMessaging = MessagingClient<Messages>,
>(): Room<Messages, Messaging> {
  const { status } = useStore("useRoom");
  const room: unknown = useSyncExternalStore(status.subscribe, status.get, status.getFirst);
  return room as Room<Messages, Messaging>;
}

/**
 * Everybody else who has enabled messaging. The array is the same until somebody comes, leaves or
 * changes an attribute, and so is the object of each who did not change.
 */
export function useParticipants(): readonly Participant[] {
  const { participants } = useStore("useParticipants");
  return useSyncExternalStore(participants.subscribe, participants.get, participants.getFirst);
}

/**
 * The messages that came since the component was mounted, the newest last: of one type, or all.
 *
 * @example
 * ```tsx
 * function Lines() {
 *   const messages = useMessages("chat.message", { limit: 50 });
 *   return messages.map(({ message }, at) => <p key={at}>{message.text}</p>);
 * }
 * ```
 */
export function useMessages<
  Messages extends MessageMap<Messages> = AnyMessages,
  Type extends MessageType<Messages> = MessageType<Messages>,
>(type?: Type, { limit = 100 }: UseMessagesOptions = {}): readonly MessageOf<Messages, Type>[] {
  const { messaging } = useStore("useMessages").client;
  const [log, setLog] = useState(() => new MessageLog(messaging, type, limit));
  if (!log.isOf(messaging, type)) {
    setLog(new MessageLog(messaging, type, limit));
  }
  useEffect(() => {
    log.limit = limit;
  }, [log, limit]);
  const messages: unknown = useSyncExternalStore(log.subscribe, log.get, log.getFirst);
  return messages as readonly MessageOf<Messages, Type>[];
}

/**
 * Sends messages, and knows whether one is on its way and why the last one failed.
 *
 * @example
 * ```tsx
 * const { broadcast, isSending, error } = useSendMessage();
 * const onSubmit = async () => {
 *   if (await broadcast("chat.message", { text })) setText("");
 * };
 * ```
 */
export function useSendMessage<
  Messages extends MessageMap<Messages> = AnyMessages,
>(): SendMessage<Messages> {
  const { messaging } = useStore("useSendMessage").client;
  const [status, setStatus] = useState<SendStatus>({ pending: 0, error: undefined });
  const functions = useMemo(() => {
    type Call = (...args: unknown[]) => Promise<void>;
    const told =
      (call: Call) =>
      async (...args: unknown[]) => {
        setStatus(({ pending, error }) => ({ pending: pending + 1, error }));
        const error = await call.apply(messaging, args).catch((error: RoomError) => error);
        setStatus(({ pending }) => ({ pending: pending - 1, error: error ?? undefined }));
        return error === undefined;
      };
    return {
      send: told(messaging.sendMessage as Call),
      broadcast: told(messaging.broadcastMessage as Call),
    };
  }, [messaging]);
  return { ...functions, isSending: status.pending > 0, error: status.error };
}

interface SendStatus {
  readonly pending: number;
  readonly error: RoomError | undefined;
}

/**
 * The open streams, and what takes those that others offer.
 *
 * @param onStream Is called once for each offered stream, also if the component was rendered
 * again meanwhile. Reading from the reader, or returning, accepts it; throwing refuses it. Without
 * one, this component takes none. Of several components, the first mounted that `accepts` a
 * stream takes it; what none takes is refused. Not called if the application has enabled
 * messaging itself, before the provider was mounted.
 *
 * @example
 * ```tsx
 * const { incoming, open } = useStreams(async (reader) => {
 *   const file = await new Response(reader.bytes()).blob();
 *   setFiles((files) => [...files, { name: reader.header.name, file }]);
 * });
 * const send = async (peer: Recipient, file: File) => {
 *   const writer = await open(peer, { name: file.name });
 *   await file.stream().pipeTo(writer.bytes());
 * };
 * ```
 */
export function useStreams(
  onStream?: StreamAcceptCallback,
  options: UseStreamsOptions = {},
): OpenStreams {
  const store = useStore("useStreams");
  const latest = useRef({ onStream, options });
  useEffect(() => {
    latest.current = { onStream, options };
  });
  const isTaking = onStream !== undefined;
  useEffect(() => {
    if (!isTaking) {
      return undefined;
    }
    return store.offerTo({
      wants: (reader) => latest.current.options.accepts?.(reader) ?? true,
      take: (reader) => latest.current.onStream?.(reader),
    });
  }, [store, isTaking]);
  const { streams } = store;
  return useSyncExternalStore(streams.subscribe, streams.get, streams.getFirst);
}

/**
 * The text of a stream, as it comes: an agent's answer while it is written. What is not text has its
 * `bytes` counted.
 *
 * The stream is read once, from the moment that the first component looks at it, and to its end,
 * whoever is still mounted then. Nobody else may read it.
 *
 * @param reader A stream that somebody opened to us; undefined while there is none.
 *
 * @example
 * ```tsx
 * function Answer({ reader }: { reader: MessageStreamReader }) {
 *   const { text, isDone, error } = useStream(reader);
 *   return <p aria-busy={!isDone}>{error ? "It broke off." : text}</p>;
 * }
 *
 * function Answers() {
 *   const { incoming } = useStreams(() => {}); // to return is to accept
 *   return incoming.map((reader) => <Answer key={reader.streamId} reader={reader} />);
 * }
 * ```
 */
export function useStream(reader: MessageStreamReader | undefined): StreamProgress {
  const log = reader && StreamLog.of(reader);
  const subscribe = log?.subscribe ?? subscribeToNothing;
  return useSyncExternalStore(subscribe, log?.progress.get ?? getNothing, getNothing);
}

const subscribeToNothing = () => () => {};
const getNothing = () => NOTHING;

/**
 * The provider and the hooks for one map of messages. They are the same functions; only the
 * compiler knows more of them.
 *
 * @example
 * ```ts
 * interface MyMessages {
 *   "chat.message": { text: string };
 * }
 * export const { RoomProvider, useMessages, useSendMessage } = createRoomHooks<MyMessages>();
 * ```
 */
export function createRoomHooks<
  Messages extends MessageMap<Messages>,
  Messaging extends AnyMessaging = MessagingClient<Messages>,
>(): RoomHooks<Messages, Messaging> {
  const hooks: unknown = HOOKS;
  return hooks as RoomHooks<Messages, Messaging>;
}

const HOOKS = {
  RoomProvider,
  useRoom,
  useParticipants,
  useMessages,
  useSendMessage,
  useStreams,
  useStream,
};

function useStore(hook: string): RoomStore {
  const store = useContext(Context);
  if (store === null) {
    throw new Error(`${hook}() needs a <RoomProvider> above it`);
  }
  return store;
}

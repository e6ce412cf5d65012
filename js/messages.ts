/**
 * What an application's messages hold, by type: an interface whose properties are objects.
 *
 * @example
 * ```ts
 * interface MyMessages {
 *   "chat.message": { text: string };
 *   cursor: { x: number; y: number };
 * }
 * const room = new RoomClient<MyMessages>({ url, token });
 * ```
 */
export type MessageMap<Messages> = { [Type in keyof Messages]: object };

/** Any type with any object: what is said where no {@link MessageMap} is given. */
export interface AnyMessages {
  [type: string]: object;
}

/** The types of messages in a map. */
export type MessageType<Messages> = keyof Messages & string;

/**
 * A message of one of these types, as it arrives: `switch (message.type)` tells what is in
 * `message.message`. Nobody checks what others send; it is as good as their word.
 */
export type MessageOf<
  Messages,
  Type extends MessageType<Messages> = MessageType<Messages>,
> = string extends keyof Messages
  ? RoomMessage
  : { [One in Type]: RoomMessage<One, Messages[One]> }[Type];

/** A message as it arrives. */
// biome-ignore lint/suspicious/noExplicitAny: the shape is the application's
export class RoomMessage<Type extends string = string, Payload = Record<string, any>> {
  /** The application's word for the kind of message. */
  readonly type: Type;
  /** Who sent it. */
  readonly fromParticipantId: string;
  /**
   * The bytes beside it. Attachments of no bytes count as none. Large ones are a view of what the
   * browser received: the `buffer` may be larger. Before you transfer it, take `attachment.slice()`.
   */
  readonly attachment: Uint8Array | undefined;
  readonly #json: string;
  #message: Payload | undefined;

  /** @internal */
  constructor(from: string, type: Type, json: string, attachment: Uint8Array | undefined) {
    this.fromParticipantId = from;
    this.type = type;
    this.attachment = attachment;
    this.#json = json;
  }

  /** The message itself; its JSON is parsed when it is first looked at. */
  get message(): Payload {
    this.#message ??= JSON.parse(this.#json) as Payload;
    return this.#message;
  }
}

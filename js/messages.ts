/** A message as it arrives. */
export class RoomMessage {
  /** The application's word for the kind of message. */
  readonly type: string;
  /** Who sent it. */
  readonly fromParticipantId: string;
  /** The bytes beside it. Attachments of no bytes count as none. */
  readonly attachment: Uint8Array | undefined;
  readonly #json: string;
  #message: Record<string, unknown> | undefined;

  /** @internal */
  constructor(from: string, type: string, json: string, attachment: Uint8Array | undefined) {
    this.fromParticipantId = from;
    this.type = type;
    this.attachment = attachment;
    this.#json = json;
  }

  /** The message itself; its JSON is parsed when it is first looked at. */
  // biome-ignore lint/suspicious/noExplicitAny: the shape is the application's
  get message(): Record<string, any> {
    this.#message ??= JSON.parse(this.#json) as Record<string, unknown>;
    return this.#message;
  }
}

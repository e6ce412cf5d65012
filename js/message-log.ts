import type { MessagingClient, RoomMessage, RoomMessageEvent } from "./index.js";
import { Snapshot } from "./snapshot.js";

/** The last messages that came while somebody was subscribed. */
export class MessageLog {
  /** How many are kept. */
  limit: number;
  readonly #messaging: MessagingClient;
  readonly #type: string | undefined;
  readonly #snapshot: Snapshot<readonly RoomMessage[]>;
  #messages: RoomMessage[] = [];

  constructor(messaging: MessagingClient, type: string | undefined, limit: number) {
    this.#messaging = messaging;
    this.#type = type;
    this.limit = limit;
    this.#snapshot = new Snapshot<readonly RoomMessage[]>([], () => [...this.#messages]);
  }

  /** Whether these messages are kept. */
  isOf(messaging: MessagingClient, type: string | undefined): boolean {
    return this.#messaging === messaging && this.#type === type;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    const unsubscribe = this.#snapshot.subscribe(listener);
    this.#messaging.on("message", this.#onMessage);
    return () => {
      unsubscribe();
      this.#messaging.off("message", this.#onMessage);
    };
  };

  readonly get = (): readonly RoomMessage[] => this.#snapshot.get();

  readonly getFirst = (): readonly RoomMessage[] => this.#snapshot.getFirst();

  readonly #onMessage = ({ message }: RoomMessageEvent): void => {
    if (this.#type === undefined || this.#type === message.type) {
      this.#messages.push(message);
      this.#messages.splice(0, Math.max(0, this.#messages.length - this.limit));
      this.#snapshot.changed();
    }
  };
}

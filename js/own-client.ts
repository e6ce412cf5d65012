import { RoomClient, type RoomClientOptions } from "./index.js";

/** A client that a provider made, and closes when nobody holds it any more. */
export class OwnClient {
  readonly url: string;
  readonly client: RoomClient;
  /** As they were given last: a token function may be another one with each render. */
  options: RoomClientOptions;
  #holders = 0;
  #isClosed = false;

  constructor(options: RoomClientOptions) {
    this.url = String(options.url);
    this.options = options;
    const { token } = options;
    const latest = typeof token === "function" ? () => this.#token() : token;
    this.client = new RoomClient({ ...options, token: latest });
  }

  /** Closed for good; nobody held it. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Keeps it open until the function that it gives is called. */
  hold(): () => void {
    this.#holders += 1;
    return () => {
      this.#holders -= 1;
      // In StrictMode, and when a module is replaced, whoever lets go takes hold again at once.
      queueMicrotask(() => this.#closeUnlessHeld());
    };
  }

  #closeUnlessHeld(): void {
    if (this.#holders === 0) {
      this.#isClosed = true;
      void this.client.close();
    }
  }

  #token(): string | Promise<string> {
    const { token } = this.options;
    return typeof token === "function" ? token() : token;
  }
}

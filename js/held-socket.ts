/** A socket with what it has said so far. */
export interface SocketSoFar {
  readonly socket: WebSocket;
  readonly messages: ArrayBuffer[];
  /** How it closed or failed, if it did. */
  readonly closing: Event | undefined;
}

/**
 * Keeps what a socket says until there is somebody who listens: it connects while the WebAssembly is on
 * its way. If messaging is enabled with the connection that is all that the room says meanwhile.
 */
export class HeldSocket {
  readonly #socket: WebSocket;
  readonly #messages: ArrayBuffer[] = [];
  #closing: Event | undefined;
  readonly #onMessage = ({ data }: MessageEvent) => void this.#messages.push(data);
  readonly #onClosing = (event: Event) => {
    this.#closing ??= event;
  };

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener("message", this.#onMessage);
    socket.addEventListener("close", this.#onClosing);
    socket.addEventListener("error", this.#onClosing);
  }

  /** Lets go of it. */
  release(): SocketSoFar {
    const socket = this.#socket;
    socket.removeEventListener("message", this.#onMessage);
    socket.removeEventListener("close", this.#onClosing);
    socket.removeEventListener("error", this.#onClosing);
    return { socket, messages: this.#messages, closing: this.#closing };
  }
}

import { type Clock, realClock } from "./clock.js";
import { failure, reasonText } from "./errors.js";

/** How a connection comes by its sockets. */
export interface Transport {
  /** Whether it takes a network. */
  readonly isRemote: boolean;
  /** Whether its connections sleep and wake with the page. */
  readonly followsPage: boolean;
  /** What its clients live by. */
  readonly clock: Clock;
  /** Gets ready. Comes once for each connection, before the first `open()`. */
  load(): Promise<void>;
  /** Opens a socket that carries the token. */
  open(url: string, token: string): WebSocket;
}

/** The browser's own WebSockets. */
export const network: Transport = {
  isRemote: true,
  followsPage: true,
  clock: realClock,
  load: async () => {},
  open: makeSocket,
};

/** Opens a WebSocket that carries the token. */
function makeSocket(url: string, token: string): WebSocket {
  try {
    // A subprotocol is the one place for a token that does not end up in logs.
    const socket = new WebSocket(url, [`meshagent-room.${token}`]);
    socket.binaryType = "arraybuffer";
    return socket;
  } catch (cause) {
    // Such as ws: in a page that came by https:.
    const why = reasonText(cause);
    throw failure("invalid-url", `the browser does not connect to ${url}: ${why}`, cause);
  }
}

/** Resolves when the socket is closed. */
export async function closed(socket: WebSocket): Promise<void> {
  if (socket.readyState !== socket.CLOSED) {
    // Node does not tell of the close after an error.
    await Promise.race([happens(socket, "close"), happens(socket, "error")]);
  }
}

function happens(target: EventTarget, type: string): Promise<unknown> {
  return new Promise((resolve) => {
    target.addEventListener(type, resolve, { once: true });
  });
}

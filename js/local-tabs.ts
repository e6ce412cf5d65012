import { realClock } from "./clock.js";
import type { Guest } from "./local-guest.js";
import { FOR_GOOD, RoomHost } from "./local-host.js";
import { LOST, LocalSocket, type Seat } from "./local-socket.js";
import { later } from "./local-turns.js";
import { uuid } from "./uuid.js";

/** What every tab with the room hears. */
type Call = { type: "who" } | { type: "host"; tab: string };

/** What a tab says to the host. */
type Said =
  | { type: "join"; from: string; socket: number; guest: Guest }
  | { type: "say"; from: string; socket: number; bytes: Uint8Array<ArrayBuffer> }
  | { type: "leave"; from: string; socket: number; code: number };

/** What the host says to a tab. */
type Told =
  | { type: "opened"; from: string; socket: number }
  | { type: "hear"; from: string; socket: number; bytes: Uint8Array<ArrayBuffer> }
  | { type: "taken"; from: string; socket: number; count: number }
  | { type: "ended"; from: string; socket: number; code: number; reason: string };

/** A tab as the host knows it. */
interface Visitor {
  channel: BroadcastChannel;
  /** The room's number of each of its sockets. */
  lines: Map<number, number>;
}

/** A socket of this tab whose other end is, or will be, in another. */
interface Remote {
  socket: LocalSocket;
  guest: Guest;
}

/**
 * A room that the tabs of an origin share. One of them, the host, has it; the sockets of the others
 * go through channels of the browser.
 *
 * Who is the host is said by a lock, for which every tab waits. With the host the room is gone, and
 * the next one makes another. That a tab is gone the host learns from a lock too: it waits for one
 * that the tab holds as long as it lives.
 */
export class Tabs {
  readonly #name: string;
  readonly #url: string;
  readonly #tab = uuid();
  readonly #everybody: BroadcastChannel;
  readonly #inbox: BroadcastChannel;
  /** Lets go of the locks. */
  #release: () => void = () => {};
  readonly #over = new Promise<void>((resolve) => {
    this.#release = resolve;
  });
  readonly #isOver = new AbortController();
  #entered: Promise<void> | undefined;

  #hostTab: string | undefined;
  #outbox: BroadcastChannel | undefined;
  readonly #remotes = new Map<number, Remote>();
  #lastSocket = 0;

  /** If this tab is the host. */
  #host: RoomHost | undefined;
  readonly #visitors = new Map<string, Visitor>();

  constructor(name: string, url: string) {
    this.#name = name;
    this.#url = url;
    this.#everybody = new BroadcastChannel(`${PREFIX}room:${name}`);
    this.#everybody.onmessage = ({ data }) => this.#onCall(data as Call);
    this.#inbox = new BroadcastChannel(`${PREFIX}tab:${this.#tab}`);
    this.#inbox.onmessage = ({ data }) => this.#onMessage(data as Said | Told);
  }

  /** Whether the browser has what it takes. */
  static get areSupported(): boolean {
    const { navigator } = globalThis as { navigator?: Partial<Navigator> };
    return navigator?.locks !== undefined && typeof BroadcastChannel === "function";
  }

  /** Comes before `connect()`. The WebAssembly must have been loaded: this tab may be the host. */
  enter(): Promise<void> {
    this.#entered ??= this.#enter();
    return this.#entered;
  }

  connect(guest: Guest): LocalSocket {
    const socket = new LocalSocket();
    if (this.#host !== undefined) {
      this.#host.seat(socket, guest);
    } else {
      this.#seat(socket, guest);
    }
    return socket;
  }

  /** Ends the members of this tab. If it is the host, those of others are lost. */
  end(reason: string): void {
    this.#isOver.abort();
    this.#host?.end(FOR_GOOD, reason);
    for (const [number, { socket }] of this.#remotes) {
      this.#say({ type: "leave", from: this.#tab, socket: number, code: FOR_GOOD });
      socket.ended(FOR_GOOD, reason);
    }
    this.#remotes.clear();
    this.#release();
    const visitors = [...this.#visitors.values()].map(({ channel }) => channel);
    for (const channel of [this.#everybody, this.#inbox, this.#outbox, ...visitors]) {
      channel?.close();
    }
  }

  async #enter(): Promise<void> {
    // Before anybody hears of us, or they would think us gone.
    await new Promise<void>((resolve, reject) => {
      const held = () => {
        resolve();
        return this.#over;
      };
      navigator.locks.request(lockOfTab(this.#tab), held).catch(reject);
    });
    if (this.#isOver.signal.aborted) {
      return;
    }
    this.#await(`${PREFIX}host:${this.#name}`, () => {
      this.#becomeHost();
      return this.#over;
    });
    this.#call({ type: "who" });
  }

  /** Does something when a lock is free, and holds it so long; or never, after the end. */
  #await(lock: string, act: () => Promise<void> | undefined): void {
    const { signal } = this.#isOver;
    const whenFree = () => (signal.aborted ? undefined : act());
    // It rejects when we do not wait any longer.
    navigator.locks.request(lock, { signal }, whenFree).catch(() => {});
  }

  #call(call: Call): void {
    this.#everybody.postMessage(call);
  }

  #onCall(call: Call): void {
    if (call.type === "host") {
      this.#onHost(call.tab);
    } else if (this.#host !== undefined) {
      this.#call({ type: "host", tab: this.#tab });
    }
  }

  #onMessage(message: Said | Told): void {
    switch (message.type) {
      case "join":
      case "say":
      case "leave":
        if (this.#host !== undefined) {
          this.#onSaid(this.#host, message);
        }
        break;
      default:
        if (message.from === this.#hostTab) {
          this.#onTold(message);
        }
    }
  }

  // As one of the others.

  #seat(socket: LocalSocket, guest: Guest): void {
    this.#lastSocket += 1;
    const number = this.#lastSocket;
    const from = this.#tab;
    this.#remotes.set(number, { socket, guest });
    socket.line = {
      send: (bytes) => this.#say({ type: "say", from, socket: number, bytes }),
      close: (code, reason) => {
        this.#say({ type: "leave", from, socket: number, code });
        this.#remotes.delete(number);
        later(() => socket.ended(code, reason));
      },
    };
    // Without a host it joins the next one.
    this.#say({ type: "join", from, socket: number, guest });
  }

  #say(said: Said): void {
    this.#outbox?.postMessage(said);
  }

  #onTold(told: Told): void {
    const socket = this.#remotes.get(told.socket)?.socket;
    switch (told.type) {
      case "opened":
        socket?.opened();
        break;
      case "hear":
        socket?.deliver(told.bytes);
        break;
      case "taken":
        socket?.taken(told.count);
        break;
      case "ended":
        this.#remotes.delete(told.socket);
        socket?.ended(told.code, told.reason);
        break;
    }
  }

  #onHost(tab: string): void {
    if (tab !== this.#hostTab) {
      this.#hostTab = tab;
      this.#outbox?.close();
      this.#outbox = new BroadcastChannel(`${PREFIX}tab:${tab}`);
      this.#moveOn((socket, guest) => this.#seat(socket, guest));
    }
  }

  /** The host was another one. Who was with it is lost; who still waits can wait for this one. */
  #moveOn(seat: (socket: LocalSocket, guest: Guest) => void): void {
    const remotes = [...this.#remotes.values()];
    this.#remotes.clear();
    for (const { socket, guest } of remotes) {
      if (socket.readyState === socket.CONNECTING) {
        seat(socket, guest);
      } else {
        socket.ended(LOST, "");
      }
    }
  }

  // As the host.

  #becomeHost(): void {
    const [name, url] = [this.#name, this.#url];
    const host = new RoomHost({ name, url, clock: realClock, isRemote: false });
    this.#host = host;
    this.#hostTab = this.#tab;
    this.#outbox?.close();
    this.#outbox = undefined;
    this.#call({ type: "host", tab: this.#tab });
    this.#moveOn((socket, guest) => host.seat(socket, guest));
  }

  #onSaid(host: RoomHost, said: Said): void {
    const { lines, channel } = this.#visitor(host, said.from);
    const [from, socket] = [this.#tab, said.socket];
    const tell = (told: Told) => channel.postMessage(told);
    const line = lines.get(socket);
    switch (said.type) {
      case "join": {
        const seat: Seat = {
          opened: () => tell({ type: "opened", from, socket }),
          deliver: (bytes) => tell({ type: "hear", from, socket, bytes }),
          ended: (code, reason) => {
            lines.delete(socket);
            // The room goes on without us.
            const known = this.#isOver.signal.aborted ? LOST : code;
            tell({ type: "ended", from, socket, code: known, reason });
          },
        };
        const taken = host.connect(said.guest, seat);
        if (taken !== undefined) {
          lines.set(socket, taken);
        }
        break;
      }
      case "say":
        host.receive(line, said.bytes);
        tell({ type: "taken", from, socket, count: said.bytes.length });
        break;
      case "leave":
        lines.delete(socket);
        host.close(line, said.code);
        break;
    }
  }

  #visitor(host: RoomHost, tab: string): Visitor {
    const known = this.#visitors.get(tab);
    if (known !== undefined) {
      return known;
    }
    const channel = new BroadcastChannel(`${PREFIX}tab:${tab}`);
    const visitor = { channel, lines: new Map() };
    this.#visitors.set(tab, visitor);
    this.#await(lockOfTab(tab), () => {
      this.#visitors.delete(tab);
      for (const line of visitor.lines.values()) {
        // It does not come back.
        host.close(line, FOR_GOOD);
      }
      // Not before: while they leave one by one, the others are told of it.
      channel.close();
      return undefined;
    });
    return visitor;
  }
}

function lockOfTab(tab: string): string {
  return `${PREFIX}tab:${tab}`;
}

/** With the version of what the tabs say to each other: others must not meet. */
const PREFIX = "room-messaging/2:";

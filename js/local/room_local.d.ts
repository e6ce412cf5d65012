// What the generated glue exports. Its own declarations are never published.

/** What to do with a connection: send a packet, ask for a sign of life, or end it. */
export type LocalOutput =
  | [line: number, packet: Uint8Array<ArrayBuffer>]
  | [line: number]
  | LocalEnd;

/** A close code, 1006 if the connection is just dropped, and a reason. */
export type LocalEnd = [line: number, code: number, reason: string];

/** A room. Connections are numbers, times are milliseconds since some moment. */
export class LocalCore {
  constructor(name: string, url: string, sessionId: string, isRemote: boolean);
  /** Takes who is new, or comes back: `resume` is what the URL says. Throws if there is no place. */
  connect(
    now: number,
    participantId: string,
    name: string,
    role: string,
    attributes: string,
    epoch: string,
    resume?: string,
  ): number;
  receive(now: number, line: number, packet: Uint8Array): void;
  /** There was a sign of life. */
  heard(now: number, line: number): void;
  /** So many bytes have arrived; where there is no network, nobody says so. */
  taken(line: number, bytes: number): void;
  /** The connection is closed, with a code if it was not just dropped. */
  close(now: number, line: number, code?: number): void;
  nextWakeup(): number | undefined;
  wake(now: number): void;
  /** All that is to be done now, in order. */
  drain(): LocalOutput[];
  free(): void;
}

export default function load(options: { module_or_path: unknown }): Promise<unknown>;

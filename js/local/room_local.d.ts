// What the generated glue exports. Its own declarations are never published.

/** A packet for a member, or the end of its connection: a close code and a reason. */
export type LocalOutput = [member: number, packet: Uint8Array<ArrayBuffer>] | LocalEnd;

export type LocalEnd = [member: number, code: number, reason: string];

/** A room. Members are numbers. */
export class LocalCore {
  constructor(name: string, url: string, sessionId: string);
  /** Throws an `Error` if there is no place. */
  join(participantId: string, name: string, role: string, attributes: string): number;
  receive(member: number, packet: Uint8Array): void;
  leave(member: number): void;
  /** All that is to be told now, in order. */
  drain(): LocalOutput[];
  free(): void;
}

export default function load(options: { module_or_path: unknown }): Promise<unknown>;

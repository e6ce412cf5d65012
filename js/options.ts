import { failure } from "./errors.js";
import { inWords } from "./values.js";

/** The numbers among the options of a client. Every field may be left out. */
export interface CoreOptions {
  handshakeTimeoutMs?: number | undefined;
  requestTimeoutMs?: number | undefined;
  streamOpenTimeoutMs?: number | undefined;
  streamWindowBytes?: number | undefined;
  maxMessageBytes?: number | undefined;
  maxQueuedBytes?: number | undefined;
  maxQueuedMessages?: number | undefined;
  packetBytes?: number | undefined;
}

/**
 * The options as numbers in the order of `src/options.rs`, 0 for what is left out.
 *
 * @throws `RoomError` `invalid-argument` for one that is no number, or out of range.
 */
export function optionNumbers(options: CoreOptions): Float64Array {
  return Float64Array.from(BOUNDS, ([name, least, most, unit]) => {
    const value: unknown = options[name] ?? undefined;
    if (value === undefined) {
      return 0;
    }
    if (typeof value !== "number" || !(value >= least && value <= most)) {
      const bounds = `between ${least === 1 ? 1 : 0} and ${most} ${unit}`;
      throw failure("invalid-argument", `${name} must be ${bounds}, but is ${inWords(value)}`);
    }
    return value;
  });
}

/** A day. */
const LONGEST_MS = 86_400_000;

/** A gigabyte: linear memory ends at four. */
const MOST = 1_073_741_824;

const BOUNDS: [keyof CoreOptions, number, number, string][] = [
  ["handshakeTimeoutMs", Number.MIN_VALUE, LONGEST_MS, "milliseconds"],
  ["requestTimeoutMs", Number.MIN_VALUE, LONGEST_MS, "milliseconds"],
  ["streamOpenTimeoutMs", Number.MIN_VALUE, LONGEST_MS, "milliseconds"],
  ["streamWindowBytes", 1, MOST, "bytes"],
  ["maxMessageBytes", 1, MOST, "bytes"],
  ["maxQueuedBytes", 1, MOST, "bytes"],
  ["maxQueuedMessages", 1, MOST, "messages"],
  ["packetBytes", 1, MOST, "bytes"],
];

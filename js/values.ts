import { failure, reasonText } from "./errors.js";

/** Bytes as they are given to this package. */
export type Bytes = Uint8Array | ArrayBuffer | ArrayBufferView;

/**
 * Bytes as this package gives them: an array over an `ArrayBuffer`, which may be larger than the
 * array. Compilers before TypeScript 5.7 cannot write `Uint8Array<ArrayBuffer>`, and newer ones want it here and there.
 */
export type OwnBytes = ReturnType<Uint8Array["slice"]>;

/** What can go with a message. Bytes are copied at once; a `Blob` or `File` is read first. */
export type Attachment = Bytes | Blob;

/** Whom a message is for: a participant, or the id of one. */
export type Recipient =
  | string
  | {
      /** The id of a participant. */
      readonly id: string;
    };

/** Writes a value as JSON text, or throws an `invalid-argument` that names it. */
export function jsonText(what: string, value: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (cause) {
    // Browsers draw a cycle in the lines below.
    const [why] = reasonText(cause).split("\n", 1);
    throw failure("invalid-argument", `${what} cannot be written as JSON: ${why}`, cause);
  }
  if (text === undefined) {
    throw failure("invalid-argument", `${what} cannot be written as JSON: it is ${inWords(value)}`);
  }
  return text;
}

/** The same for what must be an object. */
export function jsonObject(what: string, value: unknown): string {
  const text = jsonText(what, value);
  if (!text.startsWith("{")) {
    throw failure("invalid-argument", `${what} must be an object, but is ${inWords(value)}`);
  }
  return text;
}

/** Checks that a value is a string with something in it. */
export function nonEmpty(what: string, value: unknown): string {
  if (typeof value !== "string" || value === "") {
    throw failure("invalid-argument", `${what} must be a string, but is ${inWords(value)}`);
  }
  return value;
}

/** The id of a recipient. */
export function recipientId(to: unknown): string {
  const id = isObject(to) ? (to as { id?: unknown }).id : to;
  return nonEmpty("the recipient `to` (a participant or its id)", id);
}

/** Sees bytes of any kind as a `Uint8Array`, without a copy. */
export function bytesOf(what: string, value: unknown): Uint8Array {
  try {
    if (ArrayBuffer.isView(value)) {
      return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    }
    if (value instanceof ArrayBuffer || isShared(value)) {
      return new Uint8Array(value);
    }
  } catch (cause) {
    throw failure("invalid-argument", `${what} cannot be read: its buffer is gone`, cause);
  }
  const kinds = "a Uint8Array, an ArrayBuffer or a view of one";
  throw failure("invalid-argument", `${what} must be ${kinds}, but is ${inWords(value)}`);
}

/** Pages that are not isolated do not know the name. */
function isShared(value: unknown): value is ArrayBuffer {
  return typeof SharedArrayBuffer !== "undefined" && value instanceof SharedArrayBuffer;
}

/** An attachment's bytes; only a Blob has to be read first. */
export function attachmentBytes(attachment: unknown): Uint8Array | undefined | Promise<Uint8Array> {
  if (attachment === undefined || attachment === null) {
    return undefined;
  }
  if (typeof Blob !== "undefined" && attachment instanceof Blob) {
    return readBlob(attachment);
  }
  return bytesOf("the attachment", attachment);
}

async function readBlob(blob: Blob): Promise<Uint8Array> {
  try {
    return new Uint8Array(await blob.arrayBuffer());
  } catch (cause) {
    const why = reasonText(cause);
    throw failure("invalid-argument", `the attachment cannot be read: ${why}`, cause);
  }
}

/** Whether a value can have properties worth looking at. */
export function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** A wrong value in a few words: itself if it is short, else what it is. */
export function inWords(value: unknown): string {
  if (typeof value === "string") {
    return value.length > LONGEST_VALUE ? `a string of ${value.length} characters` : `"${value}"`;
  }
  if (typeof value === "function") {
    return "a function";
  }
  if (isObject(value)) {
    return Array.isArray(value) ? "an array" : "an object";
  }
  return String(value);
}

const LONGEST_VALUE = 80;

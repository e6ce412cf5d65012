import { failure } from "./errors.js";

/** Bytes as they are given to this package. */
export type Bytes = Uint8Array | ArrayBuffer | ArrayBufferView;

/** What can go with a message. */
export type Attachment = Bytes | Blob;

/** Whom a message is for: a participant, or the id of one. */
export type Recipient = string | { readonly id: string };

/** Writes a value as JSON text, or throws an `invalid-argument` that names it. */
export function jsonText(what: string, value: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (cause) {
    throw failure("invalid-argument", `${what} cannot be written as JSON: ${cause}`, cause);
  }
  if (text === undefined) {
    throw failure("invalid-argument", `${what} cannot be written as JSON: it is a ${typeof value}`);
  }
  return text;
}

/** The same for what must be an object. */
export function jsonObject(what: string, value: unknown): string {
  const text = jsonText(what, value);
  if (!text.startsWith("{")) {
    throw failure("invalid-argument", `${what} must be an object, not ${text.slice(0, 40)}`);
  }
  return text;
}

/** Checks that a value is a string with something in it. */
export function nonEmpty(what: string, value: unknown): string {
  if (typeof value !== "string" || value === "") {
    const found = value === "" ? "empty" : `a ${typeof value}`;
    throw failure("invalid-argument", `${what} must be a string, but is ${found}`);
  }
  return value;
}

/** The id of a recipient. */
export function recipientId(to: unknown): string {
  const id = typeof to === "object" && to !== null ? (to as { id?: unknown }).id : to;
  return nonEmpty("the recipient `to` (a participant or its id)", id);
}

/** Sees bytes of any kind as a `Uint8Array`, without a copy. */
export function bytesOf(what: string, value: unknown): Uint8Array {
  if (value instanceof Uint8Array) {
    return value;
  }
  if (ArrayBuffer.isView(value)) {
    return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  }
  if (value instanceof ArrayBuffer) {
    return new Uint8Array(value);
  }
  const kinds = "a Uint8Array, an ArrayBuffer, a view of one, or a Blob";
  throw failure("invalid-argument", `${what} must be ${kinds}, but is a ${typeof value}`);
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
    throw failure("invalid-argument", `the attachment cannot be read: ${cause}`, cause);
  }
}

/** Whether a single argument is a set of named options. */
export function isOptions(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

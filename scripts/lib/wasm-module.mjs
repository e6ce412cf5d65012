// The binary form of WebAssembly modules, as far as the build looks into it.

const HEADER_BYTES = 8;
export const CUSTOM_SECTION = 0;
export const IMPORT_SECTION = 2;
export const CODE_SECTION = 10;

/** The sections of a module, as `{ id, body }`. */
export function sections(wasm) {
  const reader = new Reader(wasm.subarray(HEADER_BYTES));
  const found = [];
  while (!reader.isAtEnd) {
    const [id] = reader.take(1);
    found.push({ id, body: reader.take(reader.number()) });
  }
  return found;
}

/** A module with these sections. */
export function withSections(given) {
  const parts = given.flatMap(({ id, body }) => [Buffer.of(id), number(body.length), body]);
  return Buffer.concat([HEADER, ...parts]);
}

const HEADER = Buffer.from("\0asm\x01\0\0\0", "latin1");

/** A place in the bytes of a module. */
export class Reader {
  #bytes;
  #at = 0;

  constructor(bytes) {
    this.#bytes = bytes;
  }

  get isAtEnd() {
    return this.#at >= this.#bytes.length;
  }

  take(length) {
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  number() {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const [byte] = this.take(1);
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) {
        return value;
      }
    }
  }

  name() {
    return Buffer.from(this.take(this.number())).toString();
  }

  /** What an import is. All of wasm-bindgen's are functions. */
  description() {
    const [kind] = this.take(1);
    if (kind !== 0) {
      throw new Error(`an import of kind ${kind}, which is no function`);
    }
    return Buffer.concat([Buffer.of(kind), number(this.number())]);
  }

  entries(rewriteOne) {
    const count = this.number();
    return Buffer.concat([number(count), ...Array.from({ length: count }, rewriteOne).flat()]);
  }
}

/** A name as a module has it. */
export function name(text) {
  const bytes = Buffer.from(text);
  return Buffer.concat([number(bytes.length), bytes]);
}

/** A number as a module has it: LEB128. */
export function number(value) {
  const bytes = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) {
    bytes.push((rest & 0x7f) | 0x80);
  }
  return Buffer.from([...bytes, rest]);
}

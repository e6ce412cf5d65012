/** The WebAssembly module; the build writes this. */
export const COMPRESSED: string;

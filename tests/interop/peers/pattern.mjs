/** `size` bytes that every peer can make by itself: (i * 31 + 7) mod 256. */
export function pattern(size) {
  return Uint8Array.from({ length: size }, (_, index) => (index * 31 + 7) & 255);
}

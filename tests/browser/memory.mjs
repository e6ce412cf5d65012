// The memory of the client's WebAssembly in a page, which the package shows to nobody.

/** Keeps it as `memory`, once the client is loaded. To be called before that. */
export function exposeMemory(page) {
  return page.evaluate(() => {
    for (const name of ["instantiate", "instantiateStreaming"]) {
      const original = WebAssembly[name];
      WebAssembly[name] = async (...args) => {
        const result = await original.apply(WebAssembly, args);
        globalThis.memory = (result.instance ?? result).exports.memory;
        return result;
      };
    }
  });
}

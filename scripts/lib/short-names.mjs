// Short names between the WebAssembly module and its glue.
//
// wasm-bindgen names each import after what it does and a hash, which no compression shortens, and
// both files have them all.

import { IMPORT_SECTION, name, number, Reader, sections, withSections } from "./wasm-module.mjs";

/** What wasm-bindgen calls the glue in the module's imports. */
const longModule = (name) => JSON.stringify(`./${name}_bg.js`);
const SHORT_MODULE = '"g"';

/** What esbuild is to shorten in the glue of that module: the names of its imports and exports. */
export function namesOf(wasm) {
  const module = new WebAssembly.Module(wasm);
  const { imports, exports } = WebAssembly.Module;
  const names = [...imports(module), ...exports(module)].map(({ name }) => name);
  // The others are words of JavaScript too.
  return new RegExp(`^(?:${names.filter((name) => name.includes("_")).join("|")})$`);
}

/** The glue with the short name of its module. */
export function renameModule(name, script) {
  const long = longModule(name);
  const [before, after, ...more] = script.split(long);
  if (after === undefined || more.length > 0) {
    throw new Error(`the glue should name ${long} once`);
  }
  return `${before}${SHORT_MODULE}${after}`;
}

/**
 * A module whose public classes have their public names again, which stacks and consoles show.
 * Keeping the names of everything would cost six times as much.
 */
export function withClassNames(script) {
  const [, exported] = /\bexport\s*\{([^{}]*)\};?\s*$/.exec(script) ?? [];
  if (exported === undefined) {
    // It only passes on what others export.
    return script;
  }
  const classes = exported.split(",").map((part) => part.split(" as "));
  const shortened = classes.filter(([short, long]) => /^[A-Z]/.test(long ?? "") && short !== long);
  if (shortened.length === 0) {
    return script;
  }
  const pairs = shortened.map(([short, long]) => `[${short.trim()},"${long.trim()}"]`);
  const define = 'Object.defineProperty(c,"name",{value:n})';
  return `${script.trimEnd()}for(const[c,n]of[${pairs}])${define};\n`;
}

/** The module with the names of `short`, from long to short, that it imports and exports. */
export function renameInModule(moduleName, wasm, short) {
  const shorten = (name) => short[name] ?? name;
  const long = longModule(moduleName);
  return withSections(
    sections(wasm).map(({ id, body }) => ({ id, body: rewrite(id, body, long, shorten) })),
  );
}

const EXPORT_SECTION = 7;

function rewrite(section, body, long, shorten) {
  const reader = new Reader(body);
  if (section === IMPORT_SECTION) {
    return reader.entries(() => {
      const module = JSON.stringify(reader.name());
      const from = JSON.parse(module === long ? SHORT_MODULE : module);
      return [name(from), name(shorten(reader.name())), reader.description()];
    });
  }
  if (section === EXPORT_SECTION) {
    return reader.entries(() => {
      const exported = name(shorten(reader.name()));
      return [exported, reader.take(1), number(reader.number())];
    });
  }
  return body;
}

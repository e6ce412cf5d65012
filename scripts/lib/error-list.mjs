// What is made of the list of errors in `crates/proto/src/error.rs`: a type, and a page.

import { readFile } from "node:fs/promises";

import { Failure } from "./log.mjs";
import { at } from "./paths.mjs";
import { ask } from "./run.mjs";

/** The files as they should be: `[[path, text]]`. */
export function errorFiles() {
  const args = ["run", "--quiet", "--package", "room-proto", "--example", "error_list"];
  const lines = ask("cargo", args, { timeout: 600_000 });
  if (lines === undefined) {
    throw new Failure("the list of errors cannot be had: cargo run --example error_list");
  }
  const errors = lines.split("\n").map((line) => JSON.parse(line));
  return [
    [at("js", "error-codes.ts"), types(errors)],
    [at("docs", "errors.md"), page(errors)],
  ];
}

/** Those that are not. */
export async function outdatedErrorFiles() {
  const files = errorFiles();
  const texts = await Promise.all(files.map(([file]) => readFile(file, "utf8").catch(() => "")));
  return files.filter(([, text], index) => text !== texts[index]).map(([file]) => file);
}

function types(errors) {
  const members = errors.map(({ code, meaning }) => `  /** ${meaning} */\n  | "${code}"`);
  const hints = errors.map(
    ({ code, hint }) => `  ${JSON.stringify(code)}: ${JSON.stringify(hint)},`,
  );
  const retryable = errors.filter((error) => error.retryable).map(({ code }) => code);
  return `// Made by scripts/errors.mjs from crates/proto/src/error.rs.

/** What can go wrong, for programs. No release rewords a code. */
export type RoomErrorCode =
${members.join("\n")};

/** What to do about it, in a sentence. */
export const HINTS: Record<RoomErrorCode, string> = {
${hints.join("\n")}
};

/** Those after which the same call may succeed later. */
export const RETRYABLE: readonly RoomErrorCode[] = ${JSON.stringify(retryable)};
`;
}

function page(errors) {
  const rows = errors.map(({ code, meaning, hint, retryable }) => {
    const cells = [`\`${code}\``, meaning, retryable ? "yes" : "no", hint];
    return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  });
  return `# Errors

Every rejection of this package, and everything that it throws, is a \`RoomError\`: \`code\` is for
programs and never reworded, \`message\` says what was wrong with the value in question, \`hint\` what to
do about it, \`cause\` is what the platform threw, where there is such a thing. \`retryable\` says whether
the same call may succeed later.

\`\`\`js
try {
  await room.messaging.sendMessage(peer, "chat.message", { text });
} catch (error) {
  if (error instanceof RoomError && error.retryable) {
    showLater(error.hint);
  }
}
\`\`\`

| Code | What happened | Retryable | Hint |
|---|---|---|---|
${rows.join("\n")}

<!-- Made by scripts/errors.mjs from crates/proto/src/error.rs. -->
`;
}

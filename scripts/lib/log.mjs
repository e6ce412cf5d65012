// What the scripts say, and how they fail.

const colours = Boolean(process.stdout.isTTY) && !process.env.NO_COLOR;

/** Something that a person can put right. It is shown without a stack trace. */
export class Failure extends Error {
  constructor(message, { exitCode = 1 } = {}) {
    super(message);
    this.name = "Failure";
    this.exitCode = exitCode;
  }
}

/** Announces what begins. */
export function step(text) {
  console.log(paint(`==> ${text}`, 1));
}

/** Says what was found or decided, in one line. */
export function note(text) {
  console.log(`    ${text}`);
}

export function warn(text) {
  console.error(paint(`warning: ${text}`, 33));
}

/** Runs a script to its end. Only a mistake in the script itself shows a stack. */
export async function main(script) {
  try {
    await script();
  } catch (error) {
    const expected = error instanceof Failure;
    console.error(paint(`error: ${expected ? error.message : error.stack}`, 31));
    process.exitCode = expected ? error.exitCode : 1;
  }
}

function paint(text, code) {
  return colours ? `\u001b[${code}m${text}\u001b[0m` : text;
}

import { failure, reasonText } from "./errors.js";
import { inWords } from "./values.js";

/**
 * A token (a JWT), or a function that gives one. It is asked before each connection, and, where
 * our own server goes on with the session, shortly before the token expires.
 */
export type TokenSource = string | (() => string | Promise<string>);

/** Refuses at once what can be no token. No message shows one. */
export function checkedToken(given: unknown): TokenSource {
  if (typeof given === "function") {
    return given as TokenSource;
  }
  return checkedText("the token", given);
}

/** The token for one connection. */
export async function askToken(source: TokenSource): Promise<string> {
  if (typeof source === "string") {
    return source;
  }
  let token: unknown;
  try {
    token = await source();
  } catch (cause) {
    const why = reasonText(cause);
    throw failure("invalid-token", `the token function failed: ${why}`, cause);
  }
  return checkedText("what the token function gave", token);
}

function checkedText(what: string, given: unknown): string {
  if (typeof given !== "string" || given === "") {
    throw failure("invalid-token", `${what} must be a string, but is ${inWords(given)}`);
  }
  if (!SUBPROTOCOL.test(given)) {
    throw failure("invalid-token", `${what} has characters that no token has`);
  }
  return given;
}

/** The characters that browsers allow in a subprotocol, where the token travels. */
const SUBPROTOCOL = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

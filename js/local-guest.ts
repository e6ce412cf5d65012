import { type MessagingClient, type RoomClientOptions, RoomError } from "./index.js";
import { inWords } from "./values.js";

/** What a client of a room without a server is made of: who it is, and the options of `RoomClient`. */
export interface LocalClientOptions<
  // biome-ignore lint/suspicious/noExplicitAny: a subclass says itself what it says
  Messaging extends MessagingClient<any> = MessagingClient,
> extends Omit<RoomClientOptions<Messaging>, "url" | "token"> {
  /** Its name, which the others see as the attribute `name`. */
  name: string;
  /** `user` by default; `agent`, `tool` or another word. */
  role?: string | undefined;
  /** Its first attributes, beside its name. */
  attributes?: Readonly<Record<string, unknown>> | undefined;
}

/** Who comes in, or comes back. */
export interface Guest {
  name: string;
  role: string;
  /** JSON text of an object. */
  attributes: string;
  /** What the URL says after `resume=`, if anything. */
  resume?: string | undefined;
}

/** Tells the guest from the other options. Throws `invalid-argument`. */
// biome-ignore lint/suspicious/noExplicitAny: whatever it says
export function guestOf<Options extends LocalClientOptions<any>>(options: Options) {
  const { name, role = "user", attributes = {}, ...rest } = options ?? {};
  const guest: Guest = {
    name: text("the name of a client", name),
    role: text("the role of a client", role),
    attributes: objectText("the attributes of a client", attributes),
  };
  return { guest, rest };
}

/** The guest as it opens a socket for this URL. */
export function guestAt(guest: Guest, url: string): Guest {
  return { ...guest, resume: new URL(url).searchParams.get("resume") ?? undefined };
}

/** Where a room without a server says that it is. */
export function localUrl(name: string): string {
  return `ws://local.invalid/rooms/${encodeURIComponent(name)}`;
}

/** Checks that a value is a string that says something. */
export function text(what: string, value: unknown): string {
  if (typeof value !== "string" || value.trim() === "") {
    throw invalid(`${what} must be a string with something in it, but is ${inWords(value)}`);
  }
  return value;
}

function objectText(what: string, value: unknown): string {
  let json: string | undefined;
  try {
    json = JSON.stringify(value);
  } catch (cause) {
    throw invalid(`${what} cannot be written as JSON: ${cause}`, cause);
  }
  if (!json?.startsWith("{")) {
    throw invalid(`${what} must be an object, but is ${inWords(value)}`);
  }
  return json;
}

/** An argument is wrong. */
export function invalid(message: string, cause?: unknown): RoomError {
  return new RoomError("invalid-argument", message, { hint: ARGUMENT_HINT, cause });
}

const ARGUMENT_HINT = 'Give what the message asks for, such as room.client({ name: "alice" }).';

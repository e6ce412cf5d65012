import type { Core } from "./core.js";
import type { EngineParticipant } from "./engine.js";
import { jsonObject, jsonText, nonEmpty } from "./values.js";

/** Attributes by name: any JSON. */
export type Attributes = Readonly<Record<string, unknown>>;

/** Somebody else in the room who has enabled messaging. */
export class RemoteParticipant {
  /** Its id; a new one for each connection. */
  readonly id: string;
  /** `user`, `agent`, `tool` or another word of the token's. */
  readonly role: string;
  #attributes: Attributes;

  /** @internal */
  constructor([id, role, attributes]: EngineParticipant) {
    this.id = id;
    this.role = role;
    this.#attributes = JSON.parse(attributes) as Attributes;
  }

  /** What it says about itself, as last heard. */
  get attributes(): Attributes {
    return this.#attributes;
  }

  /** Its attribute `name`, or the empty string. */
  get name(): string {
    return nameOf(this.#attributes);
  }

  /** One of its attributes. */
  // biome-ignore lint/suspicious/noExplicitAny: the shape is the application's
  getAttribute(name: string): any {
    return own(this.#attributes, name);
  }

  /** @internal */
  update(attributes: string): void {
    this.#attributes = JSON.parse(attributes) as Attributes;
  }
}

/** This page's own participant. */
export class LocalParticipant {
  readonly #core: () => Core;
  readonly #known: () => Core | undefined;

  /** @internal */
  constructor(core: () => Core, known: () => Core | undefined) {
    this.#core = core;
    this.#known = known;
  }

  /** Our id; the empty string until the room is ready. */
  get id(): string {
    return this.#known()?.place?.participantId ?? "";
  }

  /** What we say about ourselves. */
  get attributes(): Attributes {
    return JSON.parse(this.#known()?.localAttributes ?? "{}") as Attributes;
  }

  /** Our attribute `name`, which comes from the token, or the empty string. */
  get name(): string {
    return nameOf(this.attributes);
  }

  /** One of our attributes. */
  // biome-ignore lint/suspicious/noExplicitAny: the shape is the application's
  getAttribute(name: string): any {
    return own(this.attributes, name);
  }

  /**
   * Changes one attribute; those who have enabled messaging hear of it.
   *
   * @param value Any JSON.
   * @returns A promise that rejects with a `RoomError`: `invalid-argument`,
   * `not-connected`, `closed`, `connection-lost`.
   */
  async setAttribute(name: string, value: unknown): Promise<void> {
    nonEmpty("the name of the attribute", name);
    // As a property, what is not JSON would be left out without a word.
    jsonText(`the attribute ${name}`, value);
    await this.setAttributes({ [name]: value });
  }

  /** Changes several attributes at once, as `setAttribute()` does; the others stay. */
  async setAttributes(changed: Record<string, unknown>): Promise<void> {
    const text = jsonObject("the attributes", changed);
    this.#core().setAttributes(text);
  }
}

function nameOf(attributes: Attributes): string {
  const name = own(attributes, "name");
  return typeof name === "string" ? name : "";
}

function own(attributes: Attributes, name: string): unknown {
  return Object.hasOwn(attributes, name) ? attributes[name] : undefined;
}

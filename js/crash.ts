import { failure, type RoomError } from "./errors.js";

/**
 * The end of the WebAssembly instance.
 *
 * After a trap its memory is in the middle of something, and nobody inside will ever settle a
 * promise. So its users are told, who keep all that waits, and from then on nothing is asked of it
 * any more.
 */
let dead: RoomError | undefined;
const users = new Set<InstanceUser>();
let isListening = false;

/** Somebody who uses the instance. */
export interface InstanceUser {
  /** Asks the instance for something harmless, to see whether it still answers. */
  probe(): void;
  /** It has failed. Comes once. */
  crashed(error: RoomError): void;
}

/** From now on `user` is told of the end. */
export function addUser(user: InstanceUser): void {
  users.add(user);
  const scope = globalThis as Partial<EventTarget>;
  if (!isListening && typeof scope.addEventListener === "function") {
    isListening = true;
    scope.addEventListener("error", onForeignError);
  }
}

export function removeUser(user: InstanceUser): void {
  users.delete(user);
}

/** Traps in timers and tasks, of which nobody else hears. It may be another module's. */
function onForeignError(event: Event): void {
  if (isTrap((event as ErrorEvent).error)) {
    for (const user of [...users]) {
      try {
        user.probe();
      } catch (error) {
        crash(error);
      }
    }
  }
}

/** The instance has failed. It may be still on the stack, so nothing is called at once. */
export function crash(cause: unknown): RoomError {
  if (dead === undefined) {
    const error = failure(
      "internal",
      `the WebAssembly core failed: ${cause}; reload the page`,
      cause,
    );
    dead = error;
    queueMicrotask(() => tellAll(error));
  }
  return dead;
}

function tellAll(error: RoomError): void {
  for (const user of [...users]) {
    user.crashed(error);
  }
}

/** Asks the instance, unless it is dead. What it throws at its end is a crash. */
export function attempt<Part, T>(act: (part: Part) => T, part: Part): T {
  if (dead !== undefined) {
    throw dead;
  }
  try {
    return act(part);
  } catch (error) {
    throw isTrap(error) ? crash(error) : error;
  }
}

function isTrap(error: unknown): boolean {
  // The stack of the instance is that of the engine.
  return error instanceof WebAssembly.RuntimeError || error instanceof RangeError;
}

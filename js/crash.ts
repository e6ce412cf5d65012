import { failure, type RoomError } from "./errors.js";

/**
 * The end of the WebAssembly instance.
 *
 * After a trap its memory is in the middle of something, and nobody inside will ever settle a
 * promise. So everything that waits for it is kept here, and fails with one error; from then on
 * nothing is asked of it any more.
 */
let dead: RoomError | undefined;
const waiting = new Set<(error: RoomError) => void>();
const streams = new Set<WeakRef<StreamController>>();
const users = new Set<InstanceUser>();
let isListening = false;

/** Somebody who uses the instance. */
export interface InstanceUser {
  /** Asks the instance for something harmless, to see whether it still answers. */
  probe(): void;
  /** It has failed. Comes once. */
  crashed(error: RoomError): void;
}

interface StreamController {
  error(reason: unknown): void;
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

/** A stream that could not end by itself. */
export function noteStream(controller: StreamController): void {
  for (const stream of streams) {
    if (stream.deref() === undefined) {
      streams.delete(stream);
    }
  }
  streams.add(new WeakRef(controller));
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
  for (const reject of waiting) {
    reject(error);
  }
  waiting.clear();
  for (const stream of streams) {
    try {
      stream.deref()?.error(error);
    } catch {
      // It has ended.
    }
  }
  streams.clear();
  for (const user of [...users]) {
    user.crashed(error);
  }
}

/** An object of the instance, asked nothing after its end. What it throws at its end is a crash. */
export function guarded<T extends object>(target: T): T {
  return new Proxy(target, {
    get: (_, name) => {
      const value = attempt(() => Reflect.get(target, name, target));
      if (typeof value !== "function") {
        return value;
      }
      return (...args: unknown[]) => lasting(attempt(() => value.apply(target, args)));
    },
  });
}

function attempt(act: () => unknown): unknown {
  if (dead !== undefined) {
    throw dead;
  }
  try {
    return act();
  } catch (error) {
    throw isTrap(error) ? crash(error) : error;
  }
}

function isTrap(error: unknown): boolean {
  // The stack of the instance is that of the engine.
  return error instanceof WebAssembly.RuntimeError || error instanceof RangeError;
}

/** What outlives the call must not outlive the instance. */
function lasting(result: unknown): unknown {
  if (result instanceof Promise) {
    return new Promise((resolve, reject) => {
      const settle = () => waiting.delete(reject);
      waiting.add(reject);
      result.then(resolve, reject).then(settle);
    });
  }
  const isOurs = typeof result === "object" && result !== null && "__wbg_ptr" in result;
  return isOurs ? guarded(result) : result;
}

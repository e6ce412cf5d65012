// What a page has and Rust has not: a socket that a test can play with, a listener that keeps what
// it hears, and waiting that ends.

/** A WebSocket whose other end is in the test. */
export class FakeSocket extends EventTarget {
  binaryType = "blob";
  bufferedAmount = 0;
  readyState = 0;
  /** Set to make `send` throw. */
  broken = false;
  #onSend;
  #onClose;

  constructor(onSend, onClose) {
    super();
    this.#onSend = onSend;
    this.#onClose = onClose;
  }

  send(data) {
    if (this.broken || this.readyState !== 1) throw new Error("the socket cannot send");
    this.#onSend(data.slice());
  }

  close(code, reason = "") {
    if (code !== undefined && code !== 1000 && (code < 3000 || code > 4999)) {
      throw new DOMException(`${code} is not allowed`, "InvalidAccessError");
    }
    if (this.readyState >= 2) return;
    this.readyState = 2;
    this.#onClose(code ?? 1005, reason);
    setTimeout(() => this.end(code ?? 1005, reason));
  }

  // The other end:

  open() {
    this.readyState = 1;
    this.dispatchEvent(new Event("open"));
  }

  deliver(bytes) {
    if (this.readyState !== 1) return;
    const data = bytes.slice().buffer;
    this.dispatchEvent(new MessageEvent("message", { data }));
  }

  deliverText(data) {
    this.dispatchEvent(new MessageEvent("message", { data }));
  }

  end(code, reason) {
    if (this.readyState === 3) return;
    this.readyState = 3;
    if (code === 1006) this.dispatchEvent(new Event("error"));
    this.dispatchEvent(new CloseEvent("close", { code, reason, wasClean: code !== 1006 }));
  }

  /** A refusal as Node's built-in socket reports it. */
  fail() {
    this.dispatchEvent(new Event("error"));
  }
}

/** A `CoreListener` that writes down what it hears. */
export class Recorder {
  heard = [];
  messages = [];
  /** Participants: id, role, attributes. */
  added = [];
  offers = [];
  calls = [];
  /** Called when the room is ready, and with how the session ended. */
  onOpened = undefined;
  onEnded = undefined;
  /** Called with each message. */
  onMessage = undefined;
  /** Set to make every method throw after it has written down. */
  angry = false;
  #waiting = [];

  callRequested(call, { type }) {
    this.calls.push(call);
    this.#note(`call ${type}`);
  }

  opened() {
    this.onOpened?.();
  }

  ended(error) {
    this.onEnded?.(error);
    this.#note(`ended ${error.code}`);
  }

  messagingEnabled() {
    this.#note("enabled");
  }

  participantAdded(participant) {
    this.added.push(participant);
    this.#note(`added ${participant[0]}`);
  }

  participantRemoved(id) {
    this.#note(`removed ${id}`);
  }

  participantUpdated(id, _attributes, changed) {
    this.#note(`updated ${id} ${changed}`);
  }

  message(from, type, message, attachment) {
    this.messages.push({ from, type, message: JSON.parse(message), attachment });
    this.onMessage?.(from, type);
    this.#note(`message ${type}`);
  }

  streamRequested(offer) {
    this.offers.push(offer);
    this.#note(`offer ${offer.streamId}`);
  }

  streamClosed(id, error) {
    this.#note(`closed ${id} ${error === undefined ? "cleanly" : error.code}`);
  }

  count(text) {
    return this.heard.filter((heard) => heard === text).length;
  }

  /** Resolves when `text` has been heard. */
  until(text) {
    if (this.heard.includes(text)) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ text, resolve }));
  }

  #note(text) {
    this.heard.push(text);
    this.#waiting = this.#waiting.filter((waiting) => {
      if (waiting.text === text) waiting.resolve();
      return waiting.text !== text;
    });
    if (this.angry) throw new Error("the listener is angry");
  }
}

/** Fails a test by name instead of ending the whole run. */
export function soon(promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing came of: ${what}`)), 5000);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Whether a promise is still pending after everything that can happen has happened. */
export async function isPending(promise) {
  const nothing = Symbol();
  const quiet = new Promise((resolve) => setTimeout(resolve, 30, nothing));
  return (await Promise.race([promise.catch(() => {}), quiet])) === nothing;
}

/** What a rejection says. */
export function outcome(promise) {
  return promise.then(
    () => "fulfilled",
    (error) => `${error.name} ${error.code}: ${error.message}`,
  );
}

export function throws(call) {
  try {
    call();
  } catch (error) {
    return `${error.name} ${error.code}`;
  }
  return "nothing";
}

export async function readAll(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}

/** Not with `Response`, which has words of its own for every error. */
export async function readBytes(stream) {
  return new Uint8Array(await new Blob(await readAll(stream)).arrayBuffer());
}

export function pattern(length) {
  return Uint8Array.from({ length }, (_, index) => (index * 7 + (index >> 8)) & 255);
}

export function equal(left, right) {
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}

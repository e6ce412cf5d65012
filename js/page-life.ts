/** What a page's life means for a connection. */
export interface PageLifeListener {
  /** The page is put to sleep: it may be kept in the back-forward cache, or frozen. */
  sleep(): void;
  /** It is awake again. */
  wake(): void;
  /** The network is there again, or the page is looked at again: time to see what still works. */
  doubt(): void;
  /** Comes now and then while the page is hidden, when its own timers are late. */
  tick(): void;
}

/** Listens to the page, or to nothing where there is none. */
export class PageLife {
  readonly #listener: PageLifeListener;
  readonly #stops: (() => void)[] = [];
  #ticker: Ticker | undefined;

  constructor(listener: PageLifeListener) {
    this.#listener = listener;
    const scope = globalThis as Partial<EventTarget>;
    this.#listen(scope, "online", () => listener.doubt());
    this.#listen(scope, "pagehide", (event) => {
      // A page that goes for good says goodbye by itself.
      if ((event as PageTransitionEvent).persisted) {
        listener.sleep();
      }
    });
    this.#listen(scope, "pageshow", (event) => {
      if ((event as PageTransitionEvent).persisted) {
        listener.wake();
      }
    });
    const { document } = globalThis as { document?: Document };
    if (document !== undefined) {
      this.#listen(document, "freeze", () => listener.sleep());
      this.#listen(document, "resume", () => listener.wake());
      this.#listen(document, "visibilitychange", () => this.#onVisibility(document));
      this.#onVisibility(document);
    }
  }

  /** Stops to listen. */
  end(): void {
    for (const stop of this.#stops.splice(0)) {
      stop();
    }
    this.#ticker?.stop();
    this.#ticker = undefined;
  }

  #onVisibility(document: Document): void {
    if (document.visibilityState === "hidden") {
      this.#ticker ??= new Ticker(() => this.#listener.tick());
      return;
    }
    if (this.#ticker !== undefined) {
      this.#ticker.stop();
      this.#ticker = undefined;
      this.#listener.doubt();
    }
  }

  #listen(target: Partial<EventTarget>, type: string, listener: (event: Event) => void): void {
    if (typeof target.addEventListener === "function") {
      target.addEventListener(type, listener);
      this.#stops.push(() => target.removeEventListener?.(type, listener));
    }
  }
}

/** A clock that hidden pages do not slow down: the one of a worker. */
class Ticker {
  #worker: Worker | undefined;

  constructor(onTick: () => void) {
    try {
      const url = URL.createObjectURL(new Blob([`setInterval(() => postMessage(0), ${TICK_MS})`]));
      this.#worker = new Worker(url);
      URL.revokeObjectURL(url);
      this.#worker.onmessage = onTick;
      // A Content-Security-Policy may not want it. Then the page's own timers have to do.
      this.#worker.onerror = (event) => event.preventDefault();
    } catch {
      this.#worker = undefined;
    }
  }

  stop(): void {
    this.#worker?.terminate();
  }
}

const TICK_MS = 2000;

// Bytes per second over the last seconds.

const SPAN_MS = 2_000;

export class Rate {
  #samples = [];

  /** `total` bytes were through at `now` milliseconds. */
  add(now, total) {
    this.#samples.push({ now, total });
    while (this.#samples.length > 2 && now - this.#samples[0].now > SPAN_MS) {
      this.#samples.shift();
    }
  }

  perSecond(now) {
    const [first] = this.#samples;
    const last = this.#samples.at(-1);
    const elapsed = first ? now - first.now : 0;
    return elapsed > 0 ? ((last.total - first.total) * 1000) / elapsed : 0;
  }
}

// Bytes per second over the last seconds.

const SPAN_MS = 2_000;

export class Rate {
  #samples = [];

  /** `total` bytes were through at `now` milliseconds. */
  add(now, total) {
    this.#samples.push({ now, total });
    this.#forgetBefore(now - SPAN_MS);
  }

  /** 0 while nothing comes through. */
  perSecond(now) {
    this.#forgetBefore(now - SPAN_MS);
    const [first] = this.#samples;
    const last = this.#samples.at(-1);
    const elapsed = first ? now - first.now : 0;
    return elapsed > 0 ? ((last.total - first.total) * 1000) / elapsed : 0;
  }

  /** The last one stays: the next is counted from there. */
  #forgetBefore(time) {
    while (this.#samples.length > 1 && this.#samples[0].now < time) {
      this.#samples.shift();
    }
  }
}

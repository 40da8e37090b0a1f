/** Times of frames as a player would show them: they always go on. Whole ticks of a film's own clock. */
export class Timeline {
  /** Ticks from the first frame. */
  readonly times: number[] = [];
  /** Time of the first frame on the film's own clock. */
  zero = 0;
  #interval: number;
  /** What is added where a film begins anew in the middle, as one that was put together from several does. */
  #shift = 0;

  /** @param interval between two frames, as far as is known beforehand */
  constructor(interval: number) {
    this.#interval = Math.max(1, Math.round(interval));
  }

  /** @param ticks NaN where the film does not say */
  add(ticks: number): void {
    const last = this.times.at(-1);
    if (last === undefined) {
      this.zero = ticks || 0;
      this.times.push(0);
      return;
    }
    const next = last + this.#interval;
    const own = Number.isNaN(ticks) ? next : ticks - this.zero;
    if (own > last) this.#shift = 0;
    else if (own + this.#shift <= last && !this.#tookLeap(own + this.#shift)) this.#shift = next - own;
    const time = own + this.#shift;
    if (time < next + this.#interval) this.#interval = time - this.times.at(-1)!;
    this.times.push(time);
  }

  /** Whether it was the last frame that leapt ahead, as a damaged one does; it is then put right before `time`. */
  #tookLeap(time: number): boolean {
    const last = this.times.at(-1)!;
    const before = this.times.at(-2) ?? last;
    if (last - before <= 2 * this.#interval || time <= before + 1) return false;
    this.times[this.times.length - 1] = Math.max(before + 1, time - this.#interval);
    return true;
  }
}

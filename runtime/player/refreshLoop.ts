/** When to draw: at the refreshes of the screen, and now and then where nobody sees it. */

/** A page in the background gets no refreshes; seeks end and films go on all the same. */
const HIDDEN_MS = 250;

/** Refreshes that are farther apart are no measure, in milliseconds. */
const LONGEST_REFRESH_MS = 50;

/** Share of a new interval in the mean. */
const MEAN_SHARE = 0.05;

export class RefreshLoop {
  readonly #work: (nowMs: number) => boolean;
  #frame = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;
  #lastMs = 0;
  #intervalMs = 1000 / 60;

  /** @param work called at a refresh; says whether it wants the next one too */
  constructor(work: (nowMs: number) => boolean) {
    this.#work = work;
  }

  /** Refreshes of the screen in a second, in the mean. */
  get refreshHz(): number {
    return 1000 / this.#intervalMs;
  }

  /** Asks for one refresh more. */
  wake(): void {
    if (this.#closed || this.#frame !== 0 || this.#timer !== undefined) return;
    if (document.hidden) this.#timer = setTimeout(() => this.#run(performance.now()), HIDDEN_MS);
    else {
      this.#frame = requestAnimationFrame((nowMs) => this.#run(nowMs));
      // A page that is hidden before its refresh has come does not get it.
      this.#timer = setTimeout(() => this.#run(performance.now()), 2 * HIDDEN_MS);
    }
  }

  close(): void {
    this.#closed = true;
    this.#cancel();
  }

  #run(nowMs: number): void {
    this.#cancel();
    const passed = nowMs - this.#lastMs;
    if (passed > 0 && passed < LONGEST_REFRESH_MS)
      this.#intervalMs += MEAN_SHARE * (passed - this.#intervalMs);
    this.#lastMs = nowMs;
    if (this.#work(nowMs)) this.wake();
  }

  #cancel(): void {
    if (this.#frame !== 0) cancelAnimationFrame(this.#frame);
    clearTimeout(this.#timer);
    this.#frame = 0;
    this.#timer = undefined;
  }
}

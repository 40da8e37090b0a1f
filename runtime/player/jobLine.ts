/** The jobs of the worker, one after the other or a few at a time; what nobody wants any more is left out. */

import { throwIfAborted } from '../errors.js';

/** A job that waits or is done. */
export interface LinedJob {
  readonly number: number;
  /** Jobs of one group share what is costly: of the same segment. */
  readonly group: number;
  run(signal: AbortSignal): Promise<void>;
}

interface Running {
  readonly group: number;
  readonly stop: AbortController;
  cancelled: boolean;
}

/**
 * Jobs in the order they come. A job that is cancelled while it runs goes on as long as those that wait are of its group, for they
 * would only begin its work again.
 */
export class JobLine {
  readonly #atOnce: number;
  readonly #waiting: LinedJob[] = [];
  readonly #running = new Map<number, Running>();

  constructor(atOnce: number) {
    this.#atOnce = atOnce;
  }

  add(job: LinedJob): void {
    this.#waiting.push(job);
    this.#relieve();
    this.#next();
  }

  cancel(number: number): void {
    const at = this.#waiting.findIndex((job) => job.number === number);
    if (at >= 0) this.#waiting.splice(at, 1);
    const running = this.#running.get(number);
    if (running) running.cancelled = true;
    this.#relieve();
  }

  /** Stops what was cancelled and is in the way of others. */
  #relieve(): void {
    for (const { cancelled, group, stop } of this.#running.values()) {
      if (cancelled && this.#waiting.some((job) => job.group !== group)) stop.abort();
    }
  }

  #next(): void {
    while (this.#running.size < this.#atOnce) {
      const job = this.#waiting.shift();
      if (!job) return;
      void this.#run(job);
    }
  }

  async #run(job: LinedJob): Promise<void> {
    const running = { group: job.group, stop: new AbortController(), cancelled: false };
    this.#running.set(job.number, running);
    // Messages that have come meanwhile have their turn: one may cancel this job.
    await new Promise((resolve) => setTimeout(resolve, 0));
    try {
      if (running.cancelled) running.stop.abort();
      throwIfAborted(running.stop.signal);
      await job.run(running.stop.signal);
    } catch {
      // Jobs tell of their failures themselves; this one was not begun.
    }
    this.#running.delete(job.number);
    this.#next();
  }
}

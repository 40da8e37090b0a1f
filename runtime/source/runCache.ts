/** Bytes that were fetched and may be wanted again. */

import type { ByteRun } from './byteRun.js';

/** Runs of bytes up to some number of bytes: what was used longest ago goes first. */
export class RunCache {
  readonly capacity: number;
  /** In the order of last use; a Set keeps insertion order. */
  readonly #runs = new Set<ByteRun>();
  #bytes = 0;

  /** @param capacity in bytes; Infinity keeps everything */
  constructor(capacity: number) {
    this.capacity = capacity;
  }

  /** Of all runs. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Keeps a run that nothing is appended to any more. */
  add(run: ByteRun): void {
    if (run.length === 0 || run.length > this.capacity) return;
    this.#runs.add(run);
    this.#bytes += run.length;
    for (const oldest of this.#runs) {
      if (this.#bytes <= this.capacity) break;
      this.#remove(oldest);
    }
  }

  /** A run that holds the byte at `place`; it is then the last one used. */
  at(place: number): ByteRun | undefined {
    for (const run of this.#runs) {
      if (place < run.start || place >= run.end) continue;
      this.#runs.delete(run);
      this.#runs.add(run);
      return run;
    }
    return undefined;
  }

  /** Where the first run behind `place` begins; Infinity if there is none. */
  nextStart(place: number): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { start } of this.#runs) if (start > place && start < next) next = start;
    return next;
  }

  clear(): void {
    this.#runs.clear();
    this.#bytes = 0;
  }

  #remove(run: ByteRun): void {
    this.#runs.delete(run);
    this.#bytes -= run.length;
  }
}

/** What a training tells its caller on the way, and what it is told. */

import { InterruptedError } from '../runtime/errors.js';
import type { EncodeHooks } from './encodeJob.js';

/** Says how far the training is (0..1) and whether it should end early with what it has. */
export interface TrainingWatch {
  progress(stage: string, done: number): void;
  /** @throws InterruptedError if the work was aborted */
  check(): void;
  readonly finishing: boolean;
}

/** Progress over all groups of scenes of a film, and the caller's two signals. */
export class EncodeWatch implements TrainingWatch {
  readonly #frames: number | undefined;
  readonly #hooks: EncodeHooks;
  readonly #started: number;
  #before = 0;
  #current = 0;

  /**
   * @param frames of the film, where they are known
   * @param started by performance.now()
   */
  constructor(frames: number | undefined, hooks: EncodeHooks, started: number) {
    this.#frames = frames;
    this.#hooks = hooks;
    this.#started = started;
  }

  /** The next group, of so many frames. */
  begin(frames: number): void {
    this.#before += this.#current;
    this.#current = frames;
    this.check();
  }

  progress(stage: string, done: number): void {
    const total = Math.max(this.#frames ?? 0, this.#before + this.#current);
    this.#hooks.onProgress?.({
      stage,
      done: (this.#before + this.#current * done) / total,
      seconds: (performance.now() - this.#started) / 1000,
    });
  }

  check(): void {
    if (!this.#hooks.signal?.aborted) return;
    throw new InterruptedError('The encode was stopped; nothing was written.');
  }

  get finishing(): boolean {
    return this.#hooks.finish?.aborted ?? false;
  }
}

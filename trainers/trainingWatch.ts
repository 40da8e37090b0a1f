/** What a training tells its caller on the way, and what it is told. */

import { InterruptedError } from '../runtime/errors.js';
import type { FilmInfo } from '../runtime/picture/picture.js';
import type { EncodeHooks } from './encodeJob.js';
import { filmPsnr } from './psnr.js';
import type { TrainedSegment } from './segmentTrainer.js';

/** Says how far the training is (0..1) and whether it should end early with what it has. */
export interface TrainingWatch {
  progress(stage: string, done: number): void;
  /** @throws InterruptedError if the work was aborted */
  check(): void;
  readonly finishing: boolean;
}

/** Progress over all groups of scenes of a film, and the caller's two signals. */
export class EncodeWatch implements TrainingWatch {
  readonly #info: Pick<FilmInfo, 'width' | 'height' | 'chroma' | 'frames'>;
  readonly #hooks: EncodeHooks;
  readonly #started: number;
  readonly #pace = new Pace();
  #before = 0;
  #current = 0;
  #bytes = 0;
  #squaredErrors = [0, 0, 0];

  /**
   * @param info of the film; `frames` where they are known
   * @param started by performance.now()
   */
  constructor(
    info: Pick<FilmInfo, 'width' | 'height' | 'chroma' | 'frames'>,
    hooks: EncodeHooks,
    started: number,
  ) {
    this.#info = info;
    this.#hooks = hooks;
    this.#started = started;
  }

  /** The next group, of so many frames. */
  begin(frames: number): void {
    this.#current = frames;
    this.#pace.begin(frames, performance.now());
    this.check();
  }

  /** The group is there; `trained` unless it was kept from another run. */
  end(segments: readonly TrainedSegment[], trained: boolean): void {
    this.#before += this.#current;
    this.#current = 0;
    if (trained) this.#pace.end(performance.now());
    for (const { bytes, squaredErrors } of segments) {
      this.#bytes += bytes.length;
      for (const p of [0, 1, 2]) this.#squaredErrors[p]! += squaredErrors[p]!;
    }
  }

  progress(stage: string, done: number): void {
    const now = performance.now();
    const total = Math.max(this.#info.frames ?? 0, this.#before + this.#current);
    const left = this.#pace.left(stage, done, total - this.#before - this.#current, now);
    this.#hooks.onProgress?.({
      stage,
      done: (this.#before + this.#current * done) / total,
      seconds: (now - this.#started) / 1000,
      ...(left !== undefined && { secondsLeft: left / 1000 }),
      ...(this.#before > 0 && {
        bytes: this.#bytes,
        expectedBytes: Math.round((this.#bytes * total) / this.#before),
        psnrDb: filmPsnr(this.#squaredErrors, this.#info, this.#before),
      }),
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

/** How long groups have taken, and what that says of the rest. Times in milliseconds. */
class Pace {
  #finished = { frames: 0, time: 0 };
  #frames = 0;
  #began = 0;
  /** When the group's analysis was over; training says how far it is, analysis only how far itself. */
  #trainingSince: number | undefined;

  begin(frames: number, now: number): void {
    this.#frames = frames;
    this.#began = now;
    this.#trainingSince = undefined;
  }

  end(now: number): void {
    this.#finished.frames += this.#frames;
    this.#finished.time += now - this.#began;
  }

  /**
   * Time that the rest will take; undefined where nothing is known yet.
   *
   * @param done of the group, 0..1 within its stage
   * @param later frames behind the group
   */
  left(stage: string, done: number, later: number, now: number): number | undefined {
    const spent = now - this.#began;
    const { frames, time } = this.#finished;
    if (stage === 'analysing') {
      if (frames === 0) return undefined;
      const perFrame = time / frames;
      return Math.max(0, this.#frames * perFrame - spent) + later * perFrame;
    }
    this.#trainingSince ??= now;
    if (done < LEAST_DONE && frames === 0) return undefined;
    const training = now - this.#trainingSince;
    const whole =
      done < LEAST_DONE
        ? (this.#frames * time) / frames
        : this.#trainingSince - this.#began + training / done;
    const perFrame = (time + whole) / (frames + this.#frames);
    return Math.max(0, whole - spent) + later * perFrame;
  }
}

/** Less of a group than this says nothing of its pace. */
const LEAST_DONE = 0.02;

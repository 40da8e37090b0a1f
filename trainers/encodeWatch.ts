/** Progress over all groups of a film, several of which may be in training at once, and the caller's two signals. */

import { InterruptedError } from '../runtime/errors.js';
import type { FilmInfo } from '../runtime/picture/picture.js';
import type { EncodeHooks } from './encodeJob.js';
import { filmPsnr } from './psnr.js';
import type { TrainedSegment } from './segmentTrainer.js';
import type { TrainingWatch } from './trainingWatch.js';

export class EncodeWatch {
  readonly #info: Pick<FilmInfo, 'width' | 'height' | 'chroma' | 'frames'>;
  readonly #hooks: EncodeHooks;
  readonly #started = performance.now();
  readonly #inHand = new Set<GroupWatch>();
  #finished = 0;
  /** Of the groups that were trained in this run: frames, and milliseconds that they took together. */
  readonly #trained = { frames: 0, time: 0 };
  #bytes = 0;
  #squaredErrors = [0, 0, 0];
  #stopped = false;

  /** @param info of the film; `frames` where they are known */
  constructor(info: Pick<FilmInfo, 'width' | 'height' | 'chroma' | 'frames'>, hooks: EncodeHooks) {
    this.#info = info;
    this.#hooks = hooks;
  }

  /** The next group, of so many frames. */
  begin(frames: number): GroupWatch {
    const group = new GroupWatch(frames, this);
    this.#inHand.add(group);
    this.check();
    return group;
  }

  /** Has every group that is in training give up: one of them failed. */
  stop(): void {
    this.#stopped = true;
  }

  /** @throws InterruptedError if the work was aborted */
  check(): void {
    if (!this.#stopped && !this.#hooks.signal?.aborted) return;
    throw new InterruptedError('The encode was stopped; nothing was written.');
  }

  get finishing(): boolean {
    return this.#hooks.finish?.aborted ?? false;
  }

  /** Milliseconds that a frame takes, by the groups that are finished; undefined before. */
  get pace(): number | undefined {
    const { frames, time } = this.#trained;
    return frames > 0 ? time / frames : undefined;
  }

  /** A group moved on. The first that is in hand says the stage: of several, each may be in another one. */
  moved(): void {
    const groups = [...this.#inHand];
    const { stage } = groups.find(({ begun }) => begun)!;
    const begun = groups.reduce((sum, { frames }) => sum + frames, 0);
    const total = Math.max(this.#info.frames ?? 0, this.#finished + begun);
    const done = groups.reduce((sum, { frames, done }) => sum + frames * done, this.#finished);
    const left = this.#left(groups, total - this.#finished - begun);
    const { workers } = this.#hooks.workshop ?? {};
    this.#hooks.onProgress?.({
      stage,
      done: done / total,
      seconds: (performance.now() - this.#started) / 1000,
      ...(left !== undefined && { secondsLeft: left / 1000 }),
      ...(this.#finished > 0 && {
        bytes: this.#bytes,
        expectedBytes: Math.round((this.#bytes * total) / this.#finished),
        psnrDb: filmPsnr(this.#squaredErrors, this.#info, this.#finished),
      }),
      ...(workers !== undefined && { workers }),
    });
  }

  /** A group is there. */
  ended(group: GroupWatch, segments: readonly TrainedSegment[], time: number | undefined): void {
    this.#inHand.delete(group);
    this.#finished += group.frames;
    if (time !== undefined) {
      this.#trained.frames += group.frames;
      this.#trained.time += time;
    }
    for (const { bytes, squaredErrors } of segments) {
      this.#bytes += bytes.length;
      for (const p of [0, 1, 2]) this.#squaredErrors[p]! += squaredErrors[p]!;
    }
  }

  /**
   * Milliseconds that the rest will take, by what the groups took and the ones in hand foretell: all that is left is shared by
   * as many as train now. Undefined where nothing is known yet.
   *
   * @param later frames behind the groups in hand
   */
  #left(groups: readonly GroupWatch[], later: number): number | undefined {
    const training = groups.filter(({ begun }) => begun);
    const known = training.map((group) => group.outlook).filter((outlook) => outlook !== undefined);
    if (training.length === 0 || known.length === 0) return undefined;
    const foretold = known.reduce(
      (sum, { frames, whole }) => ({ frames: sum.frames + frames, whole: sum.whole + whole }),
      {
        frames: this.#trained.frames,
        whole: this.#trained.time,
      },
    );
    const perFrame = foretold.whole / foretold.frames;
    const lefts = groups.map((group) => group.outlook?.left ?? group.frames * perFrame);
    const shared = (lefts.reduce((sum, left) => sum + left, 0) + later * perFrame) / training.length;
    return Math.max(shared, ...lefts);
  }
}

/** Less of a group than this says nothing of its pace. */
const LEAST_DONE = 0.02;

/** One group of a film, on its way. */
export class GroupWatch implements TrainingWatch {
  readonly frames: number;
  readonly #film: EncodeWatch;
  #done = 0;
  #stage = '';
  #began = performance.now();
  #begun = false;
  /** When the analysis was over; training says how far the group is, analysis only how far itself. */
  #training: { since: number; from: number } | undefined;

  constructor(frames: number, film: EncodeWatch) {
    this.frames = frames;
    this.#film = film;
  }

  progress(stage: string, done: number): void {
    // What waits for a machine takes no time of one.
    if (!this.#begun) this.#began = performance.now();
    this.#begun = true;
    if (stage !== 'analysing') this.#training ??= { since: performance.now(), from: done };
    this.#stage = stage;
    this.#done = done;
    this.#film.moved();
  }

  check(): void {
    this.#film.check();
  }

  get finishing(): boolean {
    return this.#film.finishing;
  }

  /** The group is there; `trained` unless it was kept from another run. */
  end(segments: readonly TrainedSegment[], trained: boolean): void {
    this.#film.ended(this, segments, trained ? performance.now() - this.#began : undefined);
  }

  /** Whether anything was done for it. */
  get begun(): boolean {
    return this.#begun;
  }

  get stage(): string {
    return this.#stage;
  }

  /** How far it is within its stage, 0..1. */
  get done(): number {
    return this.#done;
  }

  /** Milliseconds that it will have taken in the end, and that are left of them; undefined where nothing is known yet. */
  get outlook(): { frames: number; whole: number; left: number } | undefined {
    const { frames } = this;
    const { pace } = this.#film;
    const now = performance.now();
    const spent = now - this.#began;
    const usual = pace === undefined ? undefined : frames * pace;
    const { since, from } = this.#training ?? { since: now, from: this.#done };
    const step = this.#done - from;
    const measured =
      step < LEAST_DONE ? undefined : since - this.#began + ((now - since) * (1 - from)) / step;
    const whole = this.#stage === 'analysing' ? usual : (measured ?? usual);
    return whole === undefined ? undefined : { frames, whole, left: Math.max(0, whole - spent) };
  }
}

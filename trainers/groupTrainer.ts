/**
 * Trains a group of segments together: shared nets, quantized on the way, then latents for the nets as they are. Every group has
 * nets of its own, which begin at the prior and are coded against it: groups know nothing of each other.
 */

import { netsFromQuantized, type QuantizedTensor } from '../runtime/field/nets.js';
import type { Picture } from '../runtime/picture/picture.js';
import { bestSegment, type FilmInTraining } from './anchorChoice.js';
import { type FilmCost, NetQuantizer } from './nets/netQuantizer.js';
import { createNetState } from './nets/netState.js';
import { randomSequence } from './schedule.js';
import type { SegmentTrainer, TrainedSegment, TrainingSettings } from './segmentTrainer.js';
import type { TrainingWatch } from './trainingWatch.js';

/** A finished group of segments, and the nets that they are read with. */
export interface TrainedGroup {
  readonly segments: readonly TrainedSegment[];
  readonly nets: readonly QuantizedTensor[];
}

/** Trains one group of scenes (each at most a segment long) to the end. */
export function trainGroup(
  settings: TrainingSettings,
  scenes: readonly (readonly Picture[])[],
  watch: TrainingWatch,
): Promise<TrainedGroup> {
  return new GroupTrainer(settings, watch).train(scenes);
}

class GroupTrainer {
  readonly #settings: TrainingSettings;
  readonly #watch: TrainingWatch;
  readonly #nets = createNetState();
  readonly #random: () => number;

  constructor(settings: TrainingSettings, watch: TrainingWatch) {
    this.#settings = settings;
    this.#watch = watch;
    this.#random = randomSequence(settings.seed);
  }

  async train(scenes: readonly (readonly Picture[])[]): Promise<TrainedGroup> {
    const { lambda, preset } = this.#settings;
    const group = await this.#begin(scenes);
    const work = new GroupWork(group);
    await this.#run(group, 0, preset.netSteps, work);
    this.#watch.progress('quantizing nets', work.done);
    const quantizer = new NetQuantizer(this.#nets.values, lambda, this.#costOf(group));
    await quantizer.chooseSteps();
    await this.#polish(quantizer, 'quantizing nets', work.done);
    for (const segment of group) await segment.bakeMeasured(this.#nets);
    // With nets that stay as they are, segments know nothing of each other.
    for (const segment of group) await this.#run([segment], preset.netSteps, segment.wave.steps, work);
    await this.#polish(quantizer, 'polishing nets', 1);
    const decoded = netsFromQuantized(quantizer.tensors);
    const segments = await Promise.all(group.map((segment) => segment.finish(this.#nets, decoded)));
    return { segments, nets: quantizer.tensors };
  }

  async #begin(scenes: readonly (readonly Picture[])[]): Promise<readonly SegmentTrainer[]> {
    const { lambda, preset } = this.#settings;
    const { netSteps, latentSteps } = preset;
    const film: FilmInTraining = {
      settings: this.#settings,
      nets: this.#nets,
      random: this.#random,
      plan: {
        lambda,
        netLambda: lambda / scenes.length,
        steps: netSteps + latentSteps,
        netSteps,
      },
    };
    this.#watch.progress('analysing', 0);
    const group: SegmentTrainer[] = [];
    for (const [index, scene] of scenes.entries()) {
      const segment = await bestSegment(scene, film, (part) => {
        this.#watch.progress('analysing', (index + part) / scenes.length);
        this.#watch.check();
      });
      group.push(segment);
    }
    return group;
  }

  /** Steps `from` up to `to` of some segments, in chunks one after the other. */
  async #run(segments: readonly SegmentTrainer[], from: number, to: number, work: GroupWork): Promise<void> {
    const watch = this.#watch;
    const pixels = segments.reduce((sum, { description: d }) => sum + d.width * d.height * d.frames, 0);
    const chunk = Math.max(1, Math.round(this.#settings.engine.chunkPixels / pixels));
    // Where the end was asked for, the rest of the work falls away.
    watch.progress('training', watch.finishing ? 1 : work.done);
    for (let step = from; step < to && !watch.finishing; step += chunk) {
      const end = Math.min(step + chunk, to);
      for (const segment of segments) {
        await segment.train(step, end, this.#nets, this.#random);
        work.reached(segment, end);
      }
      watch.progress('training', work.done);
      watch.check();
    }
  }

  /** The preset's passes over the integers of the nets, ended early like the training. */
  async #polish(quantizer: NetQuantizer, stage: string, done: number): Promise<void> {
    for (let pass = 0; pass < this.#settings.preset.netPasses; pass++) {
      this.#watch.progress(stage, done);
      await quantizer.polish(() => this.#watch.finishing);
    }
  }

  /** What the nets are quantized by. */
  #costOf(group: readonly SegmentTrainer[]): FilmCost {
    return async (values, kind) => {
      this.#watch.check();
      let total = 0;
      for (const segment of group)
        total += await segment.cost(values, kind === 'context' ? 'bits' : 'distortion');
      return total;
    };
  }
}

/** How far the segments of a group have come. */
class GroupWork {
  readonly #steps: Map<SegmentTrainer, number>;

  constructor(group: readonly SegmentTrainer[]) {
    this.#steps = new Map(group.map((segment) => [segment, 0]));
  }

  reached(segment: SegmentTrainer, step: number): void {
    this.#steps.set(segment, step);
  }

  /** Part of the work, 0..1. */
  get done(): number {
    let done = 0;
    let frames = 0;
    for (const [segment, step] of this.#steps) {
      done += segment.description.frames * segment.wave.done(step);
      frames += segment.description.frames;
    }
    return done / frames;
  }
}

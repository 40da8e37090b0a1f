/** Trains the segments of a film together: shared nets, quantized on the way, then latents for the nets as they are. */

import type { QuantizedTensor } from '../runtime/field/nets.js';
import type { Picture } from '../runtime/picture/picture.js';
import { bestSegment, type FilmInTraining } from './anchorChoice.js';
import { type FilmCost, NetQuantizer } from './nets/netQuantizer.js';
import { createNetState, type NetState } from './nets/netState.js';
import { randomSequence } from './schedule.js';
import type { SegmentTrainer, TrainedSegment, TrainingSettings } from './segmentTrainer.js';
import type { TrainingWatch } from './trainingWatch.js';

/** Segments in training at the same time. The first group decides the nets; later groups are trained for them. */
export class FilmTrainer {
  readonly #settings: TrainingSettings;
  readonly #nets: NetState = createNetState();
  readonly #random: () => number;
  #quantizer: NetQuantizer | undefined;

  constructor(settings: TrainingSettings) {
    this.#settings = settings;
    this.#random = randomSequence(settings.seed);
  }

  /** Quantized nets of the film; there once a group was trained. */
  get netTensors(): readonly QuantizedTensor[] {
    if (!this.#quantizer) throw new RangeError('no segment was trained yet');
    return this.#quantizer.tensors;
  }

  /** Trains one group of scenes (each at most a segment long) to the end. */
  async train(scenes: readonly (readonly Picture[])[], watch: TrainingWatch): Promise<TrainedSegment[]> {
    const first = !this.#quantizer;
    const group = await this.#begin(scenes, watch);
    const learning = first ? this.#settings.preset.netSteps : 0;
    const work = new GroupWork(group);
    if (first) {
      await this.#run(group, 0, learning, work, watch);
      watch.progress('quantizing nets', work.done);
      this.#quantizer = new NetQuantizer(this.#nets.values, this.#settings.lambda, costOf(group, watch));
      await this.#quantizer.chooseSteps();
      await this.#polish('quantizing nets', work.done, watch);
    }
    // With nets that stay as they are, segments know nothing of each other.
    for (const segment of group) await this.#run([segment], learning, segment.wave.steps, work, watch);
    if (first) await this.#polish('polishing nets', 1, watch);
    return Promise.all(group.map((segment) => segment.finish(this.#nets, this.netTensors)));
  }

  async #begin(
    scenes: readonly (readonly Picture[])[],
    watch: TrainingWatch,
  ): Promise<readonly SegmentTrainer[]> {
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
        netSteps: this.#quantizer ? 0 : netSteps,
      },
    };
    const group: SegmentTrainer[] = [];
    for (const [index, scene] of scenes.entries()) {
      const segment = await bestSegment(scene, film, (part) => {
        watch.progress('analysing', (index + part) / scenes.length);
        watch.check();
      });
      group.push(segment);
    }
    return group;
  }

  /** Steps `from` up to `to` of some segments, in chunks one after the other. */
  async #run(
    segments: readonly SegmentTrainer[],
    from: number,
    to: number,
    work: GroupWork,
    watch: TrainingWatch,
  ): Promise<void> {
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
  async #polish(stage: string, done: number, watch: TrainingWatch): Promise<void> {
    for (let pass = 0; pass < this.#settings.preset.netPasses; pass++) {
      watch.progress(stage, done);
      await this.#quantizer?.polish(() => watch.finishing);
    }
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

/** What the nets are quantized by. */
function costOf(group: readonly SegmentTrainer[], watch: TrainingWatch): FilmCost {
  return async (values, kind) => {
    watch.check();
    let total = 0;
    for (const segment of group)
      total += await segment.cost(values, kind === 'context' ? 'bits' : 'distortion');
    return total;
  };
}

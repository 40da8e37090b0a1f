/** Trains the segments of a film together: shared nets, quantized on the way, then latents for the nets as they are. */

import type { QuantizedTensor } from '../runtime/field/nets.js';
import type { Picture } from '../runtime/picture/picture.js';
import { bestSegment, type FilmInTraining } from './anchorChoice.js';
import { type FilmCost, NetQuantizer } from './nets/netQuantizer.js';
import { createNetState, type NetState } from './nets/netState.js';
import { randomSequence, type TrainingPlan } from './schedule.js';
import type { SegmentTrainer, TrainedSegment, TrainingSettings } from './segmentTrainer.js';
import { TRAINING_CONSTANTS } from './trainingConstants.js';
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
    const group = await this.#begin(scenes, watch);
    const { lambda, preset } = this.#settings;
    const { netSteps, latentSteps } = preset;
    const first = !this.#quantizer;
    const plan: TrainingPlan = {
      lambda,
      netLambda: lambda / scenes.length,
      steps: netSteps + latentSteps,
      netSteps: first ? netSteps : 0,
    };
    await this.#run(group, plan, 0, netSteps, watch);
    if (first) {
      watch.progress('quantizing nets', netSteps / plan.steps);
      this.#quantizer = new NetQuantizer(this.#nets.values, lambda, costOf(group, watch));
      await this.#quantizer.chooseSteps();
      await this.#polish('quantizing nets', netSteps / plan.steps, watch);
    }
    for (const segment of group) await segment.prune(TRAINING_CONSTANTS.prunedBelow);
    await this.#run(group, plan, netSteps, plan.steps, watch);
    if (first) await this.#polish('polishing nets', 1, watch);
    return Promise.all(group.map((segment) => segment.finish(this.#nets, this.netTensors)));
  }

  async #begin(
    scenes: readonly (readonly Picture[])[],
    watch: TrainingWatch,
  ): Promise<readonly SegmentTrainer[]> {
    const film: FilmInTraining = {
      settings: this.#settings,
      nets: this.#nets,
      netsLearn: !this.#quantizer,
      random: this.#random,
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

  async #run(
    group: readonly SegmentTrainer[],
    plan: TrainingPlan,
    from: number,
    to: number,
    watch: TrainingWatch,
  ): Promise<void> {
    const pixels = group.reduce((sum, { description: d }) => sum + d.width * d.height * d.frames, 0);
    const chunk = Math.max(1, Math.round(this.#settings.engine.chunkPixels / pixels));
    watch.progress('training', from / plan.steps);
    for (let step = from; step < to && !watch.finishing; step += chunk) {
      const count = Math.min(chunk, to - step);
      for (const segment of group) await segment.train(plan, step, count, this.#nets, this.#random);
      watch.progress('training', (step + count) / plan.steps);
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

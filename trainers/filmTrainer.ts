/** Trains the segments of a film together: shared nets, quantized on the way, then latents for the nets as they are. */

import { countFlagBits, StreamStates } from '../runtime/entropy/latentCoder.js';
import { writeSegment } from '../runtime/entropy/segmentCoder.js';
import { netsFromQuantized, type QuantizedTensor } from '../runtime/field/nets.js';
import { fieldShape, latentPlanes } from '../runtime/field/shape.js';
import { refinedOffsets } from '../runtime/field/steps.js';
import {
  type AnchorGrid,
  type FieldNode,
  segmentStructure,
  stretchCount,
  stretchOf,
} from '../runtime/field/structure.js';
import type { Picture } from '../runtime/picture/picture.js';
import { type FilmCost, measuredFrames, NetQuantizer } from './nets/netQuantizer.js';
import { copyOf, createNetState, type NetState } from './nets/netState.js';
import { type Preset, triedDistances } from './presets.js';
import { baseExponentOf, DEPTH_OFFSET, LONE_OFFSET, lossWeights, refinementOf } from './rateControl.js';
import { firstAnchorOf, flashes } from './scenes/flashes.js';
import { randomSequence, stepActivity, stepOptions, type TrainingPlan } from './schedule.js';
import type { CostPart, SegmentDescription, SegmentEngine, TrainingEngine } from './segmentEngine.js';

/** What every segment of a film is trained with. */
export interface TrainingSettings {
  readonly engine: TrainingEngine;
  readonly lambda: number;
  readonly preset: Preset;
  readonly threads: number;
  readonly seed: number;
}

/** A segment in training, and the structure that its engine was built with. */
interface SegmentTrainer {
  readonly engine: SegmentEngine;
  readonly nodes: readonly FieldNode[];
  readonly description: SegmentDescription;
}

/** A finished segment. */
export interface TrainedSegment {
  readonly bytes: Uint8Array;
  readonly frames: number;
  /** Bits of its latents as the training estimates them. */
  readonly estimatedBits: number;
  /** Of the decoded 8-bit planes Y, Cb, Cr over all frames. */
  readonly squaredErrors: readonly number[];
}

/** Says how far the training is (0..1) and whether it should end early with what it has. */
export interface TrainingWatch {
  progress(stage: string, done: number): void;
  /** @throws InterruptedError if the work was aborted */
  check(): void;
  readonly finishing: boolean;
}

/** Once the nets are fixed, blocks without a latent of this size are empty for good; half a step rounds to zero. */
const PRUNED_BELOW = 0.35;
const ROUNDS_TO_ZERO = 0.5;
/** Streams of a segment decode in parallel; each costs some bytes of its own. */
const STREAM_BYTES = 24576;
const MOST_STREAMS_WRITTEN = 8;

/** Segments in training at the same time. The first group decides the nets; later groups are trained for them. */
export class FilmTrainer {
  private readonly nets: NetState = createNetState();
  private quantizer: NetQuantizer | undefined;

  private readonly random: () => number;

  constructor(private readonly settings: TrainingSettings) {
    this.random = randomSequence(settings.seed);
  }

  /** Quantized nets of the film; there once a group was trained. */
  get netTensors(): readonly QuantizedTensor[] {
    if (!this.quantizer) throw new RangeError('no segment was trained yet');
    return this.quantizer.tensors;
  }

  /** Trains one group of scenes (each at most a segment long) to the end. */
  async train(scenes: readonly (readonly Picture[])[], watch: TrainingWatch): Promise<TrainedSegment[]> {
    const group: SegmentTrainer[] = [];
    for (const [index, scene] of scenes.entries()) {
      group.push(
        await this.start(scene, (part) => {
          watch.progress('analysing', (index + part) / scenes.length);
          watch.check();
        }),
      );
    }
    const { lambda, preset } = this.settings;
    const { netSteps, latentSteps } = preset;
    const first = !this.quantizer;
    const plan: TrainingPlan = {
      lambda,
      netLambda: lambda / scenes.length,
      steps: netSteps + latentSteps,
      netSteps: first ? netSteps : 0,
    };
    await this.run(group, plan, 0, netSteps, watch);
    if (first) {
      watch.progress('quantizing nets', netSteps / plan.steps);
      this.quantizer = new NetQuantizer(this.nets.values, lambda, this.costOf(group, watch));
      await this.quantizer.chooseSteps();
      await this.polish('quantizing nets', netSteps / plan.steps, watch);
    }
    for (const { engine } of group) await engine.prune(PRUNED_BELOW);
    await this.run(group, plan, netSteps, plan.steps, watch);
    if (first) await this.polish('polishing nets', 1, watch);
    return Promise.all(group.map((segment) => this.finish(segment)));
  }

  /** The segment with the anchor distances that cost least after its analysis and a short training: one for every stretch. */
  private async start(scene: readonly Picture[], progress: (part: number) => void): Promise<SegmentTrainer> {
    const { preset } = this.settings;
    const distances = triedDistances(preset, scene.length);
    const flash = flashes(scene);
    const gridOf = (anchorDistance: number, laterDistances?: number[]): AnchorGrid => ({
      ...{ frames: scene.length, anchorDistance, laterDistances },
      firstAnchor: firstAnchorOf(flash, anchorDistance, laterDistances),
    });
    const best = Array.from({ length: stretchCount(scene.length) }, () => ({
      distance: distances[0]!,
      cost: Number.POSITIVE_INFINITY,
    }));
    const tried = distances.length > 1 ? distances : [];
    for (const [index, distance] of tried.entries()) {
      progress(index / (tried.length + 1));
      const segment = await this.analysed(scene, gridOf(distance));
      for (const [stretch, cost] of (await this.trial(segment, preset.trialSteps)).entries()) {
        if (cost < best[stretch]!.cost) best[stretch] = { distance, cost };
      }
      // One segment at a time: they are large.
      segment.engine.release();
    }
    progress(tried.length / (tried.length + 1));
    const [first, ...later] = best.map(({ distance }) => distance);
    return this.analysed(scene, gridOf(first!, later));
  }

  private async analysed(scene: readonly Picture[], grid: AnchorGrid): Promise<SegmentTrainer> {
    const segment = await this.create(scene, grid);
    await segment.engine.analyse(this.nets.values, this.settings.lambda);
    return segment;
  }

  /** Cost of each stretch after a few steps with nets that are thrown away. */
  private async trial(segment: SegmentTrainer, count: number): Promise<number[]> {
    const nets = copyOf(this.nets);
    const { lambda } = this.settings;
    const plan = { lambda, netLambda: lambda, steps: count, netSteps: this.quantizer ? 0 : count };
    await this.steps(segment, stepOptions(plan, 0, count), count, nets);
    const costs = await this.nodeCosts(segment, nets.values, 'all', segment.nodes.length);
    const stretches = Array.from({ length: stretchCount(segment.nodes.length) }, () => 0);
    for (const [index, { frame }] of segment.nodes.entries()) stretches[stretchOf(frame)]! += costs[index]!;
    return stretches;
  }

  private async create(scene: readonly Picture[], grid: AnchorGrid): Promise<SegmentTrainer> {
    const { width, height, chroma } = scene[0]!;
    const { lambda, threads, seed } = this.settings;
    const description = {
      ...{ ...grid, width, height, chroma, baseExponent: baseExponentOf(lambda) },
      depthOffset:
        scene.length > 1
          ? refinedOffsets(DEPTH_OFFSET, refinementOf(scene.length))
          : DEPTH_OFFSET.map(() => LONE_OFFSET),
    };
    const nodes = segmentStructure(description);
    const engine = await this.settings.engine.createSegment(description, nodes, { threads, seed });
    for (const [index, node] of nodes.entries()) engine.setSource(index, ...scene[node.frame]!.planes);
    return { engine, nodes, description };
  }

  private async run(
    group: readonly SegmentTrainer[],
    plan: TrainingPlan,
    from: number,
    to: number,
    watch: TrainingWatch,
  ): Promise<void> {
    const pixels = group.reduce((sum, { description: d }) => sum + d.width * d.height * d.frames, 0);
    const chunk = Math.max(1, Math.round(this.settings.engine.chunkPixels / pixels));
    watch.progress('training', from / plan.steps);
    for (let step = from; step < to && !watch.finishing; step += chunk) {
      const count = Math.min(chunk, to - step);
      for (const segment of group) {
        await this.steps(segment, stepOptions(plan, step, count), count);
      }
      watch.progress('training', (step + count) / plan.steps);
      watch.check();
    }
  }

  private async steps(
    segment: SegmentTrainer,
    options: Float64Array,
    count: number,
    nets: NetState = this.nets,
  ): Promise<void> {
    const depths = segment.nodes.map((node) => node.depth);
    const activity = stepActivity(depths, this.settings.preset.visits, count, this.random);
    const cost = await segment.engine.train(options, activity, nets);
    if (!Number.isFinite(cost.distortion + cost.bits)) throw new RangeError('the training diverged');
  }

  /** The preset's passes over the integers of the nets, ended early like the training. */
  private async polish(stage: string, done: number, watch: TrainingWatch): Promise<void> {
    for (let pass = 0; pass < this.settings.preset.netPasses; pass++) {
      watch.progress(stage, done);
      await this.quantizer?.polish(() => watch.finishing);
    }
  }

  /** What the nets are quantized by. */
  private costOf(group: readonly SegmentTrainer[], watch: TrainingWatch): FilmCost {
    return (values, kind) => {
      watch.check();
      return this.cost(group, values, kind === 'context' ? 'bits' : 'distortion');
    };
  }

  /** Distortion + lambda * bits with rounded latents, in squared codes, or one of the two; scaled from the measured frames. */
  private async cost(
    group: readonly SegmentTrainer[],
    values: Float64Array,
    part: CostPart,
  ): Promise<number> {
    let total = 0;
    for (const segment of group) {
      const { frames } = segment.description;
      const measured = measuredFrames(segment.description);
      const [intra = 0, ...inter] = await this.nodeCosts(segment, values, part, measured);
      const interScale = (frames - 1) / Math.max(1, measured - 1);
      total += intra + interScale * inter.reduce((sum, cost) => sum + cost, 0);
    }
    return total;
  }

  /** Distortion + lambda * bits of each of the first nodes of a segment, or one of the two. */
  private async nodeCosts(
    { engine, description }: SegmentTrainer,
    values: Float64Array,
    part: CostPart,
    nodes: number,
  ): Promise<number[]> {
    const weights = [...lossWeights(description), this.settings.lambda, this.settings.lambda];
    const costs = await engine.evaluate(values, nodes, part);
    return Array.from({ length: nodes }, (_, node) =>
      weights.reduce((sum, weight, i) => sum + weight * costs[5 * node + i]!, 0),
    );
  }

  private async finish({ engine, nodes, description }: SegmentTrainer): Promise<TrainedSegment> {
    const { width, height, chroma, frames } = description;
    await engine.prune(ROUNDS_TO_ZERO);
    const costs = await engine.evaluate(this.nets.values, nodes.length, 'all');
    const shape = fieldShape(width, height, chroma);
    const latents: Int32Array[] = [];
    for (const index of nodes.keys()) latents.push(await engine.latents(index));
    engine.release();
    const states = new StreamStates();
    const squaredErrors = [0, 0, 0];
    let estimatedBits = 0;
    for (const [index, node] of nodes.entries()) {
      for (let p = 0; p < 3; p++) squaredErrors[p]! += costs[index * 5 + p]!;
      estimatedBits += costs[index * 5 + 3]! + costs[index * 5 + 4]!;
      estimatedBits += countFlagBits(latents[index]!, latentPlanes(shape, node.refs.length), states);
    }
    const nets = netsFromQuantized(this.netTensors);
    const streams = Math.min(MOST_STREAMS_WRITTEN, 1 + Math.floor(estimatedBits / 8 / STREAM_BYTES));
    const refinement = refinementOf(frames);
    // The film's offsets are in its header; those of a lone frame go into its exponent.
    const baseExponent = description.baseExponent + (frames > 1 ? 0 : LONE_OFFSET - DEPTH_OFFSET[0]!);
    const bytes = writeSegment({ ...description, baseExponent, refinement, shape, nets, latents, streams });
    return { bytes, frames, estimatedBits, squaredErrors };
  }
}

/** One segment in training: built, trained by steps, measured, and written. */

import { countFlagBits, StreamStates } from '../runtime/entropy/latentCoder.js';
import { writeSegment } from '../runtime/entropy/segmentCoder.js';
import type { FilmNets } from '../runtime/field/nets.js';
import { fieldShape, latentPlanes } from '../runtime/field/shape.js';
import { type AnchorGrid, type FieldNode, segmentStructure } from '../runtime/field/structure.js';
import type { WeighedScene } from './errorWeights.js';
import { measuredFrames } from './nets/netQuantizer.js';
import type { NetState } from './nets/netState.js';
import type { Preset } from './presets.js';
import { lossWeights, type SegmentSteps, segmentSteps, type Tune } from './rateControl.js';
import { stepActivity, stepOptions, type TrainingPlan } from './schedule.js';
import { TRAINING_CONSTANTS } from './trainingConstants.js';
import {
  type CostPart,
  type NodeCost,
  type NodeRange,
  nodesIn,
  type SegmentDescription,
  type TrainingEngine,
  type TrainingSegment,
} from './trainingEngine.js';
import { TrainingWave } from './trainingWave.js';

/** What every segment of a film is trained with. */
export interface TrainingSettings {
  readonly engine: TrainingEngine;
  readonly lambda: number;
  readonly preset: Preset;
  readonly tune: Tune;
  readonly threads: number;
  readonly seed: number;
}

/** What a segment is before it is trained: which frames are predicted from which, and how finely (`segmentSteps`). */
export interface SegmentShape {
  readonly grid: AnchorGrid;
  readonly refinement: number;
}

/** Bits of latents: of intra frames, of the others, and what part of the latter says motion. */
export interface LatentBits {
  readonly intra: number;
  readonly inter: number;
  readonly motion: number;
}

/** A finished segment. */
export interface TrainedSegment {
  readonly bytes: Uint8Array;
  readonly frames: number;
  /** Of its latents as the training estimates them. */
  readonly latentBits: LatentBits;
  /** Of the decoded 8-bit planes Y, Cb, Cr over all frames. */
  readonly squaredErrors: readonly number[];
}

/** A block without a latent of this size rounds to zero. */
const ROUNDS_TO_ZERO = 0.5;
/** Intra frames and anchors are no deeper. */
const ANCHOR_DEPTH = 1;
/** Streams of a segment decode in parallel; each costs some bytes of its own. */
const STREAM_BYTES = 24576;
const MOST_STREAMS_WRITTEN = 8;

export class SegmentTrainer {
  /** In coding order. */
  readonly nodes: readonly FieldNode[];
  readonly description: SegmentDescription;
  readonly wave: TrainingWave;
  readonly #segment: TrainingSegment;
  readonly #settings: TrainingSettings;
  readonly #plan: TrainingPlan;
  readonly #steps: SegmentSteps;
  /** Nodes that have their start. */
  #begun = 0;

  private constructor(
    settings: TrainingSettings,
    steps: SegmentSteps,
    description: SegmentDescription,
    nodes: readonly FieldNode[],
    plan: TrainingPlan,
    segment: TrainingSegment,
  ) {
    this.#settings = settings;
    this.#steps = steps;
    this.description = description;
    this.nodes = nodes;
    this.wave = new TrainingWave(nodes, plan);
    this.#plan = { ...plan, netLambda: plan.netLambda * this.wave.learningShare };
    this.#segment = segment;
  }

  /** A segment with its source and the start of the nodes that train first. */
  static async begin(
    settings: TrainingSettings,
    { pictures, weights }: WeighedScene,
    { grid, refinement }: SegmentShape,
    plan: TrainingPlan,
    nets: NetState,
  ): Promise<SegmentTrainer> {
    const { width, height, chroma } = pictures[0]!;
    const { engine, lambda, threads, seed, tune } = settings;
    const steps = segmentSteps(lambda, pictures.length, refinement);
    const { baseExponent, depthOffset } = steps;
    const size = { width, height, chroma };
    const description = {
      ...{ ...grid, ...size, baseExponent, depthOffset },
      lossWeights: lossWeights(size, tune),
    };
    const nodes = segmentStructure(description);
    const constants = TRAINING_CONSTANTS.engine;
    const segment = await engine.createSegment(description, nodes, { threads, seed, constants });
    for (const [index, { frame }] of nodes.entries()) {
      segment.setSource(index, ...pictures[frame]!.planes, weights?.[frame]);
    }
    const trainer = new SegmentTrainer(settings, steps, description, nodes, plan, segment);
    await trainer.#turn(0, nets.values);
    return trainer;
  }

  /**
   * Takes the steps from `first` up to `end` of the wave; trains `nets` with the latents while the plan has them learn.
   *
   * @param random decides which nodes are visited
   * @throws RangeError if the training diverged
   */
  async train(first: number, end: number, nets: NetState, random: () => number): Promise<void> {
    const depths = this.nodes.map((node) => node.depth);
    const { visits } = this.#settings.preset;
    for (let step = first, next: number; step < end; step = next) {
      if (step > 0) await this.#turn(step, nets.values);
      next = Math.min(end, this.wave.next(step, this.#turningAges));
      const options = stepOptions(this.#plan, step, next - step);
      const activity = stepActivity(depths, this.wave.ages(step, next - step), this.#plan, visits, random);
      const cost = await this.#segment.train(options, activity, nets);
      if (!Number.isFinite(cost.distortion + cost.bits)) throw new RangeError('the training diverged');
    }
  }

  /** Gives the nodes that have none their start. */
  async beginRest(nets: NetState): Promise<void> {
    const rest = { first: this.#begun, count: this.nodes.length - this.#begun };
    if (rest.count === 0) return;
    await this.#bakeAnchors([{ first: 0, count: this.#begun }], nets.values);
    await this.#begin(rest, nets.values);
  }

  /** Costs of the first nodes with rounded latents, or a part of them. */
  evaluate(nets: Float64Array, nodes: number, part: CostPart): Promise<readonly NodeCost[]> {
    return this.#segment.evaluate(nets, nodes, part);
  }

  /**
   * Distortion + lambda * bits of the whole segment, or one of the two, in squared codes, scaled from the frames that nets are measured
   * on.
   */
  async cost(nets: Float64Array, part: CostPart): Promise<number> {
    const measured = this.#measured;
    const costs = await this.evaluate(nets, measured, part);
    const [intra = 0, ...inter] = costs.map((cost) => this.#total(cost));
    const interScale = (this.description.frames - 1) / Math.max(1, measured - 1);
    return intra + interScale * inter.reduce((sum, cost) => sum + cost, 0);
  }

  /** Bakes what `cost` was measured on by the nets as they are now: a step leaves nodes that it does not visit as they were. */
  async bakeMeasured({ values }: NetState): Promise<void> {
    await this.#segment.bake(values, nodesIn({ first: 0, count: this.#measured }));
  }

  /**
   * Writes the segment, and releases it.
   *
   * @param decoded the same nets as a decoder has them
   */
  async finish(nets: NetState, decoded: FilmNets): Promise<TrainedSegment> {
    const { width, height, chroma, frames } = this.description;
    await this.beginRest(nets);
    await this.#segment.prune(ROUNDS_TO_ZERO, { first: 0, count: this.nodes.length });
    const costs = await this.#segment.evaluate(nets.values, this.nodes.length, 'all');
    const shape = fieldShape(width, height, chroma);
    const latents: Int32Array[] = [];
    for (const index of this.nodes.keys()) latents.push(await this.#segment.latents(index));
    this.release();
    const states = new StreamStates();
    const squaredErrors = [0, 0, 0];
    let bits = 0;
    let intra = 0;
    let motion = 0;
    for (const [index, node] of this.nodes.entries()) {
      const cost = costs[index]!;
      for (let p = 0; p < 3; p++) squaredErrors[p]! += cost.squaredErrors[p]!;
      bits += cost.innovationBits + cost.motionBits;
      motion += cost.motionBits;
      bits += countFlagBits(latents[index]!, latentPlanes(shape, node.refs.length), states);
      if (index === 0) intra = bits;
    }
    const streams = Math.min(MOST_STREAMS_WRITTEN, 1 + Math.floor(bits / 8 / STREAM_BYTES));
    const { head } = this.#steps;
    const coded = { shape, nets: decoded, latents, streams };
    const bytes = writeSegment({ ...this.description, ...head, ...coded });
    return { bytes, frames, latentBits: { intra, inter: bits - intra, motion }, squaredErrors };
  }

  release(): void {
    this.#segment.release();
  }

  get #measured(): number {
    return Math.min(this.#begun, measuredFrames(this.description, this.#settings.preset));
  }

  /** Ages at which something is done with an interval besides its training. */
  get #turningAges(): number[] {
    return [0, this.#prunedAge, this.#plan.steps];
  }
  get #prunedAge(): number {
    return this.#settings.preset.netSteps;
  }

  /** What is done before a step: intervals begin, lose what they do not need, and rest. */
  async #turn(step: number, nets: Float64Array): Promise<void> {
    const { wave } = this;
    for (const pruned of wave.ofAge(this.#prunedAge, step)) {
      await this.#segment.prune(TRAINING_CONSTANTS.prunedBelow, pruned);
    }
    for (const done of wave.ofAge(this.#plan.steps, step)) await this.#segment.prune(ROUNDS_TO_ZERO, done);
    const beginning = wave.ofAge(0, step);
    if (beginning.length + wave.ofAge(this.#plan.steps, step).length === 0) return;
    await this.#bakeAnchors(wave.inTraining(step - 1), nets);
    const [first] = beginning;
    if (!first) return;
    const count = beginning.reduce((sum, interval) => sum + interval.count, 0);
    await this.#begin({ first: first.first, count }, nets);
  }

  async #begin(nodes: NodeRange, nets: Float64Array): Promise<void> {
    await this.#segment.analyse(nets, this.#settings.lambda, nodes);
    this.#begun = nodes.first + nodes.count;
  }

  /** What a step leaves is rounded softly: later nodes are predicted from what a decoder has. */
  async #bakeAnchors(ranges: readonly NodeRange[], nets: Float64Array): Promise<void> {
    const anchors = ranges.flatMap(nodesIn).filter((node) => this.nodes[node]!.depth <= ANCHOR_DEPTH);
    await this.#segment.bake(nets, anchors);
  }

  #total({ distortion, innovationBits, motionBits }: NodeCost): number {
    const { lambda } = this.#settings;
    return distortion + lambda * innovationBits + lambda * motionBits;
  }
}

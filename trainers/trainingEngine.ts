/** What the training asks of an engine, whatever it computes with. */

import type { AnchorGrid, FieldNode } from '../runtime/field/structure.js';
import type { Chroma } from '../runtime/picture/picture.js';
import type { NetState } from './nets/netState.js';
import type { EngineConstants } from './trainingConstants.js';
import type { LatentOptions, StepActivity, StepCost, StepOptions } from './trainingStep.js';

/** What a segment's field looks like. */
export interface SegmentDescription extends AnchorGrid {
  readonly width: number;
  readonly height: number;
  readonly chroma: Chroma;
  /** Eighths of an octave: the base quantization step is 2^(baseExponent / 8) codes. */
  readonly baseExponent: number;
  /** Eighths of an octave per node depth. */
  readonly depthOffset: readonly number[];
  /** Of a squared error in one sample of Y, Cb and Cr. */
  readonly lossWeights: readonly [y: number, cb: number, cr: number];
}

/** What an evaluation looks at. */
export type CostPart = 'distortion' | 'bits' | 'all';

/** What one node costs with rounded latents. A part that was not asked for is zero. */
export interface NodeCost {
  /** Of the 8-bit planes Y, Cb and Cr that a decoder shows. */
  readonly squaredErrors: readonly [y: number, cb: number, cr: number];
  /** What these errors weigh, in squared codes. */
  readonly distortion: number;
  readonly innovationBits: number;
  readonly motionBits: number;
}

/** Some nodes, in coding order. */
export interface NodeRange {
  readonly first: number;
  readonly count: number;
}

/** Their indexes. */
export function nodesIn({ first, count }: NodeRange): number[] {
  return Array.from({ length: count }, (_, i) => first + i);
}

/** One segment in training. Arrays that a promise works on must not be touched until it settles. */
export interface TrainingSegment {
  /**
   * Source of one node.
   *
   * @param y plane of 8-bit codes, tightly packed like `cb` and `cr`; none may change before `analyse` is done
   * @param weights of squared errors besides those by plane (errorWeights.ts); all 1 if there are none
   */
  setSource(node: number, y: Uint8Array, cb: Uint8Array, cr: Uint8Array, weights?: Float32Array): void;
  /**
   * The start of some nodes: motion search and sparse approximation. Those before them that they are predicted from are baked:
   * in an earlier call of this, as `bake` leaves them, or as the last step that visited them.
   */
  analyse(nets: Float64Array, lambda: number, nodes: NodeRange): Promise<void>;
  /** Bakes nodes as a decoder does, for what is predicted from them; in coding order. */
  bake(nets: Float64Array, nodes: readonly number[]): Promise<void>;
  /** Takes some steps, one or more; resolves with the cost of the last. `nets` is trained in place. */
  train(steps: readonly StepOptions[], activity: StepActivity, nets: NetState): Promise<StepCost>;
  /** Cost of the first nodes in coding order. What is not asked for saves its time. */
  evaluate(nets: Float64Array, nodes: number, part: CostPart): Promise<readonly NodeCost[]>;
  /** Cost and gradients of one step in which every node is active, without update; `netGradient` is filled. */
  gradient(
    nets: Float64Array,
    step: StepOptions & LatentOptions,
    netGradient: Float64Array,
  ): StepCost | Promise<StepCost>;
  /** Gradient by a node's latents of the last `gradient`. */
  latentGradient(node: number): Float64Array | Promise<Float64Array>;
  /** Rounded latents of a node, planes in coding order. */
  latents(node: number): Int32Array | Promise<Int32Array>;
  /** Replaces a node's latents; blocks of zeros become inactive. */
  setContinuousLatents(node: number, values: Float64Array): void;
  /** Gives up blocks of some nodes in which no |value| reaches the threshold. */
  prune(threshold: number, nodes: NodeRange): void | Promise<void>;
  /** Frees the memory at once; nothing else may be called afterwards. */
  release(): void;
}

/** What a segment is trained with. */
export interface SegmentOptions {
  readonly threads: number;
  readonly seed: number;
  readonly constants: EngineConstants;
}

/** An enlarger in training, and some examples (enlarger/examples.ts). */
export interface EnlargerBatch {
  /** In the order of ENLARGER_TENSORS. */
  readonly values: Float64Array;
  /** (2, 5, 5): weights of the splines at twice the size, by phase, spline, and sample from two before to two behind. */
  readonly splines: Float64Array;
  readonly count: number;
  /** (count, 32, 32) */
  readonly inputs: Float32Array;
  /** (count, 2, 2, 24, 24): by phase down and across. */
  readonly targets: Float32Array;
}

/** Something that trains segments and enlargers. */
export interface TrainingEngine {
  /** As it stands in the file's header. */
  readonly name: string;
  /** Pixels of training steps between two looks at the clock and the signals, some seconds of work; 0: one step. */
  readonly chunkPixels: number;
  createSegment(
    description: SegmentDescription,
    nodes: readonly FieldNode[],
    options: SegmentOptions,
  ): Promise<TrainingSegment>;
  /** Mean squared error of an enlarger over a batch; `gradient` by its values is filled. */
  enlargerGradient(batch: EnlargerBatch, gradient: Float64Array): Promise<number>;
}

/** An engine that is there, not opened yet. */
export interface FoundEngine {
  readonly version: string;
  /** What it computes on. */
  readonly device: string;
  /** True for an emulated GPU, which is slower than the processor itself. */
  readonly software: boolean;
  open(): Promise<TrainingEngine>;
}

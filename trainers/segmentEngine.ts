/** What the training asks of an engine, whatever it computes with. */

import type { AnchorGrid, FieldNode } from '../runtime/field/structure.js';
import type { Chroma } from '../runtime/picture/picture.js';
import type { NetState } from './nets/netState.js';

/** What a segment's field looks like. */
export interface SegmentDescription extends AnchorGrid {
  readonly width: number;
  readonly height: number;
  readonly chroma: Chroma;
  /** Eighths of an octave: the base quantization step is 2^(baseExponent / 8) codes. */
  readonly baseExponent: number;
  /** Eighths of an octave per node depth. */
  readonly depthOffset: readonly number[];
}

/** Distortion (weighted squared codes) and bits of one training step. */
export interface StepCost {
  readonly distortion: number;
  readonly bits: number;
}

/** What an evaluation looks at. */
export type CostPart = 'distortion' | 'bits' | 'all';

/** One segment in training. Arrays that a promise works on must not be touched until it settles. */
export interface SegmentEngine {
  /** Source of one node: tightly packed 8-bit planes. */
  setSource(node: number, y: Uint8Array, cb: Uint8Array, cr: Uint8Array): void;
  /** The start: motion search and sparse approximation of every node in coding order. */
  analyse(nets: Float64Array, lambda: number): Promise<void>;
  /**
   * Cost of the last of some steps; `nets` is trained in place.
   *
   * @param options STEP_NUMBERS a step, from `stepOptions`
   * @param activity a byte a step and node, from `stepActivity`
   */
  train(options: Float64Array, activity: Uint8Array, nets: NetState): Promise<StepCost>;
  /**
   * Cost with rounded latents, 5 numbers a node, for the first nodes in coding order: squared errors of Y, Cb and Cr, bits
   * of innovation and of motion. The part that is not asked for is zero and saves its time.
   */
  evaluate(nets: Float64Array, nodes: number, part: CostPart): Promise<Float64Array>;
  /** Cost and gradients of one step in which every node is active, without update; `netGradient` is filled. */
  gradient(
    nets: Float64Array,
    options: Float64Array,
    netGradient: Float64Array,
  ): StepCost | Promise<StepCost>;
  /** Gradient by a node's latents of the last `gradient`. */
  latentGradient(node: number): Float64Array | Promise<Float64Array>;
  /** Rounded latents of a node, planes in coding order. */
  latents(node: number): Int32Array | Promise<Int32Array>;
  /** Replaces a node's latents; blocks of zeros become inactive. */
  setContinuousLatents(node: number, values: Float64Array): void;
  /** Gives up blocks in which no |value| reaches the threshold. */
  prune(threshold: number): void | Promise<void>;
  /** Frees the memory at once; nothing else may be called afterwards. */
  release(): void;
}

/** Something that trains segments. */
export interface TrainingEngine {
  /** As it stands in the file's header. */
  readonly name: string;
  /** Pixels of training steps between two looks at the clock and the signals, some seconds of work; 0: one step. */
  readonly chunkPixels: number;
  createSegment(
    description: SegmentDescription,
    nodes: readonly FieldNode[],
    options: { threads: number; seed: number },
  ): Promise<SegmentEngine>;
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

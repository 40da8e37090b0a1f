/** Finds and types the native training engine. */

import { type AddonBuild, loadAddon } from '../runtime/native/addonLoader.js';
import type { FieldArrays } from '../runtime/native/fieldArrays.js';
import type { NetState } from './netState.js';

/** Plain description of a segment for the addon; see `configOf` in trainers/native/addon.cc. */
export interface NativeSegmentConfig extends FieldArrays {
  readonly threads: number;
  readonly seed: number;
  readonly exact: boolean;
  /** By number of references: step of each plane before gains and depth. */
  readonly steps: readonly Float64Array[];
  readonly depthScale: Float64Array;
  /** Offsets of the tensors, in the order of `NetLayout` in trainers/native/engine.h. */
  readonly layout: Int32Array;
}

/** Distortion (weighted squared codes) and bits of one training step. */
export interface StepCost {
  readonly distortion: number;
  readonly bits: number;
}

/** What an evaluation looks at. */
export type CostPart = 'distortion' | 'bits' | 'all';

/** One segment in training. Arrays that a promise works on must not be touched until it settles. */
export interface NativeSegment {
  setSource(node: number, y: Uint8Array, cb: Uint8Array, cr: Uint8Array): void;
  analyse(nets: Float64Array, lambda: number): Promise<void>;
  /** Cost of the last of the steps; `nets` is trained in place. */
  train(options: Float64Array, activity: Uint8Array, nets: NetState): Promise<StepCost>;
  /**
   * Cost with rounded latents, 5 numbers a node, for the first nodes in coding order: squared errors of Y, Cb and Cr, bits
   * of innovation and of motion. The part that is not asked for is zero and saves its time.
   */
  evaluate(nets: Float64Array, nodes: number, part: CostPart): Promise<Float64Array>;
  gradient(nets: Float64Array, options: Float64Array, netGradient: Float64Array): StepCost;
  latents(node: number): Int32Array;
  setContinuousLatents(node: number, values: Float64Array): void;
  latentGradient(node: number): Float64Array;
  /** Gives up blocks in which no |value| reaches the threshold. */
  prune(threshold: number): void;
  /** What the parts of steps and evaluations took since the last call. */
  takePartTimes(): PartTime[];
  /** Frees the memory at once; nothing else may be called afterwards. */
  release(): void;
}

/** Time of one part of the work: seconds summed over threads, and useful floating-point operations. */
export interface PartTime {
  readonly name: string;
  readonly seconds: number;
  readonly operations: number;
}

/** One kernel on its own, single-threaded. */
export interface KernelTime extends PartTime {
  /** Largest error against the plain definition in double precision, relative to the largest value. */
  readonly error: number;
}

/** One build of the addon. */
export interface NativeTrainer extends AddonBuild {
  readonly Segment: new (config: NativeSegmentConfig) => NativeSegment;
  /** Times every kernel of the training step on fresh random input, each for so many seconds. */
  benchKernels(seed: number, seconds: number): KernelTime[];
  /** Operations a second of independent multiply-adds on one thread. */
  peakOperations(seconds: number): number;
}

/**
 * The trainer for this processor; `WEFT_ISA` (avx512, avx2, portable; neon) forces a build.
 *
 * @throws EngineError `ENGINE_MISSING` if the addon was not built.
 */
export function loadNativeTrainer(forced?: string): NativeTrainer {
  return loadAddon<NativeTrainer>('trainers', forced);
}

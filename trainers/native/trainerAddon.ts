/** Finds and types the native training engine. */

import { type AddonBuild, loadAddon } from '../../runtime/native/addonLoader.js';
import type { FieldArrays } from '../../runtime/native/fieldArrays.js';
import type { SegmentEngine, StepCost } from '../segmentEngine.js';

/** Plain description of a segment for the addon; see `configOf` in trainers/native/addon.cc. */
export interface NativeSegmentConfig extends FieldArrays {
  readonly threads: number;
  readonly seed: number;
  readonly exact: boolean;
  /** By number of references: step of each plane before gains and depth. */
  readonly steps: readonly Float64Array[];
  readonly depthScale: Float64Array;
  /** Of a squared error in one sample, by plane. */
  readonly lossWeights: Float64Array;
  /** Offsets of the tensors, in the order of `NetLayout` in trainers/native/engine.h. */
  readonly layout: Int32Array;
}

/** One segment in training, on the processor. */
export interface NativeSegment extends SegmentEngine {
  gradient(nets: Float64Array, options: Float64Array, netGradient: Float64Array): StepCost;
  latents(node: number): Int32Array;
  latentGradient(node: number): Float64Array;
  prune(threshold: number): void;
  /** Latents of a node as they are in training. */
  continuousLatents(node: number): Float64Array;
  /** What the parts of steps and evaluations took since the last call. */
  takePartTimes(): PartTime[];
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

/** Finds the native trainer, and types what it shows: the twin of trainers/native/addon.cc. */

import type { FieldConfig } from '../../runtime/field/fieldConfig.js';
import { type AddonBuild, loadAddon } from '../../runtime/native/addonLoader.js';
import type { EngineConstants } from '../trainingConstants.js';
import type { EnlargerBatch, NodeRange, TrainingSegment } from '../trainingEngine.js';
import type { LatentOptions, StepCost, StepOptions } from '../trainingStep.js';

/** What a segment is built from; the addon reads every field by its name. */
export interface TrainingSegmentConfig extends FieldConfig {
  readonly threads: number;
  readonly seed: number;
  /** By number of references: step of each plane before gains and depth. */
  readonly steps: readonly Float64Array[];
  /** Factor on the steps of innovation, by depth. */
  readonly depthScale: Float64Array;
  /** Of a squared error in one sample, by plane. */
  readonly lossWeights: Float64Array;
  readonly layout: NetLayout;
  readonly constants: EngineConstants;
}

/** Where the tensors of the nets are among all their values (runtime/field/tensors.ts). */
export interface NetLayout {
  readonly contexts: readonly ContextLayout[];
  readonly syntheses: readonly SynthesisLayout[];
  readonly motionGain: number;
  readonly filters: number;
  /** Values in all. */
  readonly count: number;
}

export interface ContextLayout {
  readonly w1: number;
  readonly b1: number;
  readonly w2: number;
  readonly linear: number;
  readonly bias: number;
  /** -1 where the net has no bias by depth. */
  readonly depth: number;
}

export interface SynthesisLayout {
  readonly w1: number;
  readonly b1: number;
  readonly conv: number;
  readonly chromaW1: number;
  readonly chromaB1: number;
  readonly chromaW2: number;
  readonly chromaLinear: number;
  readonly gain: number;
}

/** The addon's class: one segment in training, on the processor. */
export interface NativeTrainingSegment extends TrainingSegment {
  gradient(nets: Float64Array, step: StepOptions & LatentOptions, netGradient: Float64Array): StepCost;
  latents(node: number): Int32Array;
  latentGradient(node: number): Float64Array;
  prune(threshold: number, nodes: NodeRange): void;
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
  readonly Segment: new (config: TrainingSegmentConfig) => NativeTrainingSegment;
  /** As `TrainingEngine.enlargerGradient`. */
  enlargerGradient(batch: EnlargerBatch, gradient: Float64Array): Promise<number>;
  /** Times every kernel of the training step on fresh random input, each for so many seconds. */
  benchKernels(seed: number, seconds: number): KernelTime[];
  /** Operations a second of independent multiply-adds on one thread. */
  peakOperations(seconds: number): number;
}

/**
 * The trainer for this processor; `WEFT_ISA` (avx512, avx2, portable; neon) forces a build, and `exact` is one in double precision, for
 * tests of gradients, which has no benches and on x86 needs AVX2.
 *
 * @throws EngineError `ENGINE_MISSING` if the addon was not built.
 */
export function loadNativeTrainer(forced?: string): NativeTrainer {
  return loadAddon<NativeTrainer>('trainers', forced);
}

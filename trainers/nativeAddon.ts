/** Finds and types the native training engine. */

import { createRequire } from 'node:module';
import { EngineError } from '../runtime/errors.js';

/** Plain description of a segment for the addon; see `configOf` in trainers/native/addon.cc. */
export interface NativeSegmentConfig {
  readonly width: number;
  readonly height: number;
  readonly halvedChroma: boolean;
  readonly threads: number;
  readonly seed: number;
  readonly exact: boolean;
  /** 9 integers a node: frame, depth, references, reference 0 and 1, motion node 0 and 1, motion field 0 and 1. */
  readonly nodes: Int32Array;
  /** 2 a node: scales of the predicted fields. */
  readonly scales: Float64Array;
  /** By number of references: 11 integers a latent plane. */
  readonly planes: readonly Int32Array[];
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

/** One segment in training. Arrays that a promise works on must not be touched until it settles. */
export interface NativeSegment {
  setSource(node: number, y: Uint8Array, cb: Uint8Array, cr: Uint8Array): void;
  analyse(nets: Float64Array, lambda: number): Promise<void>;
  train(
    options: Float64Array,
    activity: Uint8Array,
    nets: Float64Array,
    firstMoment: Float64Array,
    secondMoment: Float64Array,
    netRateScale: Float64Array,
    netSteps: Float64Array,
  ): Promise<StepCost>;
  /** 5 a node: squared errors of Y, Cb and Cr, bits of innovation and of motion. */
  evaluate(nets: Float64Array): Promise<Float64Array>;
  gradient(nets: Float64Array, options: Float64Array, netGradient: Float64Array): StepCost;
  latents(node: number): Int32Array;
  continuousLatents(node: number): Float64Array;
  setContinuousLatents(node: number, values: Float64Array): void;
  latentGradient(node: number): Float64Array;
  picture(node: number, plane: number, out: Float32Array): void;
  activeFraction(): number;
  /** Gives up blocks in which no |value| reaches the threshold. */
  prune(threshold: number): void;
}

/** One build of the addon. */
export interface NativeTrainer {
  readonly Segment: new (config: NativeSegmentConfig) => NativeSegment;
  readonly instructionSet: 'portable' | 'avx2' | 'avx512';
  readonly hasAvx2?: boolean;
  readonly hasAvx512?: boolean;
}

/** Instruction sets in order of preference. */
const INSTRUCTION_SETS = ['avx512', 'avx2', 'portable'] as const;

/**
 * The fastest build that this processor runs; `WEFT_ISA` (avx512, avx2, portable) forces one.
 *
 * @throws EngineError `ENGINE_MISSING` if the addon was not built.
 */
export function loadNativeTrainer(forced = process.env.WEFT_ISA): NativeTrainer {
  const portable = loadBuild('portable');
  if (forced !== undefined && forced !== '') return loadBuild(forced);
  const runs = { avx512: portable.hasAvx512, avx2: portable.hasAvx2, portable: true };
  return loadBuild(INSTRUCTION_SETS.find((set) => runs[set]) ?? 'portable');
}

function loadBuild(instructionSet: string): NativeTrainer {
  const require = createRequire(import.meta.url);
  const file = `weft_trainer_${instructionSet}.node`;
  for (const root of ['..', '../..']) {
    try {
      return require(`${root}/trainers/native/build/Release/${file}`);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    }
  }
  throw new EngineError('The native training engine is not built.', {
    code: 'ENGINE_MISSING',
    hint: 'Install a C++17 compiler, make and python3, then run: node runtime/native/build.mjs',
    path: 'engine',
    value: instructionSet,
    range: INSTRUCTION_SETS.join(', '),
  });
}

/** Finds and types the native decoder. */

import { createRequire } from 'node:module';
import { EngineError } from '../errors.js';
import type { ContextWeights, SynthesisWeights } from '../field/nets.js';
import type { AxisKernel } from '../reference/spatialSampler.js';

/** Plain description of a segment for the addon; read by `segmentSpec` in addon.cc. */
export interface NativeSegmentConfig {
  readonly width: number;
  readonly height: number;
  readonly halvedChroma: boolean;
  /** 9 integers a node: frame, depth, references, reference 0 and 1, motion node 0 and 1, motion field 0 and 1. */
  readonly nodes: Int32Array;
  /** 2 a node: scales of the predicted fields. */
  readonly scales: Float64Array;
  /** By number of references: 11 integers a latent plane, the fields of `LatentPlaneSpec` in fieldSpec.h. */
  readonly planes: readonly Int32Array[];
  /** By node: quantization step of each of its planes. */
  readonly steps: readonly Float32Array[];
  readonly contexts: readonly ContextWeights[];
  readonly synthesis: readonly SynthesisWeights[];
  readonly streams: readonly Uint8Array[];
  /** Nodes in each stream. */
  readonly streamNodes: Int32Array;
}

declare const brand: unique symbol;

/** Threads and tables of one engine. */
export interface NativeDecoder {
  readonly [brand]: 'decoder';
  /** Ends the threads as soon as no segment needs them. */
  release(): void;
}

/** Weights of one output size. */
export interface NativeRaster {
  readonly [brand]: 'raster';
}

/** One segment. `decode` first, then the rest in any order. */
export interface NativeSegment {
  /** False if a stream is damaged. */
  decode(): Promise<boolean>;
  latents(node: number): Int32Array;
  /** `other` -1: exactly at `node`. Else `elapsed` (0..1) of the way from `node` to `other` along `field` of `node`. */
  picture(
    raster: NativeRaster,
    node: number,
    other: number,
    field: number,
    elapsed: number,
    frame: number,
    y: Uint8Array,
    cb: Uint8Array,
    cr: Uint8Array,
  ): Promise<void>;
  /** Bytes of baked planes held at the moment. */
  heldBytes(): number;
  release(): void;
}

/** One build of the addon. */
export interface NativeRuntime {
  readonly Decoder: new (
    threads: number,
    logarithm: Uint8Array,
    cumulative: Int32Array,
    keptBytes: number,
  ) => NativeDecoder;
  readonly Raster: new (
    decoder: NativeDecoder,
    identity: boolean,
    axes: readonly AxisKernel[],
  ) => NativeRaster;
  readonly Segment: new (decoder: NativeDecoder, config: NativeSegmentConfig) => NativeSegment;
  readonly instructionSet: 'portable' | 'avx2' | 'avx512';
  readonly hasAvx2?: boolean;
  readonly hasAvx512?: boolean;
}

/** Instruction sets in order of preference. */
const INSTRUCTION_SETS = ['avx512', 'avx2', 'portable'] as const;

/** Instruction sets of this processor that the addon was built for, the fastest first. */
export function nativeInstructionSets(): string[] {
  const portable = loadBuild('portable');
  const runs = { avx512: portable.hasAvx512, avx2: portable.hasAvx2, portable: true };
  return INSTRUCTION_SETS.filter((set) => runs[set]);
}

/**
 * The fastest build that this processor runs; `WEFT_ISA` (avx512, avx2, portable) forces one.
 *
 * @throws EngineError `ENGINE_MISSING` if the addon was not built.
 */
export function loadNativeRuntime(forced = process.env.WEFT_ISA): NativeRuntime {
  if (forced !== undefined && forced !== '') return loadBuild(forced);
  return loadBuild(nativeInstructionSets()[0] ?? 'portable');
}

function loadBuild(instructionSet: string): NativeRuntime {
  const require = createRequire(import.meta.url);
  const file = `weft_runtime_${instructionSet}.node`;
  for (const folder of ['.', '../../../runtime/native']) {
    try {
      return require(`${folder}/build/Release/${file}`);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    }
  }
  throw new EngineError('The native decoder is not built.', {
    code: 'ENGINE_MISSING',
    hint: 'Install a C++17 compiler, make and python3, then run: node runtime/native/build.mjs; or use the engine reference.',
    path: 'options.engine',
    value: instructionSet,
    range: INSTRUCTION_SETS.join(', '),
  });
}

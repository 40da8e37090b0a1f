/** Finds and types the native decoder. */

import type { DecodedSegmentConfig } from '../engine/segmentConfig.js';
import type { NodeBits } from '../entropy/latentCoder.js';
import type { Enlargement } from '../field/samplingKernels.js';
import type { AxisKernel } from '../picture/raster.js';
import { type AddonBuild, loadAddon } from './addonLoader.js';

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
export interface NativeDecodedSegment {
  /** False if a stream is damaged. */
  decode(): Promise<boolean>;
  latents(node: number): Int32Array;
  /** By node, as read from the streams. */
  bits(): NodeBits[];
  /** See `BakedSegment.picture`. */
  picture(
    raster: NativeRaster,
    frame: number,
    phase: number,
    y: Uint8Array,
    cb: Uint8Array,
    cr: Uint8Array,
  ): Promise<void>;
  /** Bytes of baked planes held at the moment. */
  heldBytes(): number;
  release(): void;
}

/** One build of the addon. */
export interface NativeRuntime extends AddonBuild {
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
    enlargement: Enlargement | undefined,
  ) => NativeRaster;
  readonly Segment: new (decoder: NativeDecoder, config: DecodedSegmentConfig) => NativeDecodedSegment;
}

/**
 * The decoder for this processor; `WEFT_ISA` (avx512, avx2, portable; neon) forces a build.
 *
 * @throws EngineError `ENGINE_MISSING` if the addon was not built.
 */
export function loadNativeRuntime(forced?: string): NativeRuntime {
  return loadAddon<NativeRuntime>('runtime', forced);
}

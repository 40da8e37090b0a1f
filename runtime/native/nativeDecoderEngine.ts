/** The native engine: same integers as the reference, same pictures within a code, much faster. Node only. */

import { availableParallelism } from 'node:os';
import type {
  BakedSegment,
  CreateDecoderEngine,
  DecoderEngine,
  SegmentTask,
} from '../engine/decoderEngine.js';
import { segmentConfig } from '../engine/segmentConfig.js';
import { LOGARITHM_Q4 } from '../entropy/contextNet.js';
import { latentOutOfRange } from '../entropy/laplaceCoder.js';
import { LAPLACE_CUMULATIVE } from '../entropy/laplaceTables.js';
import type { NodeBits } from '../entropy/latentCoder.js';
import { EngineError, InterruptedError, throwIfAborted, WeftError } from '../errors.js';
import type { SamplingKernels } from '../field/samplingKernels.js';
import { createPicture, type Picture } from '../picture/picture.js';
import {
  loadNativeRuntime,
  type NativeDecodedSegment,
  type NativeDecoder,
  type NativeRaster,
  type NativeRuntime,
} from './decoderAddon.js';

const MAX_THREADS = 64;

/** Baked planes of a segment beyond this are dropped once later frames do not need them. */
const KEPT_BYTES = 2 ** 24;

/** The fastest build that this processor runs. */
export const createNativeDecoderEngine: CreateDecoderEngine = ({ threads }) =>
  new NativeDecoderEngine(loadNativeRuntime(), threads);

export class NativeDecoderEngine implements DecoderEngine {
  readonly name = 'native';
  readonly version: string;
  readonly device = 'processor';
  /**
   * With one thread nothing is done ahead of time, so that no second one is busy. With more one picture waits for its turn while
   * the caller is told of the one before, and another while that wakes up.
   */
  readonly lookahead: number;

  readonly #runtime: NativeRuntime;
  readonly #decoder: NativeDecoder;
  readonly #rasters = new WeakMap<SamplingKernels, NativeRaster>();

  /**
   * @param threads 0 is one per core; at most 64
   * @param keptBytes memory for baked planes that playing on does not need, per segment
   */
  constructor(runtime: NativeRuntime, threads: number, keptBytes = KEPT_BYTES) {
    const wanted = Math.min(MAX_THREADS, threads > 0 ? Math.floor(threads) : availableParallelism());
    this.version = runtime.instructionSet;
    this.lookahead = wanted > 1 ? 2 : 0;
    this.#runtime = runtime;
    this.#decoder = new runtime.Decoder(wanted, LOGARITHM_Q4, LAPLACE_CUMULATIVE, keptBytes);
  }

  async latents(task: SegmentTask, signal?: AbortSignal): Promise<Int32Array[]> {
    const segment = await this.#decode(task, signal);
    const latents = task.nodes.map((_, node) => segment.latents(node));
    segment.release();
    return latents;
  }

  async bits(task: SegmentTask, signal?: AbortSignal): Promise<NodeBits[]> {
    const segment = await this.#decode(task, signal);
    const bits = segment.bits();
    segment.release();
    return bits;
  }

  async bake(task: SegmentTask, signal?: AbortSignal): Promise<BakedSegment> {
    const segment = await this.#decode(task, signal);
    return new NativeBakedSegment(segment, (kernels) => this.#raster(kernels));
  }

  close(): void {
    this.#decoder.release();
  }

  async #decode(task: SegmentTask, signal: AbortSignal | undefined): Promise<NativeDecodedSegment> {
    throwIfAborted(signal);
    return working(async () => {
      const segment = new this.#runtime.Segment(this.#decoder, segmentConfig(task));
      if (!(await untilAborted(segment.decode(), signal))) throw latentOutOfRange();
      return segment;
    });
  }

  #raster(kernels: SamplingKernels): NativeRaster {
    const known = this.#rasters.get(kernels);
    if (known) return known;
    const axes = [...kernels.luma, ...kernels.chromaPlanes];
    const raster = new this.#runtime.Raster(this.#decoder, kernels.identity, axes, kernels.enlargement);
    this.#rasters.set(kernels, raster);
    return raster;
  }
}

/** Latents in memory; nodes are baked when a picture needs them, and dropped when too many are held. */
class NativeBakedSegment implements BakedSegment {
  readonly #segment: NativeDecodedSegment;
  readonly #raster: (kernels: SamplingKernels) => NativeRaster;

  constructor(segment: NativeDecodedSegment, raster: (kernels: SamplingKernels) => NativeRaster) {
    this.#segment = segment;
    this.#raster = raster;
  }

  async picture(
    frame: number,
    phase: number,
    kernels: SamplingKernels,
    signal?: AbortSignal,
  ): Promise<Picture> {
    throwIfAborted(signal);
    const picture = createPicture(kernels.width, kernels.height, kernels.chroma);
    await working(() => {
      const done = this.#segment.picture(this.#raster(kernels), frame, phase, ...picture.planes);
      return untilAborted(done, signal);
    });
    return picture;
  }

  close(): void {
    this.#segment.release();
  }
}

/** What the addon throws (out of memory, above all) as an error of weft. */
async function working<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof WeftError) throw cause;
    throw new EngineError(`The native engine failed: ${(cause as Error).message}.`, {
      code: 'ENGINE_FAILED',
      hint: 'If memory is short, close other programs or use a smaller film.',
      cause,
    });
  }
}

/** The result, or an InterruptedError as soon as the signal fires; the work then ends on its own in the background. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  let stop = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(new InterruptedError());
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

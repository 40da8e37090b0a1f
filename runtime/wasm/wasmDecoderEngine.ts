/** The native decoder as WebAssembly: the same integers, the same pictures within a code, in browsers and in Node. */

import type {
  BakedSegment,
  DecoderEngine,
  DecoderEngineOptions,
  FramePlanes,
  SegmentTask,
} from '../engine/decoderEngine.js';
import { nextTurn } from '../engine/nextTurn.js';
import { segmentConfig } from '../engine/segmentConfig.js';
import { LOGARITHM_Q4 } from '../entropy/contextNet.js';
import { latentOutOfRange } from '../entropy/laplaceCoder.js';
import { LAPLACE_CUMULATIVE } from '../entropy/laplaceTables.js';
import type { NodeBits } from '../entropy/latentCoder.js';
import { EngineError, throwIfAborted } from '../errors.js';
import type { SamplingKernels } from '../field/samplingKernels.js';
import { linkAfter } from '../field/structure.js';
import { createPlane, type FloatPlane } from '../picture/floatPlane.js';
import { chromaSize, createPicture, type Picture, type Size } from '../picture/picture.js';
import { compileDecoder, DecoderMachine } from './decoderModule.js';
import { coreCount, helpersRun } from './helperThread.js';
import { rasterWords, segmentWords, tableWords } from './segmentWords.js';

const MAX_THREADS = 16;

/** Baked planes of a segment beyond this are dropped once later frames do not need them. */
const KEPT_BYTES = 2 ** 26;

/** Output sizes whose weights are kept: the one that is shown, and a few before it. */
const KEPT_RASTERS = 8;

/**
 * The engine; its code is compiled when this resolves.
 *
 * @throws EngineError `ENGINE_MISSING` where it does not run
 */
export async function openWasmDecoderEngine({ threads }: DecoderEngineOptions): Promise<DecoderEngine> {
  const wanted = Math.min(MAX_THREADS, threads > 0 ? Math.floor(threads) : coreCount());
  const count = helpersRun() ? wanted : 1;
  return new WasmDecoderEngine(new DecoderMachine(await compileDecoder(count > 1), count));
}

/** Has the machine fill blocks at these addresses; 0 if what they are made of is damaged. */
type Fill = (machine: DecoderMachine, at: number[]) => number;

/** Works on the thread of its caller, a call at a time; helpers share the rows of a picture. */
export class WasmDecoderEngine implements DecoderEngine {
  readonly name = 'wasm';
  readonly version: string;
  readonly device = 'processor';
  readonly lookahead = 0;

  readonly #machine: DecoderMachine;
  readonly #decoder: number;
  /** In the order of last use. */
  readonly #rasters = new Map<SamplingKernels, number>();
  #failure: EngineError | undefined;

  constructor(machine: DecoderMachine) {
    this.#machine = machine;
    this.version = `WebAssembly, ${machine.threads === 1 ? 'one thread' : `${machine.threads} threads`}`;
    this.#decoder = machine.withWords(tableWords(LOGARITHM_Q4, LAPLACE_CUMULATIVE), (words) =>
      machine.exports.newDecoder(machine.threads, words, KEPT_BYTES),
    );
    machine.startHelpers();
  }

  async latents(task: SegmentTask, signal?: AbortSignal): Promise<Int32Array[]> {
    return this.#decoded(task, signal, (segment) =>
      task.nodes.map((_, node) => this.#latentsOf(segment, node)),
    );
  }

  async bits(task: SegmentTask, signal?: AbortSignal): Promise<NodeBits[]> {
    return this.#decoded(task, signal, (segment) => task.nodes.map((_, node) => this.#bitsOf(segment, node)));
  }

  /** Streams are read as far as pictures need them. */
  async bake(task: SegmentTask, signal?: AbortSignal): Promise<BakedSegment> {
    await nextTurn(signal);
    return new WasmBakedSegment(task, this.#newSegment(task), this);
  }

  close(): void {
    this.#machine.close();
  }

  /** The machine, for `work` on it. What stops there (for lack of memory) leaves it unusable. */
  use<T>(work: (machine: DecoderMachine) => T): T {
    if (this.#failure) throw this.#failure;
    try {
      return work(this.#machine);
    } catch (cause) {
      this.#failure = new EngineError(`The wasm engine failed: ${(cause as Error).message}.`, {
        code: 'ENGINE_FAILED',
        hint: 'If memory is short, close other pages or programs or use a smaller film; then open the film again.',
        cause,
      });
      throw this.#failure;
    }
  }

  /**
   * Has the machine fill blocks of so many bytes each, and `take` what lies in them.
   *
   * @throws FormatError `LATENT_RANGE` if what they are made of is damaged.
   */
  fill(bytes: readonly number[], fill: Fill, take: (machine: DecoderMachine, at: number[]) => void): void {
    const starts = bytes.map((_, i) => bytes.slice(0, i).reduce((sum, count) => sum + aligned(count), 0));
    const isSound = this.use((machine) =>
      machine.withRoom(starts.at(-1)! + bytes.at(-1)!, (base) => {
        const at = starts.map((start) => base + start);
        if (!fill(machine, at)) return false;
        take(machine, at);
        return true;
      }),
    );
    if (!isSound) throw latentOutOfRange();
  }

  /** Frees a segment; of a machine that stopped nothing is left to free. */
  end(segment: number): void {
    if (!this.#failure) this.use(({ exports }) => exports.endSegment(segment));
  }

  /** Handle of the weights for a raster. */
  raster(kernels: SamplingKernels): number {
    const raster =
      this.#rasters.get(kernels) ??
      this.use((machine) =>
        machine.withWords(rasterWords(kernels), (words) => machine.exports.newRaster(this.#decoder, words)),
      );
    this.#rasters.delete(kernels);
    this.#rasters.set(kernels, raster);
    for (const [oldest, handle] of this.#rasters) {
      if (this.#rasters.size <= KEPT_RASTERS) break;
      this.#rasters.delete(oldest);
      this.use(({ exports }) => exports.endRaster(handle));
    }
    return raster;
  }

  #newSegment(task: SegmentTask): number {
    const words = segmentWords(segmentConfig(task));
    return this.use((machine) =>
      machine.withWords(words, (address) => machine.exports.newSegment(this.#decoder, address)),
    );
  }

  /** What `read` says of a segment all of whose streams were read. */
  async #decoded<T>(
    task: SegmentTask,
    signal: AbortSignal | undefined,
    read: (segment: number) => T,
  ): Promise<T> {
    throwIfAborted(signal);
    const segment = this.#newSegment(task);
    try {
      while (this.use(({ exports }) => exports.decodeSome(segment))) await nextTurn(signal);
      if (!this.use(({ exports }) => exports.sound(segment))) throw latentOutOfRange();
      return read(segment);
    } finally {
      this.end(segment);
    }
  }

  #latentsOf(segment: number, node: number): Int32Array {
    return this.use((machine) => {
      const count = machine.exports.latentCount(segment, node);
      return machine.withRoom(4 * count, (out) => {
        machine.exports.latents(segment, node, out);
        return machine.integers(out, count).slice();
      });
    });
  }

  #bitsOf(segment: number, node: number): NodeBits {
    return this.use((machine) =>
      machine.withRoom(16, (out) => {
        machine.exports.bits(segment, node, out);
        const [motion, innovation] = machine.doubles(out, 2);
        return { motion: motion!, innovation: innovation! };
      }),
    );
  }
}

/** Latents and planes in the machine's memory. */
class WasmBakedSegment implements BakedSegment {
  readonly #task: SegmentTask;
  readonly #segment: number;
  readonly #engine: WasmDecoderEngine;

  constructor(task: SegmentTask, segment: number, engine: WasmDecoderEngine) {
    this.#task = task;
    this.#segment = segment;
    this.#engine = engine;
  }

  async picture(
    frame: number,
    phase: number,
    kernels: SamplingKernels,
    signal?: AbortSignal,
  ): Promise<Picture> {
    throwIfAborted(signal);
    const raster = this.#engine.raster(kernels);
    const picture = createPicture(kernels.width, kernels.height, kernels.chroma);
    this.#engine.fill(
      picture.planes.map(({ length }) => length),
      ({ exports }, [y, cb, cr]) => exports.picture(this.#segment, raster, frame, phase, y!, cb!, cr!),
      (machine, at) => {
        for (const [p, plane] of picture.planes.entries()) plane.set(machine.bytes(at[p]!, plane.length));
      },
    );
    return picture;
  }

  async framePlanes(frame: number, signal?: AbortSignal): Promise<FramePlanes> {
    throwIfAborted(signal);
    const { nodes, shape } = this.#task;
    const chroma = chromaSize(shape.width, shape.height, shape.chroma);
    const grid = shape.motion[0]!;
    const [y, cb, cr] = this.#planes([shape, chroma, chroma], ({ exports }, [y, cb, cr]) =>
      exports.planes(this.#segment, frame, y!, cb!, cr!),
    );
    const planes = [y!, cb!, cr!] as const;
    if (frame === nodes.length - 1) return { planes };
    const { carrierIsLater } = linkAfter(nodes, frame);
    const [mx, my, ax, ay] = this.#planes([grid, grid, grid, grid], ({ exports }, [mx, my, ax, ay]) =>
      exports.link(this.#segment, frame, mx!, my!, ax!, ay!),
    );
    return { planes, link: { carrierIsLater, motion: [mx!, my!], acceleration: [ax!, ay!] } };
  }

  close(): void {
    this.#engine.end(this.#segment);
  }

  #planes(sizes: readonly Size[], fill: Fill): FloatPlane[] {
    const planes = sizes.map(({ width, height }) => createPlane(width, height));
    this.#engine.fill(
      planes.map(({ samples }) => samples.byteLength),
      fill,
      (machine, at) => {
        for (const [p, { samples }] of planes.entries()) samples.set(machine.reals(at[p]!, samples.length));
      },
    );
    return planes;
  }
}

/** Whole cache lines. */
function aligned(bytes: number): number {
  return Math.ceil(bytes / 64) * 64;
}

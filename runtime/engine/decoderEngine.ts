/**
 * The seam between a film and the engine that turns its segments into pictures. Every engine passes the same suite,
 * test/runtime/decoderContract.ts, and stands in registry.ts.
 */

import type { NodeBits } from '../entropy/latentCoder.js';
import type { FilmNets } from '../field/nets.js';
import type { SamplingKernels } from '../field/samplingKernels.js';
import type { FieldShape } from '../field/shape.js';
import type { FieldNode } from '../field/structure.js';
import type { SegmentData } from '../format/segmentHead.js';
import type { FloatPlane, Planes } from '../picture/floatPlane.js';
import type { Picture } from '../picture/picture.js';

/** Everything that decides what a segment looks like; plain data, for an engine may hand it to another thread. */
export interface SegmentTask {
  /** Sizes of the planes, of the film. */
  readonly shape: FieldShape;
  /** Of the film. */
  readonly nets: FilmNets;
  /** Step exponents of depths 0..3, 4 and deeper, eighths of an octave: the header's, refined as the segment says. */
  readonly depthOffset: readonly number[];
  /** Base exponent and streams: runs of nodes in coding order, each a range-coder stream of its own. */
  readonly segment: SegmentData;
  /** `segmentStructure(segment)`: one node a frame, in coding order. */
  readonly nodes: readonly FieldNode[];
}

/** What a picture at a frame, and those between it and the next, are sampled from. */
export interface FramePlanes {
  /** At native size, in codes minus 128; the caller's to keep. */
  readonly planes: Planes;
  /** The trajectories to the next frame; absent at the last one of the segment. */
  readonly link?: FrameLink;
}

/** What leads from a frame to the next: section 12 of FORMAT.md. */
export interface FrameLink {
  /** Whether the next frame carries the trajectories and they lead to this one, or the other way round. */
  readonly carrierIsLater: boolean;
  /** Displacements from the carrier to the other in luma pixels, across and down, one for each cell; the caller's to keep. */
  readonly motion: readonly [FloatPlane, FloatPlane];
  /** How their velocity changes, in luma pixels per frame and frame, one for each cell half way; the caller's to keep. */
  readonly acceleration: readonly [FloatPlane, FloatPlane];
}

/**
 * A segment of which pictures can be taken, in any order, several at once; fastest with instants rising.
 */
export interface BakedSegment {
  /**
   * The picture at `frame` + `phase`, as section 12 of FORMAT.md defines it, within 1 of the reference in 8-bit codes.
   *
   * @param frame frame within the segment, from 0
   * @param phase 0 at the frame, up to 1 (excluded) towards the next one, which must be in the segment too
   * @param kernels raster and crop, of the shape of the task
   * @returns planes of `kernels.width` x `kernels.height` luma samples, the caller's to keep
   * @throws InterruptedError if the signal has fired; if it fires meanwhile, that or the picture. EngineError if the engine
   *   fails. FormatError `LATENT_RANGE` if what it needs of a stream is damaged.
   */
  picture(frame: number, phase: number, kernels: SamplingKernels, signal?: AbortSignal): Promise<Picture>;
  /**
   * What a sampler elsewhere (on a GPU: runtime/gpu) makes pictures of; left out by engines that only sample themselves.
   *
   * @param frame frame within the segment, from 0
   * @throws as `picture`
   */
  framePlanes?(frame: number, signal?: AbortSignal): Promise<FramePlanes>;
  /** Frees the segment, at the latest when the pictures that were asked for are there; it is not used afterwards. */
  close(): void;
}

/**
 * An engine. Methods may be called again while a call is under way. All of them throw an InterruptedError if the signal has
 * fired or fires, which leaves other calls alone, and an EngineError if the engine fails (of memory, above all).
 */
export interface DecoderEngine {
  /** Its name in the registry, or any other of an engine of the caller's own. */
  readonly name: string;
  /** Which build of the engine this is, and what it computes on: words for people. */
  readonly version: string;
  readonly device: string;
  /** Pictures worth asking for before they are needed; above 0 also the next segment. */
  readonly lookahead: number;
  /**
   * Latents of every node in coding order, each laid out as `latentPlanes` says; exactly those that were written.
   *
   * @throws FormatError `LATENT_RANGE` if a stream is damaged.
   */
  latents(task: SegmentTask, signal?: AbortSignal): Promise<Int32Array[]>;
  /**
   * Bits of every node in coding order: what the coder counts (`countNodeBits`), or what its symbols take in their stream, at
   * most 0.2% and 1/8 more. The last symbols of a stream, which may lie behind its end, are exact within 32 bits.
   *
   * @throws FormatError `LATENT_RANGE` if a stream is damaged.
   */
  bits(task: SegmentTask, signal?: AbortSignal): Promise<NodeBits[]>;
  /**
   * Makes a segment ready for its pictures. Its streams are read here, or by the pictures that need them.
   *
   * @throws FormatError `LATENT_RANGE` if a stream is damaged; or a picture throws it.
   */
  bake(task: SegmentTask, signal?: AbortSignal): Promise<BakedSegment>;
  /** Frees what the engine holds, at the latest when the work under way has ended; it is not used afterwards. */
  close(): void;
}

/** What an engine may want to know; each takes of it what it can use. */
export interface DecoderEngineOptions {
  /** Threads that decode; 0 is one per core. */
  readonly threads: number;
}

/** @throws EngineError `ENGINE_MISSING` if the engine cannot run here. */
export type CreateDecoderEngine = (options: DecoderEngineOptions) => DecoderEngine | Promise<DecoderEngine>;

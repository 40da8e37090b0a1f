/**
 * The seam between a film's planes and the GPU that shows them. There are two of these, on WebGPU and on WebGL2; they pass the
 * same suite, test/browser/planeSampler.test.ts.
 */

import type { FramePlanes } from '../engine/decoderEngine.js';
import type { SamplingKernels } from '../field/samplingKernels.js';
import type { Picture } from '../picture/picture.js';
import type { Crop } from '../picture/raster.js';

/** A frame in the memory of the GPU. */
export interface LoadedFrame {
  /** Gives the memory back; pictures that were asked for are drawn all the same. */
  free(): void;
}

/** What a picture is made of. */
export interface SampledInstant {
  readonly frame: LoadedFrame;
  /** The next frame, where `phase` is above 0; `frame` must have a link to it. */
  readonly next?: LoadedFrame | undefined;
  /** 0 at the frame, up to 1 (excluded) towards the next one. */
  readonly phase: number;
}

/** What part of the film is drawn, and how large. */
export interface View {
  /** In luma pixels of the film, inside it. */
  readonly crop: Crop;
  /** Size of the canvas in its pixels; the picture fills it. */
  readonly width: number;
  readonly height: number;
  /** Whether the film's enlarger is used where it has one and pictures grow. Default true. */
  readonly enlarge?: boolean;
}

/** Draws pictures of one film on one canvas: sections 12 and 2 of FORMAT.md, within 1 code. */
export interface PlaneSampler {
  readonly api: 'webgpu' | 'webgl2';
  /** What draws: words for people. */
  readonly device: string;
  /** Fulfilled with the reason once the GPU is lost; from then on nothing is drawn. Never rejected. */
  readonly lost: Promise<string>;
  /** Takes the planes of a frame to the GPU; they are not needed afterwards. */
  load(frame: FramePlanes): LoadedFrame;
  /**
   * Draws at once, in colours of the screen (sRGB).
   *
   * @param others the picture is the mean of these with the first, before it is enlarged
   */
  draw(instant: SampledInstant, view: View, others?: readonly SampledInstant[]): void;
  /**
   * The 8-bit planes of a picture, read back: for tests and for pictures that are saved.
   *
   * @param kernels any enlargement in them is by the film's own enlarger
   */
  picture(instant: SampledInstant, kernels: SamplingKernels): Promise<Picture>;
  /** Frees everything. */
  close(): void;
}

/** From quality as people state it to the Lagrange multiplier and the quantization step. */

import { DEFAULT_DEPTH_OFFSET } from '../runtime/field/constants.js';
import { refinedOffsets } from '../runtime/field/steps.js';
import { type Chroma, chromaSize, type Size } from '../runtime/picture/picture.js';

/** Frames of one depth share an offset of their step, in eighths of an octave; segments refine them. */
export const DEPTH_OFFSET = DEFAULT_DEPTH_OFFSET;
/** The same for a frame that nothing is predicted from: a still, a flash between two cuts. */
const LONE_OFFSET = 2;

/** Refinement of a segment of up to so many frames; twice as many want 2 more, and so do more (docs/lab). */
const USUAL_REFINEMENT = 3;
const USUAL_FRAMES = 33;
const REFINEMENT_PER_OCTAVE = 2;
const MOST_FOR_LENGTH = 2;

/** The multiplier at crf 22, and the change of crf that doubles it. */
const LAMBDA_AT_22 = 60;
const CRF_PER_OCTAVE = 3;

/** Quantization step at full size, in codes, over the root of lambda; measured in docs/lab. */
const STEP_FACTOR = 2.25;

/** What an encode makes the best of. */
export type TuneName = 'psnr' | 'ssim';

/** What errors weigh. */
export interface Tune {
  /** Of chroma. Its errors are smaller: at a weight of 1 its PSNR falls behind luma's more than in other codecs. */
  readonly chromaWeight: number;
  /** Power of the weights by what the eye sees of an error (errorWeights.ts): 0 for none, 1 for SSIM's. */
  readonly masking: number;
}

export const TUNES: Readonly<Record<TuneName, Tune>> = {
  psnr: { chromaWeight: 3, masking: 0 },
  ssim: { chromaWeight: 2, masking: 0.8 },
};

/** Steps of a segment: what its training is given, and what its head says so that a decoder comes to the same. */
export interface SegmentSteps {
  /** Eighths of an octave: of the base step, and by depth. */
  readonly baseExponent: number;
  readonly depthOffset: readonly number[];
  /** Fields of the head; the film's header holds DEPTH_OFFSET. */
  readonly head: { readonly baseExponent: number; readonly refinement: number };
}

/**
 * The steps of a segment of so many frames. A decoder adds the film's offset of depth 0 to a lone frame, which wants another
 * one: the difference goes into the exponent of the head.
 *
 * @param refinement how much finer the first depths are, 0..7 (`refinedOffsets`)
 */
export function segmentSteps(lambda: number, frames: number, refinement: number): SegmentSteps {
  const baseExponent = baseExponentOf(lambda);
  if (frames > 1) {
    const depthOffset = refinedOffsets(DEPTH_OFFSET, refinement);
    return { baseExponent, depthOffset, head: { baseExponent, refinement } };
  }
  return {
    baseExponent,
    depthOffset: DEPTH_OFFSET.map(() => LONE_OFFSET),
    head: { baseExponent: baseExponent + LONE_OFFSET - DEPTH_OFFSET[0]!, refinement: 0 },
  };
}

/** The refinement that suits segments of so many frames if nothing else is known of them. */
export function usualRefinement(frames: number): number {
  const octaves = Math.max(0, Math.log2(frames / USUAL_FRAMES));
  return USUAL_REFINEMENT + Math.min(MOST_FOR_LENGTH, Math.round(REFINEMENT_PER_OCTAVE * octaves));
}

/** Weights of the squared errors of Y, Cb and Cr, so that the sum is pixels * (6 mseY + chromaWeight (mseCb + mseCr)) / 8. */
export function lossWeights(
  { width, height, chroma }: Size & { chroma: Chroma },
  { chromaWeight }: Tune,
): [number, number, number] {
  const c = chromaSize(width, height, chroma);
  const weight = (chromaWeight * 0.125 * width * height) / (c.width * c.height);
  return [0.75, weight, weight];
}

/** Squared 8-bit codes per bit per pixel, for a quality on x264's scale. */
export function lambdaOfCrf(crf: number): number {
  return LAMBDA_AT_22 * 2 ** ((crf - 22) / CRF_PER_OCTAVE);
}

/** Quantization step that suits a multiplier, as the exponent that the segment head holds: step = 2^(e / 8) codes. */
export function baseExponentOf(lambda: number): number {
  return Math.round(8 * Math.log2(STEP_FACTOR * Math.sqrt(lambda)));
}

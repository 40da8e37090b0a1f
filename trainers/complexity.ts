/** Multiply-adds of the field, from the shapes of its nets and kernels. */

import {
  CHROMA_INPUTS,
  CONTEXT_INPUTS,
  CONV_PLANES,
  DOUBLING_TAPS,
  FILTER_CLIPS,
  FILTER_RINGS,
  HIDDEN_UNITS,
  LUMA_INPUTS,
} from '../runtime/field/constants.js';

/** Chroma samples for a luma pixel (4:2:0, both planes). */
const CHROMA_SHARE = 0.5;
/** Latents for a pixel: luma and both chroma pyramids. */
const LATENTS_PER_PIXEL = 4 / 3 + (CHROMA_SHARE * 4) / 3;
/** Upsampling of one plane by separable filters: down in half the columns, then across. */
const UPSAMPLE_MACS = 1.5 * DOUBLING_TAPS.length;
/** Planes of full size that are upsampled, with what their coarser levels add. */
const UPSAMPLED_PLANES = 3 + 2 / 4 + 1 / 16;
/** A displaced block of 8x8 is read by 4 taps across in 11 rows and 4 down; two more multiplications weigh it. */
const CELL_MACS = 4 * (11 / 8 + 1) + 2;
const CELLS_AROUND = 4;

/** Forward and backward pass, in forward passes. */
const TRAINING_PASSES = 3;

/** Largest number of multiply-adds that decoding one pixel of one frame takes: two references and no empty plane. */
export function decodeMacsPerPixel(): number {
  const context = HIDDEN_UNITS * (CONTEXT_INPUTS + 2) + 2 * CONTEXT_INPUTS;
  const luma = HIDDEN_UNITS * LUMA_INPUTS + CONV_PLANES * 9;
  const chroma = (CHROMA_SHARE / 2) * (HIDDEN_UNITS * (CHROMA_INPUTS + 2) + 2 * CHROMA_INPUTS);
  const pyramids = UPSAMPLE_MACS * (UPSAMPLED_PLANES + CHROMA_SHARE);
  const prediction = 2 * CELLS_AROUND * CELL_MACS * (1 + CHROMA_SHARE);
  const filter = FILTER_RINGS * FILTER_CLIPS.length * (1 + CHROMA_SHARE);
  return Math.round(context * LATENTS_PER_PIXEL + luma + chroma + pyramids + prediction + filter);
}

/** Multiply-adds spent on one pixel of film in so many steps. */
export function trainingMacsPerPixel(steps: number): number {
  return steps * TRAINING_PASSES * decodeMacsPerPixel();
}

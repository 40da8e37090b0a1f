/**
 * What errors weigh where, so that training spends bits on those that are seen. An error shows less the busier the picture is
 * around it: SSIM (Wang et al., 2004) divides it by the variance there. At equal means, and with errors that are small beside the
 * picture's own spread, 1 - SSIM of a window is its mean squared error over 2 variance + C2; a sample's weight is a power of the
 * mean of such a quotient over the windows that hold it.
 */

import { MAX_CODE } from '../runtime/field/constants.js';
import type { Picture } from '../runtime/picture/picture.js';
import type { Tune } from './rateControl.js';
import { TRAINING_CONSTANTS } from './trainingConstants.js';

/**
 * C2 of SSIM times 16. With C2 itself weights span a factor of 30, more than one quantization step for all of a picture can
 * follow: SSIM gains no more, and PSNR loses.
 */
const STABILIZER = 16 * (0.03 * MAX_CODE) ** 2;

/** Pictures of a scene, and what errors weigh in each (errorWeights). */
export interface WeighedScene {
  readonly pictures: readonly Picture[];
  readonly weights: readonly Float32Array[] | undefined;
}

/**
 * Weights of the squared errors in each picture of a scene by cells of `weightCellPx` luma samples, row by row; their geometric
 * mean over the scene is 1, where busy cells count for more: bits go there. None if errors weigh alike.
 */
export function errorWeights(
  scene: readonly Picture[],
  { masking }: Tune,
  cellPx = TRAINING_CONSTANTS.engine.weightCellPx,
): Float32Array[] | undefined {
  if (masking === 0) return;
  const weights = scene.map((picture) => visibilities(picture, cellPx).map((value) => value ** masking));
  let logarithms = 0;
  let bits = 0;
  for (const cells of weights) {
    for (const weight of cells) {
      const busy = 1 - Math.log(weight) / masking;
      logarithms += busy * Math.log(weight);
      bits += busy;
    }
  }
  const mean = Math.exp(logarithms / bits);
  return weights.map((cells) => Float32Array.from(cells, (weight) => weight / mean));
}

/** By cell, the mean over the windows that hold it of 1 / (1 + 2 variance / STABILIZER). */
function visibilities({ width, height, planes: [luma] }: Picture, cellPx: number): Float64Array {
  const across = Math.ceil(width / cellPx);
  const down = Math.ceil(height / cellPx);
  const counts = new Float64Array(across * down);
  const sums = new Float64Array(across * down);
  const squares = new Float64Array(across * down);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      const cell = Math.floor(y / cellPx) * across + Math.floor(x / cellPx);
      const code = luma[at]!;
      counts[cell]! += 1;
      sums[cell]! += code;
      squares[cell]! += code * code;
    }
  }
  // Windows of two by two cells, one around every corner of a cell; those at the edges are cut off.
  const [n, s, q] = [counts, sums, squares].map((cells) => overCorners(cells, across, down));
  const windows = n!.map((count, i) => {
    const variance = Math.max(0, q![i]! / count - (s![i]! / count) ** 2);
    return 1 / (1 + (2 * variance) / STABILIZER);
  });
  return Float64Array.from({ length: across * down }, (_, cell) => {
    const corner = cell + Math.floor(cell / across);
    const below = corner + across + 1;
    return (windows[corner]! + windows[corner + 1]! + windows[below]! + windows[below + 1]!) / 4;
  });
}

/** Sums of the cells around each corner: shape (down + 1, across + 1) from (down, across). */
function overCorners(cells: Float64Array, across: number, down: number): Float64Array {
  const sums = new Float64Array((down + 1) * (across + 1));
  for (const [cell, value] of cells.entries()) {
    const corner = cell + Math.floor(cell / across);
    for (const at of [corner, corner + 1, corner + across + 1, corner + across + 2]) sums[at]! += value;
  }
  return sums;
}

/** Doubling of planes, the only filter between the levels of a pyramid. */

import { DOUBLING_TAPS } from '../field/constants.js';
import { createPlane, type FloatPlane } from '../picture/floatPlane.js';
import { clampIndex, type Size } from '../picture/picture.js';

const REACH = DOUBLING_TAPS.length / 2;

/** Doubles a plane to `size` (each side of which is twice the coarse side, or one less): vertically, then horizontally. */
export function doublePlane(coarse: FloatPlane, size: Size): FloatPlane {
  const tall = createPlane(coarse.width, size.height);
  for (let y = 0; y < size.height; y++) {
    const taps = doublingTaps(y, coarse.height);
    for (let x = 0; x < coarse.width; x++) {
      tall.samples[y * coarse.width + x] = weigh(coarse.samples, taps, coarse.width, x);
    }
  }
  const fine = createPlane(size.width, size.height);
  const columns = Array.from({ length: size.width }, (_, x) => doublingTaps(x, coarse.width));
  for (let y = 0; y < size.height; y++) {
    for (let x = 0; x < size.width; x++) {
      fine.samples[y * size.width + x] = weigh(tall.samples, columns[x]!, 1, y * coarse.width);
    }
  }
  return fine;
}

/** Sum of levels `from` and coarser, at the size of level `from`. `levels[0]` is the finest. */
export function collapseLevels(levels: readonly FloatPlane[], from: number): FloatPlane {
  let sum = levels[levels.length - 1]!;
  for (let level = levels.length - 2; level >= from; level--) {
    sum = addPlane(doublePlane(sum, levels[level]!), levels[level]!);
  }
  return sum;
}

/** Adds `other` to `plane` in place. */
export function addPlane(plane: FloatPlane, other: FloatPlane): FloatPlane {
  for (let i = 0; i < plane.samples.length; i++) plane.samples[i]! += other.samples[i]!;
  return plane;
}

/** Coarse indexes, clamped, and their weights, for one fine index. */
interface Taps {
  readonly indexes: readonly number[];
  readonly weights: readonly number[];
}

function doublingTaps(fine: number, coarseLength: number): Taps {
  const odd = fine & 1;
  const first = (fine >> 1) - REACH + odd;
  return {
    indexes: DOUBLING_TAPS.map((_, k) => clampIndex(first + k, coarseLength)),
    weights: odd ? DOUBLING_TAPS.toReversed() : DOUBLING_TAPS,
  };
}

function weigh(samples: Float32Array, { indexes, weights }: Taps, stride: number, base: number): number {
  let sum = 0;
  for (let k = 0; k < indexes.length; k++) sum += weights[k]! * samples[base + indexes[k]! * stride]!;
  return sum;
}

/** Doubling of planes, the only filter between the levels of a pyramid. */

import type { Size } from '../film/frame.js';
import { clampIndex, createPlane, type FloatPlane } from './plane.js';

/** The cubic kernel of Catmull and Rom at distances 1.75, 0.75, 0.25, 1.25: a fine sample lies a quarter off a coarse one. */
export const DOUBLING_TAPS: readonly [number, number, number, number] = [
  -0.0234375, 0.2265625, 0.8671875, -0.0703125,
];

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

/** Four coarse indexes, clamped, and their weights, for one fine index. */
interface Taps {
  readonly indexes: readonly [number, number, number, number];
  readonly weights: readonly [number, number, number, number];
}

function doublingTaps(fine: number, coarseLength: number): Taps {
  const [f0, f1, f2, f3] = DOUBLING_TAPS;
  const first = (fine >> 1) - (fine & 1 ? 1 : 2);
  return {
    indexes: [
      clampIndex(first, coarseLength),
      clampIndex(first + 1, coarseLength),
      clampIndex(first + 2, coarseLength),
      clampIndex(first + 3, coarseLength),
    ],
    weights: fine & 1 ? [f3, f2, f1, f0] : [f0, f1, f2, f3],
  };
}

function weigh(samples: Float32Array, taps: Taps, stride: number, base: number): number {
  const { indexes: i, weights: w } = taps;
  return (
    w[0] * samples[base + i[0] * stride]! +
    w[1] * samples[base + i[1] * stride]! +
    w[2] * samples[base + i[2] * stride]! +
    w[3] * samples[base + i[3] * stride]!
  );
}

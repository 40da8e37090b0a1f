/** Reading planes at real coordinates. */

import { CUBIC_LIMIT_BEFORE, CUBIC_LIMIT_BEHIND, CUBIC_SHARPNESS } from '../field/constants.js';
import type { FloatPlane } from '../picture/floatPlane.js';
import { clampIndex } from '../picture/picture.js';

/** Weights of the four samples around a position `fraction` (0..1) behind the second: cubic convolution, R. Keys (1981). */
export function cubicWeights(fraction: number, weights: Float64Array): void {
  const f = fraction;
  const a = CUBIC_SHARPNESS;
  weights[0] = a * f * (1 + f * (f - 2));
  weights[1] = 1 + f * f * ((a + 2) * f - (a + 3));
  weights[2] = f * (f * (2 * a + 3 - (a + 2) * f) - a);
  weights[3] = a * f * f * (1 - f);
}

/** Reads a plane at real coordinates with the four-tap cubic kernel; sample indexes are clamped to the plane. */
export class CubicSampler {
  readonly #horizontal = new Float64Array(4);
  readonly #vertical = new Float64Array(4);

  at(plane: FloatPlane, x: number, y: number): number {
    const { width, height, samples } = plane;
    const nearX = farClamp(x, width);
    const nearY = farClamp(y, height);
    const column = Math.floor(nearX);
    const row = Math.floor(nearY);
    const h = this.#horizontal;
    const v = this.#vertical;
    cubicWeights(nearX - column, h);
    cubicWeights(nearY - row, v);
    const x0 = clampIndex(column - 1, width);
    const x1 = clampIndex(column, width);
    const x2 = clampIndex(column + 1, width);
    const x3 = clampIndex(column + 2, width);
    let sum = 0;
    for (let j = 0; j < 4; j++) {
      const r = clampIndex(row - 1 + j, height) * width;
      const left = h[0]! * samples[r + x0]! + h[1]! * samples[r + x1]!;
      sum += v[j]! * (left + h[2]! * samples[r + x2]! + h[3]! * samples[r + x3]!);
    }
    return sum;
  }
}

/** Beyond this every tap reads the edge sample anyway; it keeps indexes small however far a vector points. */
function farClamp(position: number, length: number): number {
  return Math.min(Math.max(position, -CUBIC_LIMIT_BEFORE), length - 1 + CUBIC_LIMIT_BEHIND);
}

/** The filter of a baked plane: every sample moves by clipped differences to its neighbours (FORMAT.md, "Filter"). */

import { DEPTH_ROWS, FILTER_CLIPS, FILTER_NEIGHBOURS, FILTER_RINGS } from '../field/constants.js';
import { createPlane, type FloatPlane } from '../picture/floatPlane.js';

/**
 * Weights of the filter of one plane of a node, by ring and clip.
 *
 * @param filters those of luma by depth, of Cb, of Cr
 * @param plane 0 Y, 1 Cb, 2 Cr
 */
export function filterWeights(filters: Float32Array, depth: number, plane: number): Float32Array {
  const count = FILTER_RINGS * FILTER_CLIPS.length;
  const row = plane === 0 ? Math.min(depth, DEPTH_ROWS - 1) : DEPTH_ROWS + plane - 1;
  return filters.subarray(row * count, (row + 1) * count);
}

/** Neighbours outside of the plane do not count. */
export function filterPlane(plane: FloatPlane, weights: Float32Array): FloatPlane {
  if (weights.every((weight) => weight === 0)) return plane;
  const { width, height, samples } = plane;
  const out = createPlane(width, height);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      let moved = samples[i]!;
      for (const [ring, neighbours] of FILTER_NEIGHBOURS.entries()) {
        for (const [dx, dy] of neighbours) {
          if (x + dx < 0 || x + dx >= width || y + dy < 0 || y + dy >= height) continue;
          const difference = samples[i + dy * width + dx]! - samples[i]!;
          for (const [c, clip] of FILTER_CLIPS.entries()) {
            const weight = weights[ring * FILTER_CLIPS.length + c]!;
            moved += weight * Math.min(Math.max(difference, -clip), clip);
          }
        }
      }
      out.samples[i] = moved;
    }
  }
  return out;
}

/** The weights of reductions by table, for views that change with every picture: the definition takes 10 to 100 ms for one of 1920x1080. */

import { boxedLanczos, kernelReach, type WeightOf } from './raster.js';

/** Entries of the table for each source sample of distance: as many as leave an error of 1e-5 of the largest weight. */
const ENTRIES_PER_SAMPLE = 32;

/**
 * Weights that are read from a table of the definition by cubic interpolation. It is made anew when the box is another; without
 * a box the definition itself is fast.
 */
export function tabulatedWeights(): WeightOf {
  let known = 0;
  let table = new Float64Array();
  return (distance, box) => {
    if (box === 0) return boxedLanczos(distance, box);
    if (box !== known) {
      table = weightTable(box);
      known = box;
    }
    return interpolated(table, Math.abs(distance) * ENTRIES_PER_SAMPLE + 1);
  };
}

/** The weights at -1, 0, 1 ... parts of a sample, to some behind the reach of the kernel, which is symmetric. */
function weightTable(box: number): Float64Array<ArrayBuffer> {
  const entries = Math.ceil((kernelReach(box) + 1) * ENTRIES_PER_SAMPLE) + 4;
  return Float64Array.from({ length: entries }, (_, i) => boxedLanczos((i - 1) / ENTRIES_PER_SAMPLE, box));
}

/** The polynomial of degree 3 through the four entries around a place. */
function interpolated(table: Float64Array, place: number): number {
  const i = Math.floor(place);
  const f = place - i;
  const [before, first, second, behind] = [f + 1, f, f - 1, f - 2];
  return (
    (-first * second * behind * table[i - 1]! + before * first * second * table[i + 2]!) / 6 +
    (before * second * behind * table[i]! - before * first * behind * table[i + 1]!) / 2
  );
}

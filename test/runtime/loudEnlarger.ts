/** An enlarger of random weights that adds tens of codes: what an engine gets wrong of it is seen. */

import { ENLARGER_TENSORS, ENLARGER_VALUE_COUNT, enlargerFromValues } from '../../runtime/field/enlarger.js';
import { uniforms } from './randomNumbers.js';

/** ENLARGER_VALUE_COUNT values. */
export function loudValues(seed: number): Float64Array {
  const random = uniforms(seed);
  const values = new Float64Array(ENLARGER_VALUE_COUNT);
  for (const { offset, size, shape } of ENLARGER_TENSORS) {
    const scale = 1.5 / Math.sqrt(size / shape[0]!);
    for (let i = 0; i < size; i++) values[offset + i] = scale * (2 * random() - 1);
  }
  return values;
}

export const LOUD_ENLARGER = enlargerFromValues(loudValues(5));

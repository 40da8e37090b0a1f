/** The enlarger of a film: a net that says what Lanczos's kernel leaves out at larger sizes. As it is coded, and as it is used. */

import {
  ENLARGER_CHANNELS,
  ENLARGER_FEATURES,
  ENLARGER_LINEAR,
  ENLARGER_LINEAR_SIDE,
  ENLARGER_SIDE,
  SPLINE_CENTRES,
} from './constants.js';
import { AT_PRIOR, type QuantizedTensor } from './nets.js';
import { listTensors } from './tensors.js';

/** Its tensors in coding order; all of them are zero at the prior. */
export const ENLARGER_TENSORS = listTensors((add) => {
  const layer = (name: string, outputs: number, inputs: number): void => {
    add('synthesis', `${name}.w`, outputs, inputs, ENLARGER_SIDE ** 2);
    add('synthesis', `${name}.b`, outputs);
  };
  layer('hidden', ENLARGER_CHANNELS, 1);
  layer('mixed', ENLARGER_CHANNELS, ENLARGER_CHANNELS);
  add('synthesis', 'linear', ENLARGER_LINEAR, ENLARGER_LINEAR_SIDE ** 2);
  add('synthesis', 'kernels', ENLARGER_FEATURES, SPLINE_CENTRES.length, SPLINE_CENTRES.length);
});

/** Number of values in all of them. */
export const ENLARGER_VALUE_COUNT = ENLARGER_TENSORS.reduce((sum, { size }) => sum + size, 0);

/** Weights of an enlarger, float32, row-major. */
export interface Enlarger {
  /** All of them, in the order of ENLARGER_TENSORS; below are views of this. */
  readonly values: Float32Array;
  /** (8, 3, 3) and (8): the first layer. */
  readonly hidden: Float32Array;
  readonly hiddenBias: Float32Array;
  /** (8, 8, 3, 3) and (8): the second, outputs first. */
  readonly mixed: Float32Array;
  readonly mixedBias: Float32Array;
  /** (4, 5, 5): features without layers. */
  readonly linear: Float32Array;
  /** (12, 5, 5): of each feature, layers' first; splines down, splines across. */
  readonly kernels: Float32Array;
}

/**
 * An enlarger from the integers of its tensors.
 *
 * @param tensors one per entry of ENLARGER_TENSORS
 */
export function enlargerFromQuantized(tensors: readonly QuantizedTensor[]): Enlarger {
  return enlargerFromValues(enlargerValues(tensors));
}

/** ENLARGER_VALUE_COUNT values, in the order of ENLARGER_TENSORS. */
export function enlargerValues(tensors: readonly QuantizedTensor[]): Float64Array {
  const values = new Float64Array(ENLARGER_VALUE_COUNT);
  for (const [index, { offset }] of ENLARGER_TENSORS.entries()) {
    const { k, q } = tensors[index]!;
    if (k !== AT_PRIOR)
      values.set(
        Float64Array.from(q, (integer) => integer * 2 ** -k),
        offset,
      );
  }
  return values;
}

/** An enlarger from ENLARGER_VALUE_COUNT real values. */
export function enlargerFromValues(given: ArrayLike<number>): Enlarger {
  const values = Float32Array.from(given);
  const [hidden, hiddenBias, mixed, mixedBias, linear, kernels] = ENLARGER_TENSORS.map(({ offset, size }) =>
    values.subarray(offset, offset + size),
  );
  return {
    values,
    ...{ hidden: hidden!, hiddenBias: hiddenBias!, mixed: mixed!, mixedBias: mixedBias! },
    ...{ linear: linear!, kernels: kernels! },
  };
}

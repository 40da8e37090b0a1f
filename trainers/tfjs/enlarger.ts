/** Loss and gradient of an enlarger at twice the size (reference: runtime/reference/enlarger.ts), by TensorFlow.js's own gradients. */

import * as tf from '@tensorflow/tfjs';
import {
  ENLARGER_CHANNELS,
  ENLARGER_LINEAR,
  ENLARGER_LINEAR_SIDE,
  ENLARGER_SIDE,
  SPLINE_CENTRES,
} from '../../runtime/field/constants.js';
import { ENLARGER_TENSORS } from '../../runtime/field/enlarger.js';
import type { EnlargerBatch } from '../trainingEngine.js';

const SPLINES = SPLINE_CENTRES.length;

/** As `TrainingEngine.enlargerGradient`. */
export async function enlargerGradient(
  { values, splines, count, inputs, targets }: EnlargerBatch,
  gradient: Float64Array,
): Promise<number> {
  const side = Math.sqrt(inputs.length / count);
  const out = Math.sqrt(targets.length / count / 4);
  const { value, grads } = tf.tidy(() => {
    const x = tf.tensor4d(inputs, [count, side, side, 1]);
    const target = tf.tensor(targets, [count, 4, out, out]).transpose<tf.Tensor4D>([0, 2, 3, 1]);
    const weights = ENLARGER_TENSORS.map(({ offset, size, shape }) =>
      tf.tensor(Float32Array.from(values.subarray(offset, offset + size)), [...shape]),
    );
    const places = tf.tensor(Float32Array.from(splines), [2, SPLINES, splines.length / 2 / SPLINES]);
    const loss = (...given: tf.Tensor[]): tf.Scalar =>
      tf.losses.meanSquaredError(target, enlarged(x, given, places)) as tf.Scalar;
    return tf.valueAndGrads(loss as Parameters<typeof tf.valueAndGrads>[0])(weights);
  });
  const parts = await Promise.all(grads.map((grad) => grad.data()));
  for (const [index, { offset }] of ENLARGER_TENSORS.entries()) gradient.set(parts[index]!, offset);
  const [error] = await value.data();
  tf.dispose([value, grads]);
  return error!;
}

/** (count, 24, 24, phases) */
function enlarged(x: tf.Tensor4D, weights: readonly tf.Tensor[], places: tf.Tensor): tf.Tensor4D {
  const [hidden, hiddenBias, mixed, mixedBias, linear, kernels] = weights as [
    ...[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor],
  ];
  const layer = (input: tf.Tensor4D, inputs: number, w: tf.Tensor, bias: tf.Tensor): tf.Tensor4D =>
    tf.relu(
      tf.add(valid(input, w.reshape([ENLARGER_CHANNELS, inputs, ENLARGER_SIDE ** 2]), ENLARGER_SIDE), bias),
    );
  const first = layer(x, 1, hidden, hiddenBias);
  const second = layer(first, ENLARGER_CHANNELS, mixed, mixedBias);
  const straight = valid(
    x,
    linear.reshape([ENLARGER_LINEAR, 1, ENLARGER_LINEAR_SIDE ** 2]),
    ENLARGER_LINEAR_SIDE,
  );
  const features = tf.concat([second, straight], 3);
  const [, , reach] = places.shape as [number, number, number];
  const count = features.shape[3];
  // (feature, spline down, spline across) to (phases, feature, samples): along one axis, then along the other.
  const along = places.transpose([1, 0, 2]).reshape([SPLINES, 2 * reach]);
  const across = tf
    .matMul(kernels.reshape([count * SPLINES, SPLINES]), along)
    .reshape([count, SPLINES, 2 * reach]);
  const both = tf.matMul(across.transpose([0, 2, 1]).reshape([count * 2 * reach, SPLINES]), along);
  const head = both.reshape([count, 2, reach, 2, reach]).transpose([3, 1, 0, 4, 2]);
  return valid(features, head.reshape([4, count, reach ** 2]), reach);
}

/** The valid convolution with weights (outputs, inputs, side * side): a product, for not every backend has the gradient of another. */
function valid(input: tf.Tensor4D, weights: tf.Tensor, side: number): tf.Tensor4D {
  const [outputs, inputs, taps] = weights.shape as [number, number, number];
  const [count, height, width] = input.shape;
  const size: [number, number] = [height - side + 1, width - side + 1];
  const shifted = Array.from({ length: taps }, (_, tap) =>
    input.slice([0, Math.floor(tap / side), tap % side, 0], [count, ...size, inputs]),
  );
  const patches = tf.concat(shifted, 3).reshape([-1, taps * inputs]);
  const columns = weights.transpose([2, 1, 0]).reshape([taps * inputs, outputs]);
  return tf.matMul(patches, columns).reshape([count, ...size, outputs]);
}

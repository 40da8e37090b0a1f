/** Motion fields and the prediction of a node from its references (FORMAT.md, "Motion"). */

import * as tf from '@tensorflow/tfjs';
import { BETA, displacement, type FieldShape, LIGHT } from '../../runtime/field/shape.js';
import { BLACK } from '../../runtime/reference/nodeBake.js';
import type { Plane, Resampling } from './resampling.js';

/**
 * The blend of the references, warped along the motion, in its light: Y, Cb, Cr in codes less 128.
 *
 * @param references planes of one or two nodes
 * @param motion components on the motion grid
 */
export function predict(
  shape: FieldShape,
  references: readonly (readonly Plane[])[],
  motion: readonly Plane[],
  resampling: Resampling,
): Plane[] {
  const { width, height, chroma } = shape;
  const dense = motion.map((grid, component) => {
    const pixels = resampling.spline(grid, height, width);
    return component === BETA ? tf.sigmoid(pixels) : pixels;
  });
  const halved = chroma === '420';
  const inChroma = (plane: Plane): Plane =>
    halved ? resampling.halve(plane, ...references[0]![1]!.shape) : plane;
  const places = references.map((_, r) => {
    const [dx, dy] = [0, 1].map((axis) => dense[displacement(r, axis)]!) as [Plane, Plane];
    const [chromaDx, chromaDy] = [dx, dy].map((plane) => tf.mul(inChroma(plane), halved ? 0.5 : 1)) as [
      Plane,
      Plane,
    ];
    const ofLuma = samplePlaces(dx, dy);
    const ofChroma = samplePlaces(chromaDx, chromaDy);
    return [ofLuma, ofChroma, ofChroma] as const;
  });
  return ([0, 1, 2] as const).map((c) => {
    const here = (plane: Plane): Plane => (c === 0 ? plane : inChroma(plane));
    const warped = references.map((planes, r) => sample(planes[c]!, places[r]![c]));
    const blend = warped[1] ? mix(warped[0]!, warped[1], here(dense[BETA]!)) : warped[0]!;
    return tf.add(blend, tf.mul(here(dense[LIGHT]!), tf.sub(blend, BLACK[c]!))) as Plane;
  });
}

/** `weight` parts of the first and the rest of the second. */
function mix(first: Plane, second: Plane, weight: Plane): Plane {
  return tf.add(second, tf.mul(weight, tf.sub(first, second)));
}

/** Where every sample of a warped plane is read. */
interface SamplePlaces {
  /** Of the 4 x 4 taps, shape (16, samples). */
  readonly index: tf.Tensor;
  readonly weight: tf.Tensor;
}

/** Of plane(x + dx, y + dy), by the cubic kernel of Catmull and Rom. */
export function samplePlaces(dx: Plane, dy: Plane): SamplePlaces {
  const [height, width] = dx.shape;
  const columns = taps(tf.add(dx, tf.range(0, width)), width);
  const rows = taps(tf.add(dy, tf.reshape(tf.range(0, height), [height, 1])), height);
  const across = [1, 4, height, width];
  const down = [4, 1, height, width];
  const index = tf.add(tf.mul(tf.reshape(rows.index, down), width), tf.reshape(columns.index, across));
  const weight = tf.mul(tf.reshape(rows.weight, down), tf.reshape(columns.weight, across));
  return { index: tf.reshape(index, [16, -1]), weight: tf.reshape(weight, [16, -1]) };
}

export function sample(plane: Plane, { index, weight }: SamplePlaces): Plane {
  const read = gather(tf.reshape(plane, [-1]) as tf.Tensor1D, index);
  return tf.reshape(weightedSum(weight, read), plane.shape) as Plane;
}

/** The four taps around real places on an axis of `length` samples: clamped indexes and weights, shape (4, height, width). */
function taps(place: tf.Tensor, length: number): { index: tf.Tensor; weight: tf.Tensor } {
  const clamped = tf.clipByValue(place, -3, length + 1);
  const first = tf.floor(clamped);
  const f = tf.sub(clamped, first);
  const f2 = tf.square(f);
  const f3 = tf.mul(f2, f);
  const weight = tf.stack([
    tf.sub(f2, tf.mul(0.5, tf.add(f, f3))),
    tf.add(tf.sub(1, tf.mul(2.5, f2)), tf.mul(1.5, f3)),
    tf.sub(tf.add(tf.mul(0.5, f), tf.mul(2, f2)), tf.mul(1.5, f3)),
    tf.mul(0.5, tf.sub(f3, f2)),
  ]);
  const offsets = tf.reshape(tf.range(-1, 3), [4, 1, 1]);
  return { weight, index: tf.clipByValue(tf.add(offsets, first), 0, length - 1) };
}

/** Sum of products over the 16 taps: halves are added to each other, since backends are slow at sums across rows. */
const weightedSum = tf.customGrad((...inputs) => {
  const [weight, read, save] = inputs as unknown as [tf.Tensor2D, tf.Tensor2D, tf.GradSaveFunc];
  save([weight, read]);
  let sum = tf.mul(weight, read) as tf.Tensor2D;
  for (let rows = 8; rows >= 1; rows /= 2) {
    sum = tf.add(tf.slice(sum, [0, 0], [rows, -1]), tf.slice(sum, [rows, 0], [rows, -1]));
  }
  return {
    value: sum, // (1, samples)
    gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => [tf.mul(dy, saved[1]!), tf.mul(dy, saved[0]!)],
  };
}) as (weight: tf.Tensor, read: tf.Tensor) => tf.Tensor;

/** samples[index], whose gradient adds up where samples are read twice; not every backend knows that of its own `gather`. */
const gather = tf.customGrad((...inputs) => {
  const [samples, index, save] = inputs as unknown as [tf.Tensor1D, tf.Tensor, tf.GradSaveFunc];
  const at = tf.cast(index, 'int32');
  save([at]);
  return {
    value: tf.gather(samples, at),
    gradFunc: (dy: tf.Tensor, [saved]: tf.Tensor[]) => [
      tf.scatterND(tf.reshape(saved!, [-1, 1]), tf.reshape(dy, [-1]), [samples.size]),
      tf.zerosLike(dy),
    ],
  };
}) as (samples: tf.Tensor1D, index: tf.Tensor) => tf.Tensor;

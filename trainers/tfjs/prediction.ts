/** Motion fields and the prediction of a node from its references (FORMAT.md, "Motion"). */

import * as tf from '@tensorflow/tfjs';
import { BETA, displacement, type FieldShape, LIGHT } from '../../runtime/field/shape.js';
import { BLACK } from '../../runtime/reference/nodeBake.js';
import { gather } from './gather.js';
import { each, type Plane, type Planes, type Resampling } from './resampling.js';

/**
 * The blend of the references, warped along the motion, in its light: Y, Cb, Cr in codes less 128.
 *
 * @param references planes of one or two nodes
 * @param motion components on the motion grid
 */
export function predict(
  shape: FieldShape,
  references: readonly (readonly Plane[])[],
  motion: Planes,
  resampling: Resampling,
): Plane[] {
  const { width, height, chroma } = shape;
  const ofLuma = each(resampling.spline(motion, height, width)).map((plane, component) =>
    component === BETA ? tf.sigmoid(plane) : plane,
  );
  const halved = chroma === '420';
  const ofChroma = halved
    ? each(resampling.halve(tf.stack(ofLuma) as Planes, ...references[0]![1]!.shape))
    : ofLuma;
  const places = references.map((_, r) => {
    const [x, y] = [displacement(r, 0), displacement(r, 1)];
    const luma = samplePlaces(ofLuma[x]!, ofLuma[y]!);
    if (!halved) return [luma, luma, luma] as const;
    const under = samplePlaces(tf.mul(ofChroma[x]!, 0.5), tf.mul(ofChroma[y]!, 0.5));
    return [luma, under, under] as const;
  });
  return ([0, 1, 2] as const).map((c) => {
    const dense = c === 0 ? ofLuma : ofChroma;
    const warped = references.map((planes, r) => sample(planes[c]!, places[r]![c]));
    const blend = warped[1] ? mix(warped[0]!, warped[1], dense[BETA]!) : warped[0]!;
    return tf.add(blend, tf.mul(dense[LIGHT]!, tf.sub(blend, BLACK[c]!))) as Plane;
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
  const x = tf.add<Plane>(dx, tf.range(0, width));
  const y = tf.add<Plane>(dy, tf.reshape(tf.range(0, height), [height, 1]));
  return {
    index: tapIndexes(x, y),
    weight: products(tapWeights(y, height), tapWeights(x, width)),
  };
}

export function sample(plane: Plane, { index, weight }: SamplePlaces): Plane {
  const read = gather(tf.reshape(plane, [-1]) as tf.Tensor1D, index);
  return tf.reshape(weightedSum(weight, read), plane.shape) as Plane;
}

/** The first of the four taps around a real place on an axis of `length` samples, and how far behind the second it is (0..1). */
function split(place: tf.Tensor, length: number): { second: tf.Tensor; f: tf.Tensor } {
  const clamped = tf.clipByValue(place, -3, length + 1);
  const second = tf.floor(clamped);
  return { second, f: tf.sub(clamped, second) };
}

/** Weights of the four taps, shape (4, samples). */
function tapWeights(place: Plane, length: number): tf.Tensor2D {
  const { f } = split(place, length);
  const f2 = tf.square(f);
  const f3 = tf.mul(f2, f);
  const weights = tf.stack([
    tf.sub(f2, tf.mul(0.5, tf.add(f, f3))),
    tf.add(tf.sub(1, tf.mul(2.5, f2)), tf.mul(1.5, f3)),
    tf.sub(tf.add(tf.mul(0.5, f), tf.mul(2, f2)), tf.mul(1.5, f3)),
    tf.mul(0.5, tf.sub(f3, f2)),
  ]);
  return tf.reshape(weights, [4, -1]);
}

/** Places of the 4 x 4 taps among the samples of the plane, clamped to it, shape (16, samples); constant between samples. */
const tapIndexes = tf.customGrad((...inputs) => {
  const [x, y] = inputs as unknown as [Plane, Plane];
  const [height, width] = x.shape;
  const taps = (place: Plane, length: number): tf.Tensor => {
    const offsets = tf.reshape(tf.range(-1, 3), [4, 1]);
    return tf.clipByValue(
      tf.add(tf.reshape(split(place, length).second, [1, -1]), offsets),
      0,
      length - 1,
    );
  };
  const rows = tf.reshape(tf.mul(taps(y, height), width), [4, 1, -1]);
  const index = tf.reshape(tf.add(rows, tf.reshape(taps(x, width), [1, 4, -1])), [16, -1]);
  return { value: index, gradFunc: () => [x, y].map(({ shape }) => tf.zeros(shape)) };
}) as (x: Plane, y: Plane) => tf.Tensor;

/** Of the weights of four rows and of four columns, shapes (4, samples), those of the 4 x 4 taps, shape (16, samples). */
const products = tf.customGrad((...inputs) => {
  const [rows, columns, save] = inputs as unknown as [tf.Tensor2D, tf.Tensor2D, tf.GradSaveFunc];
  const down = tf.reshape(rows, [4, 1, -1]);
  const across = tf.reshape(columns, [1, 4, -1]);
  save([down, across]);
  return {
    value: tf.reshape(tf.mul(down, across), [16, -1]),
    gradFunc: (dy: tf.Tensor, [savedDown, savedAcross]: tf.Tensor[]) => {
      const byTaps = tf.reshape(dy, [4, 4, -1]);
      const byRows = sumAlong(tf.mul(byTaps, savedAcross!), 1);
      const byColumns = sumAlong(tf.mul(byTaps, savedDown!), 0);
      return [byRows, byColumns].map((gradient) => tf.reshape(gradient, rows.shape)) as [tf.Tensor, tf.Tensor];
    },
  };
}) as (rows: tf.Tensor2D, columns: tf.Tensor2D) => tf.Tensor;

/** Sum of products over the 16 taps. */
const weightedSum = tf.customGrad((...inputs) => {
  const [weight, read, save] = inputs as unknown as [tf.Tensor2D, tf.Tensor2D, tf.GradSaveFunc];
  save([weight, read]);
  return {
    value: tf.reshape(sumAlong(tf.reshape(tf.mul(weight, read), [16, 1, -1]), 0), [1, -1]),
    gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => [tf.mul(dy, saved[1]!), tf.mul(dy, saved[0]!)],
  };
}) as (weight: tf.Tensor, read: tf.Tensor) => tf.Tensor;

/** Sum along an axis whose length is a power of two: halves are added to each other, since GPUs are slow at many short sums. */
function sumAlong(tensor: tf.Tensor, axis: 0 | 1): tf.Tensor {
  let sum = tensor as tf.Tensor3D;
  while (sum.shape[axis]! > 1) {
    const half: [number, number, number] = [...sum.shape];
    half[axis]! /= 2;
    const second: [number, number, number] = [0, 0, 0];
    second[axis] = half[axis]!;
    sum = tf.add(tf.slice(sum, [0, 0, 0], half), tf.slice(sum, second, half));
  }
  return sum;
}

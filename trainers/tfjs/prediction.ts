/** Motion fields and the prediction of a node from its references (FORMAT.md, "Motion"). */

import * as tf from '@tensorflow/tfjs';
import {
  BETA,
  BLACK,
  CUBIC_LIMIT_BEFORE,
  CUBIC_LIMIT_BEHIND,
  CUBIC_SHARPNESS,
  LIGHT,
  MOTION_GRID_PX,
} from '../../runtime/field/constants.js';
import { displacement, type FieldShape } from '../../runtime/field/shape.js';
import { cellSide } from '../../runtime/reference/motion.js';
import { gather } from './gather.js';
import { type Plane, type Planes, type Resampling, sizeOf } from './resampling.js';

/**
 * The bilinear mean of what the cells around each sample predict: Y, Cb, Cr in codes less 128.
 *
 * @param references planes of one or two nodes
 * @param motion components on the motion grid
 */
export function predict(
  { chroma }: FieldShape,
  references: readonly (readonly Plane[])[],
  motion: Planes,
  resampling: Resampling,
): Plane[] {
  const ofSide = (side: number, [height, width]: readonly [number, number]): CellMotion => {
    const cells = tf.unstack(resampling.cells(motion, height, width, side), 1) as Planes[];
    const components = cells.map((plane, component) => (component === BETA ? tf.sigmoid(plane) : plane));
    return {
      components,
      places: samplePlaces(references.length, components, side / MOTION_GRID_PX),
      weights: resampling.cellWeights(motion, height, width, side),
    };
  };
  const luma = ofSide(cellSide(0, chroma), references[0]![0]!.shape);
  const ofChroma = chroma === '420' ? ofSide(cellSide(1, chroma), references[0]![1]!.shape) : luma;
  return ([0, 1, 2] as const).map((c) => {
    const { components, places, weights } = c === 0 ? luma : ofChroma;
    const planes = tf.stack(references.map((reference) => reference[c]!)) as Planes;
    const [first, second] = sample(planes, places);
    const blend = second ? mix(first!, second, components[BETA]!) : first!;
    const lit = tf.add(blend, tf.mul(components[LIGHT]!, tf.sub(blend, BLACK[c]!)));
    return tf.reshape(sumAlong(tf.reshape(tf.mul(weights, lit), [4, 1, -1]), 0), sizeOf(planes)) as Plane;
  });
}

/** Of the four cells around each sample. */
interface CellMotion {
  /** By component, shape (4, height, width); the weight of the first reference in the place of beta. */
  readonly components: readonly Planes[];
  readonly places: SamplePlaces;
  readonly weights: Planes;
}

/** `weight` parts of the first and the rest of the second. */
function mix(first: Planes, second: Planes, weight: Planes): Planes {
  return tf.add(second, tf.mul(weight, tf.sub(first, second)));
}

/** Where every sample is read by each of its cells, plane after plane: indexes and weights of the 4 x 4 taps, (16, samples). */
interface SamplePlaces {
  readonly index: tf.Tensor;
  readonly weight: tf.Tensor;
}

/**
 * Of plane(x + scale * dx, y + scale * dy) for each of `count` references, by the cubic kernel of Catmull and Rom.
 *
 * @param motion components of the cells around every sample
 */
function samplePlaces(count: number, motion: readonly Planes[], scale: number): SamplePlaces {
  const [, height, width] = motion[0]!.shape;
  // Beyond these limits, all taps are clamped to the last sample.
  const places = (axis: 0 | 1, own: tf.Tensor, length: number): tf.Tensor => {
    const moves = tf.stack(Array.from({ length: count }, (_, r) => motion[displacement(r, axis)]!));
    return tf.clipByValue(
      tf.add(tf.mul(moves, scale), own),
      -CUBIC_LIMIT_BEFORE,
      length - 1 + CUBIC_LIMIT_BEHIND,
    ); // (references, 4, height, width)
  };
  const x = places(0, tf.range(0, width), width);
  const y = places(1, tf.reshape(tf.range(0, height), [height, 1]), height);
  const both = tf.reshape(tf.stack([y, x]), [2, -1]) as tf.Tensor2D; // (2, samples)
  return { index: tapIndexes(both, count, height, width), weight: tapWeights(both) };
}

/** By plane what the cells around every sample read there, shape (4, height, width). */
function sample(planes: Planes, { index, weight }: SamplePlaces): Planes[] {
  const [count, height, width] = planes.shape;
  const read = weightedSum(weight, gather(tf.reshape(planes, [-1]), index));
  const ofPlane = 4 * height * width;
  return Array.from(
    { length: count },
    (_, plane) =>
      tf.reshape(tf.slice(read, [0, plane * ofPlane], [1, ofPlane]), [4, height, width]) as Planes,
  );
}

/** Weights of the 4 x 4 taps around real places, shape (2, samples): of rows, of columns (cubic convolution, Keys, 1981). */
function tapWeights(places: tf.Tensor2D): tf.Tensor {
  const a = CUBIC_SHARPNESS;
  const f = tf.sub(places, tf.floor(places));
  const f2 = tf.square(f);
  const f3 = tf.mul(f2, f);
  const weights = tf.stack([
    tf.add(tf.mul(-2 * a, f2), tf.mul(a, tf.add(f, f3))),
    tf.add(tf.sub(1, tf.mul(a + 3, f2)), tf.mul(a + 2, f3)),
    tf.sub(tf.sub(tf.mul(2 * a + 3, f2), tf.mul(a, f)), tf.mul(a + 2, f3)),
    tf.mul(a, tf.sub(f2, f3)),
  ]) as tf.Tensor3D; // (4, 2, samples)
  const [rows, columns] = [0, 1].map((axis) => tf.reshape(tf.slice(weights, [0, axis], [4, 1]), [4, -1]));
  return products(rows as tf.Tensor2D, columns as tf.Tensor2D);
}

/** Indexes of the same taps among the samples of all planes, clamped to their own; constant between samples. */
function tapIndexes(places: tf.Tensor2D, count: number, height: number, width: number): tf.Tensor {
  const constant = tf.customGrad((input) => {
    const nearest = tf.floor(input as tf.Tensor2D);
    const taps = ([0, 1] as const).map((axis) => {
      const own = tf.slice(nearest, [axis, 0], [1, -1]);
      const last = (axis === 0 ? height : width) - 1;
      return tf.clipByValue(tf.add(own, tf.reshape(tf.range(-1, 3), [4, 1])), 0, last); // (4, samples)
    });
    const planes = tf.reshape(tf.mul(tf.range(0, count), height * width), [1, 1, count, 1]);
    const rows = tf.mul(tf.reshape(taps[0]!, [4, 1, count, -1]), width);
    const columns = tf.reshape(taps[1]!, [1, 4, count, -1]);
    return {
      value: tf.reshape(tf.add(tf.add(rows, columns), planes), [16, -1]),
      gradFunc: (): tf.Tensor => tf.zeros(places.shape),
    };
  });
  return constant(places);
}

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
      return [byRows, byColumns].map((gradient) => tf.reshape(gradient, rows.shape)) as [
        tf.Tensor,
        tf.Tensor,
      ];
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

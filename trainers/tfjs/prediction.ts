/** Motion fields and the prediction of a node from its references (FORMAT.md, "Motion"). */

import * as tf from '@tensorflow/tfjs';
import { BETA, displacement, type FieldShape, LIGHT } from '../../runtime/field/shape.js';
import { BLACK } from '../../runtime/reference/nodeBake.js';
import { type Plane, type Resampling, sumOf } from './resampling.js';

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
  return [0, 1, 2].map((c) => {
    const size = references[0]![c]!.shape;
    const halved = c > 0 && chroma === '420';
    const here = (plane: Plane): Plane => (halved ? resampling.halve(plane, ...size) : plane);
    const warped = references.map((planes, r) => {
      const [dx, dy] = [0, 1].map((axis) => {
        const moved = here(dense[displacement(r, axis)]!);
        return halved ? tf.mul(moved, 0.5) : moved;
      }) as [Plane, Plane];
      return warp(planes[c]!, dx, dy);
    });
    const weight = warped.length > 1 ? here(dense[BETA]!) : undefined;
    const blend = weight ? tf.add(warped[1]!, tf.mul(weight, tf.sub(warped[0]!, warped[1]!))) : warped[0]!;
    return tf.add(blend, tf.mul(here(dense[LIGHT]!), tf.sub(blend, BLACK[c]!))) as Plane;
  });
}

/** plane(x + dx, y + dy) for every sample, by the cubic kernel of Catmull and Rom. */
export function warp(plane: Plane, dx: Plane, dy: Plane): Plane {
  const [height, width] = plane.shape;
  const columns = taps(tf.add(dx, tf.range(0, width)), width);
  const rows = taps(tf.add(dy, tf.reshape(tf.range(0, height), [height, 1])), height);
  const samples = tf.reshape(plane, [-1]) as tf.Tensor1D;
  const across = rows.map((row) => {
    const index = columns.map((column) => tf.add(tf.mul(row.index, width), column.index));
    const read = columns.map((column, i) => tf.mul(column.weight, gather(samples, index[i]!)));
    return tf.mul(row.weight, sumOf(read));
  });
  return sumOf(across) as Plane;
}

interface Tap {
  /** Clamped sample index. */
  readonly index: tf.Tensor;
  readonly weight: tf.Tensor;
}

/** The four taps around real places on an axis of `length` samples. */
function taps(place: tf.Tensor, length: number): Tap[] {
  const clamped = tf.clipByValue(place, -3, length + 1);
  const first = tf.floor(clamped);
  const f = tf.sub(clamped, first);
  const f2 = tf.square(f);
  const f3 = tf.mul(f2, f);
  const weights = [
    tf.sub(f2, tf.mul(0.5, tf.add(f, f3))),
    tf.add(tf.sub(1, tf.mul(2.5, f2)), tf.mul(1.5, f3)),
    tf.sub(tf.add(tf.mul(0.5, f), tf.mul(2, f2)), tf.mul(1.5, f3)),
    tf.mul(0.5, tf.sub(f3, f2)),
  ];
  return weights.map((weight, i) => ({
    weight,
    index: tf.clipByValue(tf.add(first, i - 1), 0, length - 1),
  }));
}

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

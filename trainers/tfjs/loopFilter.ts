/** The filter of baked planes (FORMAT.md, "Filter"). */

import * as tf from '@tensorflow/tfjs';
import { DEPTH_ROWS, FILTER_CLIPS, FILTER_NEIGHBOURS } from '../../runtime/field/constants.js';
import { type Planes, sumOf } from './resampling.js';
import type { NetTensors } from './synthesis.js';

/** Weights by plane, shapes (1, rings * clips) for Y and (2, rings * clips) for Cb and Cr, in a node of that depth. */
export function filterWeights(
  tensors: NetTensors,
  depth: number,
): { luma: tf.Tensor2D; chroma: tf.Tensor2D } {
  const ofDepth = tf.slice(tensors('filter.y'), [Math.min(depth, DEPTH_ROWS - 1), 0, 0], [1, -1, -1]);
  return { luma: tf.reshape(ofDepth, [1, -1]), chroma: tf.reshape(tensors('filter.c'), [2, -1]) };
}

/** Every sample moved by its clipped differences to the neighbours that it has. `weights`: a row for each plane. */
export function filtered(planes: Planes, weights: tf.Tensor2D): Planes {
  const [count] = planes.shape;
  const rings = FILTER_NEIGHBOURS.map((neighbours) => {
    const behind = neighbours.filter(([dx, dy]) => dy > 0 || (dy === 0 && dx > 0));
    return sumOf(behind.map(([dx, dy]) => clippedDifferences(planes, dx, dy)));
  });
  const differences = tf.reshape(tf.concat(rings, 1), [count, weights.shape[1], -1]) as tf.Tensor3D; // (planes, rings * clips, samples)
  const moved = tf.matMul(tf.reshape(weights, [count, 1, -1]) as tf.Tensor3D, differences);
  return tf.add(planes, tf.reshape(moved, planes.shape));
}

/** Of every sample to the ones at (dx, dy) and at (-dx, -dy), by clip: shape (planes, clips, height, width). dy >= 0. */
function clippedDifferences(planes: Planes, dx: number, dy: number): tf.Tensor4D {
  const [count, height, width] = planes.shape;
  const left = Math.max(-dx, 0);
  const right = Math.max(dx, 0);
  const size: [number, number, number] = [count, height - dy, width - Math.abs(dx)];
  const difference = tf.sub(tf.slice(planes, [0, dy, right], size), tf.slice(planes, [0, 0, left], size));
  const clipped = tf.stack(
    FILTER_CLIPS.map((clip) => tf.clipByValue(difference, -clip, clip)),
    1,
  ) as tf.Tensor4D;
  const ofFirst = tf.pad4d(clipped, [
    [0, 0],
    [0, 0],
    [0, dy],
    [left, right],
  ]);
  const ofSecond = tf.pad4d(clipped, [
    [0, 0],
    [0, 0],
    [dy, 0],
    [right, left],
  ]);
  return tf.sub(ofFirst, ofSecond);
}

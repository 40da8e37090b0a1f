/** The filter of a baked plane (FORMAT.md, "Filter"). */

import * as tf from '@tensorflow/tfjs';
import { DEPTH_ROWS, FILTER_CLIPS } from '../../runtime/field/tensors.js';
import { FILTER_NEIGHBOURS } from '../../runtime/reference/loopFilter.js';
import { type Plane, sumOf } from './resampling.js';
import type { NetTensors } from './synthesis.js';

/** Weights of plane 0 Y, 1 Cb or 2 Cr in a node of that depth, shape (1, rings * clips). */
export function filterWeights(tensors: NetTensors, depth: number, plane: number): tf.Tensor2D {
  const all = plane === 0 ? tensors('filter.y') : tensors('filter.c');
  const row = plane === 0 ? Math.min(depth, DEPTH_ROWS - 1) : plane - 1;
  return tf.reshape(tf.slice(all, [row, 0, 0], [1, -1, -1]), [1, -1]);
}

/** Every sample moved by its clipped differences to the neighbours that it has. */
export function filterPlane(plane: Plane, weights: tf.Tensor2D): Plane {
  const [height, width] = plane.shape;
  const rings = FILTER_NEIGHBOURS.map((neighbours) => {
    const behind = neighbours.filter(([dx, dy]) => dy > 0 || (dy === 0 && dx > 0));
    return sumOf(behind.map(([dx, dy]) => clippedDifferences(plane, dx, dy)));
  });
  const differences = tf.reshape(tf.concat(rings), [-1, height * width]) as tf.Tensor2D; // (rings * clips, samples)
  return tf.add(plane, tf.reshape(tf.matMul(weights, differences), [height, width]));
}

/** Of every sample to the ones at (dx, dy) and at (-dx, -dy), by clip: shape (clips, height, width). dy >= 0. */
function clippedDifferences(plane: Plane, dx: number, dy: number): tf.Tensor3D {
  const [height, width] = plane.shape;
  const left = Math.max(-dx, 0);
  const right = Math.max(dx, 0);
  const size: [number, number] = [height - dy, width - Math.abs(dx)];
  const difference = tf.sub(tf.slice(plane, [dy, right], size), tf.slice(plane, [0, left], size));
  const clipped = tf.stack(
    FILTER_CLIPS.map((clip) => tf.clipByValue(difference, -clip, clip)),
  ) as tf.Tensor3D;
  const ofFirst = tf.pad3d(clipped, [
    [0, 0],
    [0, dy],
    [left, right],
  ]);
  const ofSecond = tf.pad3d(clipped, [
    [0, 0],
    [dy, 0],
    [right, left],
  ]);
  return tf.sub(ofFirst, ofSecond);
}

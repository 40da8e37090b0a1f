/** From dequantized latents to innovation, in units of 32 codes (FORMAT.md, "Picture planes"). */

import * as tf from '@tensorflow/tfjs';
import {
  CONV_PLANES,
  CONV_SIDE,
  CONV_TAPS,
  HIDDEN_UNITS,
  LUMA_INPUTS,
} from '../../runtime/field/constants.js';
import { each, type Plane, type Planes, type Resampling, sizeOf, sumOf } from './resampling.js';

/** Tensor of the nets by its full name, in the shape of NET_TENSORS. */
export type NetTensors = (name: string) => tf.Tensor;

/** Sum of levels `from` and coarser at the size of level `from`; `levels[0]` is the finest. */
export function collapse<P extends Plane | Planes>(
  levels: readonly P[],
  from: number,
  resampling: Resampling,
): P {
  let sum = levels[levels.length - 1]!;
  for (let level = levels.length - 2; level >= from; level--) {
    sum = tf.add(levels[level]!, resampling.double(sum, ...sizeOf(levels[level]!)));
  }
  return sum;
}

/** Luma innovation, shape (height, width), of levels of one plane. */
export function synthesizeLuma(
  levels: readonly Planes[],
  net: 'intra' | 'inter',
  tensors: NetTensors,
  resampling: Resampling,
): Plane {
  const [height, width] = sizeOf(levels[0]!);
  const groups = lumaGroups(levels, resampling); // (4, height, width)
  const inputs = tf.reshape(groups, [LUMA_INPUTS, -1]); // (4, pixels)
  const hidden = hiddenUnits(inputs, tensors(`syn.${net}.y.w1`), tensors(`syn.${net}.y.b1`)); // (8, pixels)
  const sum = sumOf(each(groups));
  const planes = tf.concat([tf.reshape(sum, [1, -1]), hidden]) as tf.Tensor2D; // (9, pixels)
  const conv = tf.reshape(tensors(`syn.${net}.y.conv`), [CONV_PLANES, CONV_TAPS]) as tf.Tensor2D;
  const taps = tf.reshape(tf.matMul(conv, planes, true), [CONV_TAPS, height, width]) as tf.Tensor3D;
  return tf.add(sum, sumOfShifts(taps));
}

/** Innovation of Cb and Cr, of levels of both; `under`: luma innovation on the chroma grid. */
export function synthesizeChroma(
  levels: readonly Planes[],
  under: Plane,
  net: 'intra' | 'inter',
  tensors: NetTensors,
  resampling: Resampling,
): Planes {
  const [height, width] = sizeOf(under);
  const finest = levels[0]!;
  const coarser =
    levels.length > 1
      ? resampling.double(collapse(levels, 1, resampling), height, width)
      : tf.zerosLike(finest);
  const own = tf.reshape(tf.stack([finest, coarser], 1), [4, -1]); // Cb finest, coarser, Cr finest, coarser
  const inputs = tf.concat([own, tf.reshape(under, [1, -1])]) as tf.Tensor2D; // (5, pixels)
  const hidden = hiddenUnits(inputs, tensors(`syn.${net}.c.w1`), tensors(`syn.${net}.c.b1`)) as tf.Tensor2D;
  const added = tf.add(
    tf.matMul(tensors(`syn.${net}.c.lin`) as tf.Tensor2D, inputs),
    tf.matMul(tensors(`syn.${net}.c.w2`) as tf.Tensor2D, hidden),
  ); // (2, pixels)
  return sumOf([tf.reshape(added, [2, height, width]), finest, coarser]) as Planes;
}

/** Levels 0, 1, 2 and the sum of the coarser ones at full size, shape (4, height, width); absent ones are zero. */
function lumaGroups(levels: readonly Planes[], resampling: Resampling): Planes {
  const coarsest = Math.min(levels.length, LUMA_INPUTS) - 1;
  let groups = collapse(levels, coarsest, resampling);
  for (const level of levels.slice(0, coarsest).toReversed()) {
    groups = tf.concat([level, resampling.double(groups, ...sizeOf(level))]);
  }
  const absent = LUMA_INPUTS - 1 - coarsest;
  return absent > 0 ? tf.concat([groups, tf.zeros([absent, ...sizeOf(groups)])]) : groups;
}

/** max(0, b1 + w1 x) less what zero input gives, shape (8, pixels). */
function hiddenUnits(inputs: tf.Tensor, w1: tf.Tensor, b1: tf.Tensor): tf.Tensor {
  const bias = tf.reshape(b1, [HIDDEN_UNITS, 1]);
  const active = tf.relu(tf.add(tf.matMul(w1 as tf.Tensor2D, inputs as tf.Tensor2D), bias));
  return tf.sub(active, tf.relu(bias));
}

/** Sum over the taps of a 3x3 cross-correlation, each moved to where it is read; zeros outside. (9, h, w) to (h, w). */
function sumOfShifts(taps: tf.Tensor3D): Plane {
  const [, height, width] = taps.shape;
  const padded = tf.pad3d(taps, [
    [0, 0],
    [1, 1],
    [1, 1],
  ]);
  const moved = Array.from({ length: CONV_TAPS }, (_, tap) =>
    tf.reshape(tf.slice(padded, [tap, Math.floor(tap / CONV_SIDE), tap % CONV_SIDE], [1, height, width]), [
      height,
      width,
    ]),
  );
  return sumOf(moved) as Plane;
}

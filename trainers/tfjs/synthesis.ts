/** From dequantized latents to innovation, in units of 32 codes (FORMAT.md, "Picture planes"). */

import * as tf from '@tensorflow/tfjs';
import { CONV_PLANES, HIDDEN_UNITS, LUMA_INPUTS } from '../../runtime/field/tensors.js';
import { type Plane, type Resampling, sumOf } from './resampling.js';

/** Tensor of the nets by its full name, in the shape of NET_TENSORS. */
export type NetTensors = (name: string) => tf.Tensor;

/** Sum of levels `from` and coarser at the size of level `from`; `levels[0]` is the finest. */
export function collapse(levels: readonly Plane[], from: number, resampling: Resampling): Plane {
  let sum = levels[levels.length - 1]!;
  for (let level = levels.length - 2; level >= from; level--) {
    const [height, width] = levels[level]!.shape;
    sum = tf.add(levels[level]!, resampling.double(sum, height, width));
  }
  return sum;
}

/** Luma innovation, shape (height, width). */
export function synthesizeLuma(
  levels: readonly Plane[],
  net: 'intra' | 'inter',
  tensors: NetTensors,
  resampling: Resampling,
): Plane {
  const [height, width] = levels[0]!.shape;
  const groups = lumaGroups(levels, resampling);
  const inputs = tf.stack(groups.map((group) => tf.reshape(group, [-1]))); // (4, pixels)
  const hidden = hiddenUnits(inputs, tensors(`syn.${net}.y.w1`), tensors(`syn.${net}.y.b1`)); // (8, pixels)
  const sum = tf.reshape(sumOf(groups), [1, -1]); // (1, pixels)
  const planes = tf.concat([sum, hidden]) as tf.Tensor2D; // (9, pixels)
  const conv = tf.reshape(tensors(`syn.${net}.y.conv`), [CONV_PLANES, 9]) as tf.Tensor2D;
  const taps = tf.reshape(tf.matMul(conv, planes, true), [9, height, width]) as tf.Tensor3D;
  return tf.add(tf.reshape(sum, [height, width]), sumOfShifts(taps)) as Plane;
}

/** Innovation of Cb and Cr; `under`: luma innovation on the chroma grid. */
export function synthesizeChroma(
  levels: readonly (readonly Plane[])[],
  under: Plane,
  net: 'intra' | 'inter',
  tensors: NetTensors,
  resampling: Resampling,
): Plane[] {
  const [height, width] = under.shape;
  const parts = levels.flatMap((own) => [
    own[0]!,
    own.length > 1 ? resampling.double(collapse(own, 1, resampling), height, width) : tf.zerosLike(under),
  ]);
  const inputs = tf.stack([...parts, under].map((part) => tf.reshape(part, [-1]))) as tf.Tensor2D; // (5, pixels)
  const hidden = hiddenUnits(inputs, tensors(`syn.${net}.c.w1`), tensors(`syn.${net}.c.b1`)) as tf.Tensor2D;
  const added = tf.add(
    tf.matMul(tensors(`syn.${net}.c.lin`) as tf.Tensor2D, inputs),
    tf.matMul(tensors(`syn.${net}.c.w2`) as tf.Tensor2D, hidden),
  ); // (2, pixels)
  return [0, 1].map((c) => {
    const own = tf.reshape(tf.slice(added, [c, 0], [1, -1]), [height, width]);
    return sumOf([own, parts[2 * c]!, parts[2 * c + 1]!]) as Plane;
  });
}

/** Levels 0, 1, 2 and the sum of the coarser ones at full size; absent ones are zero. */
function lumaGroups(levels: readonly Plane[], resampling: Resampling): Plane[] {
  const raised = (plane: Plane, level: number): Plane => {
    let out = plane;
    for (let to = level - 1; to >= 0; to--) out = resampling.double(out, ...levels[to]!.shape);
    return out;
  };
  return Array.from({ length: LUMA_INPUTS }, (_, group) => {
    if (group >= levels.length) return tf.zerosLike(levels[0]!);
    const last = group === LUMA_INPUTS - 1;
    return raised(last ? collapse(levels, group, resampling) : levels[group]!, group);
  });
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
  const moved = Array.from({ length: 9 }, (_, tap) =>
    tf.reshape(tf.slice(padded, [tap, Math.floor(tap / 3), tap % 3], [1, height, width]), [height, width]),
  );
  return sumOf(moved) as Plane;
}

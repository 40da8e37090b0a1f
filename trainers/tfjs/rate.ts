/** Code length of latents: context networks and Laplace distributions in floating point (FORMAT.md, sections 6 and 7). */

import * as tf from '@tensorflow/tfjs';
import type { LatentPlane } from '../../runtime/field/shape.js';
import { CONTEXT_NETS, DEPTH_ROWS } from '../../runtime/field/tensors.js';
import { type Plane, sumOf } from './resampling.js';
import type { NetTensors } from './synthesis.js';

/** Latents saturate here as signed inputs, sums of magnitudes as logarithmic ones. */
const SIGNED_LIMIT = 15;
const SUM_LIMIT = 255;
/** Binary logarithms of the scales that the tables hold. */
const MIN_LOG_SCALE = -4;
const MAX_LOG_SCALE = 11.5;
/** Every symbol of a table has at least one part in 65536, of which 33 are taken. */
const FLOOR = 1 / 65536;
const ABOVE_FLOOR = 65503 / 65536;

/** The planes around one latent plane; missing ones are undefined. */
export interface ContextPlanes {
  readonly own: Plane;
  readonly parent: Plane | undefined;
  readonly grandparent: Plane | undefined;
  readonly companion1: Plane | undefined;
  readonly companion2: Plane | undefined;
}

/**
 * Bits of every latent of a plane, shape (height, width), those in blocks that are not coded included.
 *
 * @param asFile on the grids of the integer network, without gradient; otherwise smooth
 */
export function latentBits(
  planes: ContextPlanes,
  plane: LatentPlane,
  depth: number,
  tensors: NetTensors,
  asFile: boolean,
): Plane {
  const { height, width } = plane;
  const grid = (value: tf.Tensor, steps: number): tf.Tensor =>
    asFile ? tf.div(tf.floor(tf.add(tf.mul(value, steps), 0.5)), steps) : value;
  const inputs = contextInputs(planes).map((input, i) => tf.reshape(i < 6 ? input : grid(input, 16), [-1]));
  const x = tf.stack(inputs) as tf.Tensor2D; // (12, latents)
  const net = `ctx.${CONTEXT_NETS[plane.net]}`;
  const column = (tensor: tf.Tensor): tf.Tensor => tf.reshape(tensor, [-1, 1]);
  const preactivation = tf.add(
    tf.matMul(tensors(`${net}.w1`) as tf.Tensor2D, x),
    column(tensors(`${net}.b1`)),
  );
  const hidden = tf.relu(asFile ? tf.div(tf.floor(tf.mul(preactivation, 16)), 16) : preactivation);
  let bias = column(tf.slice(tensors(`${net}.bias`), [plane.biasRow, 0], [1, 2]));
  if (plane.net !== 0) {
    const row = Math.min(depth, DEPTH_ROWS - 1);
    bias = tf.add(bias, column(tf.slice(tensors(`${net}.depth`), [row, 0], [1, 2])));
  }
  const out = sumOf([
    tf.matMul(tensors(`${net}.lin`) as tf.Tensor2D, x),
    tf.add(tf.matMul(tensors(`${net}.w2`) as tf.Tensor2D, hidden as tf.Tensor2D), bias),
  ]); // (2, latents)
  const [location, logScale] = [0, 1].map((m) =>
    tf.reshape(tf.slice(out, [m, 0], [1, -1]), [height, width]),
  ) as [tf.Tensor, tf.Tensor];
  const nats = laplaceNats(tf.sub(planes.own, grid(location, 16)), grid(logScale, 8));
  const coded = asFile ? tf.neg(tf.log(tf.add(tf.mul(tf.exp(tf.neg(nats)), ABOVE_FLOOR), FLOOR))) : nats;
  return tf.mul(coded, Math.LOG2E) as Plane;
}

/** The twelve inputs, each (height, width). */
function contextInputs({ own, parent, grandparent, companion1, companion2 }: ContextPlanes): tf.Tensor[] {
  const [height, width] = own.shape;
  const zero = tf.zerosLike(own);
  const padded = tf.pad2d(own, [
    [2, 1],
    [2, 2],
  ]);
  const at = (dx: number, dy: number): Plane => tf.slice(padded, [2 + dy, 2 + dx], [height, width]);
  const size = (dx: number, dy: number): tf.Tensor => tf.abs(at(dx, dy));
  const near = tf.add(tf.mul(2, tf.add(size(-1, 0), size(0, -1))), tf.add(size(-1, -1), size(1, -1)));
  const wide = sumOf([size(-2, 0), size(0, -2), size(-2, -1), size(2, -1), size(-1, -2), size(1, -2)]);
  const parentHere = parent ? onFinerGrid(parent, 1, own.shape) : zero;
  const above = parent
    ? tf.add(
        tf.mul(2, tf.abs(parentHere)),
        tf.add(tf.abs(beside(parent, 1, own.shape)), tf.abs(beside(parent, 0, own.shape))),
      )
    : zero;
  const far = grandparent ? tf.mul(2, tf.abs(onFinerGrid(grandparent, 2, own.shape))) : zero;
  const signed = [at(-1, 0), at(0, -1), at(-1, -1), at(1, -1), parentHere, companion1 ?? zero];
  const sums = [
    near,
    wide,
    above,
    far,
    companion1 ? cross(companion1) : zero,
    companion2 ? cross(companion2) : zero,
  ];
  return [
    ...signed.map((value) => tf.mul(tf.clipByValue(value, -SIGNED_LIMIT, SIGNED_LIMIT), 0.25)),
    ...sums.map((sum) => tf.mul(tf.log(tf.add(tf.minimum(sum, SUM_LIMIT), 1)), 0.5 * Math.LOG2E)),
  ];
}

/** Twice the magnitude at every place plus those of its four neighbours. */
function cross(plane: Plane): tf.Tensor {
  const [height, width] = plane.shape;
  const padded = tf.pad2d(tf.abs(plane), [
    [1, 1],
    [1, 1],
  ]);
  const at = (dx: number, dy: number): Plane => tf.slice(padded, [1 + dy, 1 + dx], [height, width]);
  return sumOf([tf.mul(2, at(0, 0)), at(-1, 0), at(1, 0), at(0, -1), at(0, 1)]);
}

/** Every sample of a coarser plane for the 2^levels x 2^levels finer ones that it stands for. */
function onFinerGrid(coarse: Plane, levels: number, [height, width]: [number, number]): Plane {
  const [h, w] = coarse.shape;
  const n = 2 ** levels;
  const tiled = tf.tile(tf.reshape(coarse, [h, 1, w, 1]), [1, n, 1, n]);
  return tf.slice(tf.reshape(tiled, [h * n, w * n]) as Plane, [0, 0], [height, width]);
}

/** The neighbour of the parent on the side of the finer sample: horizontally (axis 1) or vertically (axis 0). */
function beside(parent: Plane, axis: 0 | 1, [height, width]: [number, number]): Plane {
  const [h, w] = parent.shape;
  const padded = tf.pad2d(
    parent,
    axis
      ? [
          [0, 0],
          [1, 1],
        ]
      : [
          [1, 1],
          [0, 0],
        ],
  );
  const before = tf.slice(padded, [0, 0], [h, w]);
  const behind = tf.slice(padded, axis ? [0, 2] : [2, 0], [h, w]);
  const pairs = axis
    ? tf.tile(tf.reshape(tf.stack([before, behind], 2), [h, 1, w, 2]), [1, 2, 1, 1])
    : tf.tile(tf.reshape(tf.stack([before, behind], 1), [h, 2, w, 1]), [1, 1, 1, 2]);
  return tf.slice(tf.reshape(pairs, [2 * h, 2 * w]) as Plane, [0, 0], [height, width]);
}

/** Nats of the unit interval around `difference` under a Laplace distribution with scale 2^logScale. */
export function laplaceNats(difference: tf.Tensor, logScale: tf.Tensor): tf.Tensor {
  const r = tf.exp(tf.mul(clippedScale(logScale), -Math.LN2));
  const d = tf.abs(difference);
  const near = tf.minimum(d, 0.5);
  const tails = tf.add(tf.exp(tf.neg(tf.mul(tf.add(near, 0.5), r))), tf.exp(tf.mul(tf.sub(near, 0.5), r)));
  const inside = tf.neg(tf.log(tf.maximum(tf.sub(1, tf.mul(0.5, tails)), 1e-30)));
  return tf.add(inside, tf.mul(r, tf.relu(tf.sub(d, 0.5)))); // the tails fall by r a step
}

/** Clipped to the tables' range; outside of it only a gradient that leads back passes. */
const clippedScale = tf.customGrad((scale, save) => {
  const value = scale as tf.Tensor;
  (save as tf.GradSaveFunc)([value]);
  return {
    value: tf.clipByValue(value, MIN_LOG_SCALE, MAX_LOG_SCALE),
    gradFunc: (dy: tf.Tensor, [saved]: tf.Tensor[]) => {
      const stuckBelow = tf.logicalAnd(tf.less(saved!, MIN_LOG_SCALE), tf.greater(dy, 0));
      const stuckAbove = tf.logicalAnd(tf.greater(saved!, MAX_LOG_SCALE), tf.less(dy, 0));
      return tf.where(tf.logicalOr(stuckBelow, stuckAbove), tf.zerosLike(dy), dy);
    },
  };
}) as (scale: tf.Tensor) => tf.Tensor;

/** Code length of latents: context networks and Laplace distributions in floating point (FORMAT.md, sections 6 and 7). */

import * as tf from '@tensorflow/tfjs';
import {
  CONTEXT_INPUTS,
  CONTEXT_NETS,
  DEPTH_ROWS,
  EXPONENTS_PER_OCTAVE,
  FREQUENCY_TOTAL,
  LAPLACE_SYMBOLS,
  MAGNITUDE_LIMIT,
  MAX_SCALE_INDEX,
  MIN_SCALE_INDEX,
  SIGNED_LIMIT,
} from '../../runtime/field/constants.js';
import { gather } from './gather.js';
import { type LatentGrid, planesOf } from './latentGrid.js';
import { each, type Planes, sumOf } from './resampling.js';
import type { NetTensors } from './synthesis.js';

/** There are as many signed inputs as logarithms of sums of magnitudes. */
const HALF_OF_INPUTS = CONTEXT_INPUTS / 2;
/** Binary logarithms of the scales that the tables hold. */
const MIN_LOG_SCALE = MIN_SCALE_INDEX / EXPONENTS_PER_OCTAVE;
const MAX_LOG_SCALE = MAX_SCALE_INDEX / EXPONENTS_PER_OCTAVE;
/** Every symbol of a table has at least one part in FREQUENCY_TOTAL; the rest is the distribution's. */
const FLOOR = 1 / FREQUENCY_TOTAL;
const ABOVE_FLOOR = (FREQUENCY_TOTAL - LAPLACE_SYMBOLS) / FREQUENCY_TOTAL;

/**
 * Bits of every latent of some grids of one kind, grid after grid, shape (latents), those in blocks that are not coded
 * included.
 *
 * @param rounded all latents of the node; they are context beyond the grids
 * @param all grids of the node of that kind, from the coarsest; the grids are among them
 * @param asFile on the grids of the integer network, without gradient; otherwise smooth
 */
export function latentBits(
  rounded: tf.Tensor1D,
  grids: readonly LatentGrid[],
  all: readonly LatentGrid[],
  depth: number,
  tensors: NetTensors,
  asFile: boolean,
): tf.Tensor1D {
  const nearest = (value: tf.Tensor, steps: number): tf.Tensor =>
    asFile ? tf.div(tf.floor(tf.add(tf.mul(value, steps), 0.5)), steps) : value;
  const { own, signed, sums } = contextInputs(rounded, grids, all);
  const x = tf.concat([signed, nearest(sums, 16)]) as tf.Tensor2D; // (12, latents)
  const net = `ctx.${CONTEXT_NETS[grids[0]!.planes[0]!.net]}`;
  const preactivation = tf.add(
    tf.matMul(tensors(`${net}.w1`) as tf.Tensor2D, x),
    tf.reshape(tensors(`${net}.b1`), [-1, 1]),
  );
  const hidden = tf.relu(asFile ? tf.div(tf.floor(tf.mul(preactivation, 16)), 16) : preactivation);
  const out = sumOf([
    tf.matMul(tensors(`${net}.lin`) as tf.Tensor2D, x),
    tf.matMul(tensors(`${net}.w2`) as tf.Tensor2D, hidden as tf.Tensor2D),
    biases(grids, depth, net, tensors),
  ]); // (2, latents)
  const [location, logScale] = tf.unstack(out) as [tf.Tensor, tf.Tensor];
  const nats = laplaceNats(tf.sub(own, nearest(location, 16)), nearest(logScale, 8));
  const coded = asFile ? tf.neg(tf.log(tf.add(tf.mul(tf.exp(tf.neg(nats)), ABOVE_FLOOR), FLOOR))) : nats;
  return tf.mul(coded, Math.LOG2E) as tf.Tensor1D;
}

/** The latents of some grids and what the context networks see of each: signed inputs and logarithms of sums, (6, latents). */
function contextInputs(
  rounded: tf.Tensor1D,
  grids: readonly LatentGrid[],
  all: readonly LatentGrid[],
): { own: tf.Tensor; signed: tf.Tensor; sums: tf.Tensor } {
  const inputs = grids.map((grid) => {
    const place = all.indexOf(grid);
    const coarser = all.slice(Math.max(place - 2, 0), place).toReversed();
    return spatialInputs(
      grid,
      planesOf(rounded, grid),
      coarser.map((other) => planesOf(rounded, other)),
    );
  });
  const joined = (part: 'signed' | 'sums'): tf.Tensor =>
    tf.concat(
      inputs.map((input) => tf.reshape(input[part], [HALF_OF_INPUTS, -1])),
      1,
    );
  return {
    own: tf.concat(inputs.map(({ own }) => tf.reshape(own, [-1]))),
    signed: tf.mul(tf.clipByValue(joined('signed'), -SIGNED_LIMIT, SIGNED_LIMIT), 0.25),
    sums: tf.mul(tf.log(tf.add(tf.minimum(joined('sums'), MAGNITUDE_LIMIT), 1)), 0.5 * Math.LOG2E),
  };
}

/** Location and scale that every latent begins from, shape (2, latents). */
function biases(grids: readonly LatentGrid[], depth: number, net: string, tensors: NetTensors): tf.Tensor {
  const planes = grids.flatMap((grid) => grid.planes);
  const places = [0, 1].map((m) => planes.map(({ biasRow }) => 2 * biasRow + m));
  let byPlane = gather(tf.reshape(tensors(`${net}.bias`), [-1]), tf.tensor2d(places)); // (2, planes)
  if (net !== `ctx.${CONTEXT_NETS[0]}`) {
    const row = Math.min(depth, DEPTH_ROWS - 1);
    byPlane = tf.add(byPlane, tf.reshape(tf.slice(tensors(`${net}.depth`), [row, 0], [1, 2]), [2, 1]));
  }
  let first = 0;
  const byGrid = grids.map(({ planes: { length: count }, width, height }) => {
    const own = tf.reshape(tf.slice(byPlane, [0, first], [2, count]), [2, count, 1]);
    first += count;
    return tf.reshape(tf.add(tf.zeros([2, count, width * height]), own), [2, -1]);
  });
  return tf.concat(byGrid, 1);
}

/** What the context networks see of one grid before it is clipped and scaled. */
interface SpatialInputs {
  readonly own: Planes;
  /** Six each, shape (6, planes, height, width). */
  readonly signed: tf.Tensor;
  readonly sums: tf.Tensor;
}

/** `coarser`: the next grids, from the finest, whose first planes are parents of those of this one. */
function spatialInputs(grid: LatentGrid, own: Planes, coarser: readonly Planes[]): SpatialInputs {
  const beside = neighbourInputs(own);
  const above = parentInputs(
    own,
    coarser.map((planes) => tf.slice(planes, 0, grid.planes.length)),
  );
  const crossed = crosses(own);
  return {
    own,
    signed: tf.stack([...beside.signed, above.signed, companions(grid, own, 'companion1')]),
    sums: tf.stack([
      ...beside.sums,
      ...above.sums,
      companions(grid, crossed, 'companion1'),
      companions(grid, crossed, 'companion2'),
    ]),
  };
}

/** Latents of the same planes that are decoded earlier. */
function neighbourInputs(own: Planes): { signed: Planes[]; sums: Planes[] } {
  const around = tf.pad3d(own, [
    [0, 0],
    [2, 1],
    [2, 2],
  ]);
  const sizes = tf.abs(around);
  const at = (planes: Planes, dx: number, dy: number): Planes =>
    tf.slice(planes, [0, 2 + dy, 2 + dx], own.shape);
  const sum = (...places: [dx: number, dy: number][]): Planes =>
    sumOf(places.map(([dx, dy]) => at(sizes, dx, dy)));
  const near = tf.add(tf.mul(2, sum([-1, 0], [0, -1])), sum([-1, -1], [1, -1])) as Planes;
  const wide = sum([-2, 0], [0, -2], [-2, -1], [2, -1], [-1, -2], [1, -2]);
  const signed = [at(around, -1, 0), at(around, 0, -1), at(around, -1, -1), at(around, 1, -1)];
  return { signed, sums: [near, wide] };
}

/** The parents; the sums of their magnitudes with those of their neighbours on the side of each latent; the grandparents. */
function parentInputs(
  { shape }: Planes,
  [parents, grandparents]: readonly Planes[],
): { signed: Planes; sums: Planes[] } {
  const none: Planes = tf.zeros(shape);
  if (!parents) return { signed: none, sums: [none, none] };
  const here = onFinerGrid(parents, shape);
  const sizes = tf.abs(parents);
  const sum = sumOf([tf.mul(2, tf.abs(here)) as Planes, beside(sizes, 2, shape), beside(sizes, 1, shape)]);
  if (!grandparents) return { signed: here, sums: [sum, none] };
  const above = onFinerGrid(onFinerGrid(tf.abs(grandparents), parents.shape), shape);
  return { signed: here, sums: [sum, tf.mul(2, above)] };
}

/** `values` of the companion of each plane of the grid, or zeros. */
function companions(
  { planes, firstPlane }: LatentGrid,
  values: Planes,
  which: 'companion1' | 'companion2',
): tf.Tensor {
  const single = each(values);
  const none = tf.zerosLike(single[0]!);
  return tf.stack(planes.map((plane) => single[plane[which] - firstPlane] ?? none));
}

/** Twice the magnitude at every place plus those of its four neighbours. */
function crosses(planes: Planes): Planes {
  const padded = tf.pad3d(tf.abs(planes), [
    [0, 0],
    [1, 1],
    [1, 1],
  ]);
  const at = (dx: number, dy: number): Planes => tf.slice(padded, [0, 1 + dy, 1 + dx], planes.shape);
  return sumOf<Planes>([tf.mul(2, at(0, 0)), at(-1, 0), at(1, 0), at(0, -1), at(0, 1)]);
}

/** Every sample of coarser planes for the 2 x 2 finer ones that it stands for. */
function onFinerGrid(coarse: Planes, shape: Planes['shape']): Planes {
  const [count, height, width] = coarse.shape;
  const tiled = tf.tile(tf.reshape(coarse, [count * height, 1, width, 1]), [1, 2, 1, 2]);
  return tf.slice<tf.Rank.R3, Planes>(tf.reshape(tiled, [count, 2 * height, 2 * width]), 0, shape);
}

/** The neighbour of the parent on the side of the finer sample: vertically (axis 1) or horizontally (axis 2). */
function beside(parents: Planes, axis: 1 | 2, shape: Planes['shape']): Planes {
  const [count, height, width] = parents.shape;
  const margin = (on: 1 | 2): [number, number] => (on === axis ? [1, 1] : [0, 0]);
  const padded = tf.pad3d(parents, [[0, 0], margin(1), margin(2)]);
  const behind: [number, number, number] = axis === 1 ? [0, 2, 0] : [0, 0, 2];
  const sides = [[0, 0, 0] as typeof behind, behind].map((begin) => tf.slice(padded, begin, parents.shape));
  const pairs = tf.stack(sides, axis + 1);
  const tiled =
    axis === 1
      ? tf.tile(tf.reshape(pairs, [count * height, 2, width, 1]), [1, 1, 1, 2])
      : tf.tile(tf.reshape(pairs, [count * height, 1, width, 2]), [1, 2, 1, 1]);
  return tf.slice<tf.Rank.R3, Planes>(tf.reshape(tiled, [count, 2 * height, 2 * width]), 0, shape);
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

/** Sparse approximation by a pyramid of latents; twin of native/sparseApproximation.h. */

import * as tf from '@tensorflow/tfjs';
import type { Size } from '../../runtime/picture/picture.js';
import type { SparseConstants } from '../trainingConstants.js';
import { type Plane, type Resampling, sumOf } from './resampling.js';
import { collapse } from './synthesis.js';

/** What is approximated. */
export interface SparseProblem {
  /** Levels, finest first, and their quantization steps. */
  readonly sizes: readonly Size[];
  readonly steps: readonly number[];
  readonly target: Plane;
  /** Of a squared error, by sample of the target. */
  readonly weights: Plane;
  /** By sample: latents are cheaper by the mean of their samples. */
  readonly importance: Plane;
  /** Price of a bit. */
  readonly lambda: number;
}

/** Of decode^T decode of levels alone, by `eigenvalueKey`: the same for all nodes. */
export type Eigenvalues = Map<string, number>;

/**
 * Latents by level that make weights * |decoded - target|^2 + lambda / importance * sum |q| / (scale ln 2) small: FISTA (Beck and
 * Teboulle, 2009) in rounds, each level with a step of its own, with the scales of each from the last (Candes, Wakin and Boyd, 2008).
 */
export async function approximate(
  problem: SparseProblem,
  resampling: Resampling,
  constants: SparseConstants,
  known: Eigenvalues,
): Promise<Float32Array[]> {
  const { sizes, steps, target, weights, importance, lambda } = problem;
  const decode = (levels: readonly tf.Tensor[]): Plane =>
    collapse(
      levels.map((level, l) => tf.mul(level, steps[l]!) as Plane),
      0,
      resampling,
    );
  const largestWeight = tf.tidy(() => tf.max(weights));
  const [largest = 0] = await largestWeight.data();
  largestWeight.dispose();
  if (largest <= 0) return sizes.map(({ width, height }) => new Float32Array(width * height));
  const gradient = tf.grads((...levels: tf.Tensor[]) =>
    tf.sum(tf.mul(weights, tf.square(tf.sub(decode(levels), target)))),
  );
  const rates: number[] = [];
  for (const level of sizes.keys()) {
    const key = eigenvalueKey(sizes, steps, level);
    const eigenvalue = known.get(key) ?? (await largestEigenvalue(sizes, level, decode, constants));
    known.set(key, eigenvalue);
    rates.push(1 / (2 * largest * sizes.length * eigenvalue));
  }
  const shrink = lambda * Math.LOG2E;
  const values = tf.tidy(() => {
    let value = zeros(sizes);
    let momentum = value;
    const factors = spread(importance, sizes.length);
    for (let round = 0; round < constants.rounds; round++) {
      const limits = (
        round === 0 ? sizes.map(() => tf.scalar(constants.firstScale)) : scales(value, constants)
      ).map((scale, l) => tf.div(shrink * rates[l]!, tf.mul(scale, factors[l]!)));
      let t = 1;
      for (let i = 0; i < constants.iterations; i++) {
        const last = i === constants.iterations - 1;
        const next = 0.5 * (1 + Math.sqrt(1 + 4 * t * t));
        const inertia = last ? 0 : (t - 1) / next;
        t = last ? 1 : next;
        [value, momentum] = tf.tidy(() => {
          const slopes = gradient(momentum);
          const after = momentum.map((m, l) =>
            softened(tf.sub(m, tf.mul(slopes[l]!, rates[l]!)), limits[l]!),
          );
          const carried = after.map((v, l) => tf.add(v, tf.mul(inertia, tf.sub(v, value[l]!))));
          return [after, carried] as [tf.Tensor[], tf.Tensor[]];
        });
      }
    }
    return value;
  });
  const out = await Promise.all(values.map((value) => value.data()));
  tf.dispose(values);
  return out as Float32Array[];
}

/** Means by level: each sample's of those that it stands for. */
function spread(importance: Plane, levels: number): Plane[] {
  const planes = [importance];
  while (planes.length < levels) {
    const [height, width] = planes.at(-1)!.shape;
    const even = [0, 1].map((axis) => [0, [height, width][axis]! % 2]) as [
      [number, number],
      [number, number],
    ];
    const sums = [planes.at(-1)!, tf.ones([height, width]) as Plane].map((plane) => {
      const [h, w] = [height + even[0][1], width + even[1][1]];
      return tf.sum(tf.reshape(tf.pad2d(plane, even), [h / 2, 2, w / 2, 2]), [1, 3]);
    });
    planes.push(tf.div(sums[0]!, sums[1]!));
  }
  return planes;
}

function zeros(sizes: readonly Size[]): tf.Tensor[] {
  return sizes.map(({ width, height }) => tf.zeros([height, width]));
}

function softened(value: tf.Tensor, limit: tf.Tensor): tf.Tensor {
  return tf.mul(tf.sign(value), tf.relu(tf.sub(tf.abs(value), limit)));
}

function eigenvalueKey([finest]: readonly Size[], steps: readonly number[], level: number): string {
  return [finest!.width, finest!.height, level, steps[level]].join();
}

/** Of decode^T decode of one level alone, by power iteration. */
async function largestEigenvalue(
  sizes: readonly Size[],
  level: number,
  decode: (levels: readonly tf.Tensor[]) => Plane,
  { powerIterations, eigenvalueMargin, leastDirection }: SparseConstants,
): Promise<number> {
  const norm = tf.tidy(() => {
    const others = zeros(sizes);
    const square = tf.grad((alone: tf.Tensor) =>
      tf.mul(0.5, tf.sum(tf.square(decode(others.map((zero, l) => (l === level ? alone : zero)))))),
    );
    const { width, height } = sizes[level]!;
    let direction: tf.Tensor = tf.randomUniform(
      [height, width],
      leastDirection,
      leastDirection + 1,
      'float32',
      level + 1,
    );
    let length: tf.Tensor = tf.scalar(1);
    for (let i = 0; i < powerIterations; i++) {
      const moved = square(direction);
      length = tf.sqrt(tf.sum(tf.square(moved)));
      direction = tf.div(moved, tf.maximum(length, 1e-30));
    }
    return length;
  });
  const [value = 1] = await norm.data();
  norm.dispose();
  return eigenvalueMargin * (value > 0 ? value : 1);
}

/** Expected magnitudes from the neighbourhood and the parent. */
function scales(levels: readonly tf.Tensor[], { leastScale, parentWeight }: SparseConstants): tf.Tensor[] {
  const sums = (magnitude: tf.Tensor): tf.Tensor => {
    const [height, width] = magnitude.shape as [number, number];
    const padded = tf.pad2d(magnitude as Plane, [
      [1, 1],
      [1, 1],
    ]);
    return sumOf(
      Array.from({ length: 9 }, (_, k) => tf.slice(padded, [Math.floor(k / 3), k % 3], [height, width])),
    );
  };
  return levels.map((level, l) => {
    const [height, width] = level.shape as [number, number];
    let total = sums(tf.abs(level));
    let count = sums(tf.onesLike(level));
    const parent = levels[l + 1];
    if (parent) {
      const [h, w] = parent.shape as [number, number];
      const raised = tf.reshape(tf.tile(tf.reshape(tf.abs(parent), [h, 1, w, 1]), [1, 2, 1, 2]), [
        2 * h,
        2 * w,
      ]);
      total = tf.add(total, tf.mul(parentWeight, tf.slice(raised as Plane, [0, 0], [height, width])));
      count = tf.add(count, parentWeight);
    }
    return tf.maximum(tf.div(total, count), leastScale);
  });
}

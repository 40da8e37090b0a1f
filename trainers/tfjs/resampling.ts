/** Resampling of planes as products with constant matrices: rows * plane * columns^T. */

import * as tf from '@tensorflow/tfjs';
import { DOUBLING_TAPS } from '../../runtime/field/constants.js';
import { clampIndex } from '../../runtime/picture/picture.js';
import { axisCells } from '../../runtime/reference/motion.js';

/** A plane, shape (height, width). */
export type Plane = tf.Tensor2D;

/** Planes of one size, shape (planes, height, width). */
export type Planes = tf.Tensor3D;

/** Sum of tensors of one shape, two at a time: WebGPU lets a kernel read few of them. */
export function sumOf<T extends tf.Tensor>(tensors: readonly T[]): T {
  return tensors.reduce((sum, tensor) => tf.add(sum, tensor) as T);
}

/** Each of some planes; TensorFlow.js cannot differentiate its own `unstack` of one. */
export function each(planes: Planes): Plane[] {
  return planes.shape[0] === 1 ? [tf.squeeze(planes, [0])] : (tf.unstack(planes) as Plane[]);
}

/** Height and width. */
export function sizeOf(planes: Plane | Planes): [height: number, width: number] {
  return planes.shape.slice(-2) as [number, number];
}

/** Weights of the inputs in one output sample. */
type Row = readonly (readonly [index: number, weight: number])[];

/** The constant matrices of one film's sizes, built when they are first needed. */
export class Resampling {
  readonly #matrices = new Map<string, tf.Tensor>();

  /** The next finer level of that size. */
  double<P extends Plane | Planes>(coarse: P, height: number, width: number): P {
    return this.#apply('double', coarse, height, width, doublingRow);
  }

  /** What the four cells around every sample say: shape (4, components, height, width), cells in the order of `cellWeights`. */
  cells(grid: Planes, height: number, width: number, side: number): tf.Tensor4D {
    const [fromHeight, fromWidth] = sizeOf(grid);
    const around = CELLS.map(([below, right]) => {
      const rows = this.#matrix(`cell ${side} ${below}`, height, fromHeight, cellRow(side, below));
      const columns = this.#matrix(`cell ${side} ${right}`, width, fromWidth, cellRow(side, right));
      return tf.matMul(rows, tf.matMul(grid, columns, false, true)) as tf.Tensor as Planes;
    });
    return tf.stack(around) as tf.Tensor4D;
  }

  /** Weights of the same cells: shape (4, height, width). They add up to 1. */
  cellWeights(grid: Planes, height: number, width: number, side: number): Planes {
    const [fromHeight, fromWidth] = sizeOf(grid);
    const axis = (length: number, cells: number, which: number): number[] =>
      Array.from({ length }, (_, i) => Math.abs(1 - which - axisCells(i, side, cells).weight));
    const key = `weights ${side} ${height} ${width}`;
    let weights = this.#matrices.get(key) as tf.Tensor | undefined;
    if (!weights) {
      weights = tf.tidy(() =>
        tf.keep(
          tf.stack(
            CELLS.map(([below, right]) =>
              tf.outerProduct(axis(height, fromHeight, below), axis(width, fromWidth, right)),
            ),
          ),
        ),
      );
      this.#matrices.set(key, weights);
    }
    return weights as Planes;
  }

  /** Means of the up to four luma samples that a 4:2:0 chroma sample stands for. */
  halve<P extends Plane | Planes>(luma: P, height: number, width: number): P {
    return this.#apply('halve', luma, height, width, halvingRow);
  }

  dispose(): void {
    for (const matrix of this.#matrices.values()) matrix.dispose();
    this.#matrices.clear();
  }

  #apply<P extends Plane | Planes>(
    kind: string,
    planes: P,
    height: number,
    width: number,
    row: (output: number, inputs: number) => Row,
  ): P {
    const [fromHeight, fromWidth] = sizeOf(planes);
    const rows = this.#matrix(kind, height, fromHeight, row);
    const columns = this.#matrix(kind, width, fromWidth, row);
    return tf.matMul(rows, tf.matMul(planes, columns, false, true)) as tf.Tensor as P;
  }

  #matrix(
    kind: string,
    outputs: number,
    inputs: number,
    row: (output: number, inputs: number) => Row,
  ): tf.Tensor2D {
    const key = `${kind} ${outputs} ${inputs}`;
    let matrix = this.#matrices.get(key) as tf.Tensor2D | undefined;
    if (!matrix) {
      const values = new Float32Array(outputs * inputs);
      for (let output = 0; output < outputs; output++) {
        for (const [index, weight] of row(output, inputs)) {
          values[output * inputs + clampIndex(index, inputs)]! += weight;
        }
      }
      matrix = tf.keep(tf.tensor2d(values, [outputs, inputs]));
      this.#matrices.set(key, matrix);
    }
    return matrix;
  }
}

function doublingRow(output: number): Row {
  const odd = output & 1;
  const first = (output >> 1) - DOUBLING_TAPS.length / 2 + odd;
  return (odd ? DOUBLING_TAPS.toReversed() : DOUBLING_TAPS).map((tap, k) => [first + k, tap] as const);
}

/** The four cells around a sample: whether it is the lower, and the right one. */
const CELLS = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
] as const;

/** Takes the cell before (0) or behind (1) a sample. */
function cellRow(side: number, which: 0 | 1): (sample: number, cells: number) => Row {
  return (sample, cells) => {
    const { first, second } = axisCells(sample, side, cells);
    return [[which ? second : first, 1]];
  };
}

function halvingRow(output: number, inputs: number): Row {
  const pair = [2 * output, 2 * output + 1].filter((index) => index < inputs);
  return pair.map((index) => [index, 1 / pair.length] as const);
}

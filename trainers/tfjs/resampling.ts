/** Resampling of planes as products with constant matrices: rows * plane * columns^T. */

import * as tf from '@tensorflow/tfjs';
import { DOUBLING_TAPS, MOTION_GRID_PX } from '../../runtime/field/constants.js';
import { clampIndex } from '../../runtime/picture/picture.js';
import { splineWeights } from '../../runtime/reference/motion.js';

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
  readonly #matrices = new Map<string, tf.Tensor2D>();

  /** The next finer level of that size. */
  double<P extends Plane | Planes>(coarse: P, height: number, width: number): P {
    return this.#apply('double', coarse, height, width, doublingRow);
  }

  /** Planes of the motion grid at every luma pixel. */
  spline(grid: Planes, height: number, width: number): Planes {
    return this.#apply('spline', grid, height, width, splineRow);
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
    let matrix = this.#matrices.get(key);
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

/** Quadratic B-spline. */
function splineRow(pixel: number): Row {
  const place = (pixel + 0.5) / MOTION_GRID_PX - 0.5;
  const nearest = Math.floor(place + 0.5);
  const f = place - nearest;
  return splineWeights(f).map((weight, i) => [nearest - 1 + i, weight] as const);
}

function halvingRow(output: number, inputs: number): Row {
  const pair = [2 * output, 2 * output + 1].filter((index) => index < inputs);
  return pair.map((index) => [index, 1 / pair.length] as const);
}

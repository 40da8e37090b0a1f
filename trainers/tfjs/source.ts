/** What a node in training is compared with. */

import * as tf from '@tensorflow/tfjs';
import { CODE_OFFSET } from '../../runtime/field/constants.js';
import type { FieldShape } from '../../runtime/field/shape.js';
import type { Size } from '../../runtime/picture/picture.js';
import type { Plane } from './resampling.js';

export interface Source {
  /** 8-bit codes of Y, Cb and Cr, which are the caller's. */
  readonly codes: readonly [y: Uint8Array, cb: Uint8Array, cr: Uint8Array];
  /** What squared errors weigh by cells, also the caller's. */
  readonly cellWeights: Float32Array | undefined;
  /** Codes less 128, by plane. */
  readonly planes: readonly Plane[];
  /** What squared errors weigh, by plane. */
  readonly weights: readonly Plane[];
}

/** @param cellPx side of the cells that weights are given by, in luma samples */
export function sourceOf(
  codes: Source['codes'],
  cellWeights: Float32Array | undefined,
  shape: FieldShape,
  cellPx: number,
): Source {
  const sizes = codes.map((_, p): Size => (p === 0 ? shape : shape.chromaLevels[0]!));
  const tensor = ({ width, height }: Size, values: Float32Array): Plane =>
    tf.keep(tf.tensor2d(values, [height, width]));
  return {
    codes,
    cellWeights,
    planes: sizes.map((size, p) =>
      tensor(
        size,
        Float32Array.from(codes[p]!, (code) => code - CODE_OFFSET),
      ),
    ),
    weights: sizes.map((size) => tensor(size, weightsOf(size, cellWeights, shape, cellPx))),
  };
}

/** By sample. */
function weightsOf(
  { width, height }: Size,
  cells: Float32Array | undefined,
  shape: Size,
  cellPx: number,
): Float32Array {
  if (!cells) return new Float32Array(width * height).fill(1);
  const across = Math.ceil(shape.width / cellPx);
  const side = width < shape.width ? cellPx / 2 : cellPx;
  return Float32Array.from(
    { length: width * height },
    (_, i) => cells[Math.floor(Math.floor(i / width) / side) * across + Math.floor((i % width) / side)]!,
  );
}

export function releaseSource(source: Source | undefined): void {
  if (source) tf.dispose([...source.planes, ...source.weights]);
}

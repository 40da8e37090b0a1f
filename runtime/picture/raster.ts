/** Rasters: the weights that take lines of samples of one size to another; interpolation when they grow, interpolation of area means when they shrink. */

import { type Chroma, chromaSize, clampIndex } from './picture.js';

/** Part of the picture in luma pixels; need not be whole numbers. */
export interface Crop {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Half the width of the kernel in samples, after C. Lanczos (sinc windowed by its own main lobe). */
const LOBES = 3;

/** Points at which the box of a reduction is sampled, per source sample of its width, and at least. */
const BOX_POINTS_PER_SAMPLE = 16;
const MIN_BOX_POINTS = 16;

/** Weights from a line of source samples to a line of output samples. */
export interface AxisKernel {
  readonly outputs: number;
  readonly taps: number;
  /** (outputs, taps) clamped source indexes. */
  readonly indexes: Int32Array;
  /** (outputs, taps); every row adds up to 1. */
  readonly weights: Float64Array;
}

/** Kernels that take a picture of one size to another: for luma and for chroma, across and down. */
export interface RasterKernels {
  readonly width: number;
  readonly height: number;
  readonly chroma: Chroma;
  readonly luma: readonly [AxisKernel, AxisKernel];
  readonly chromaPlanes: readonly [AxisKernel, AxisKernel];
  /** True when every output sample is a source sample. */
  readonly identity: boolean;
}

/**
 * What a source sample weighs at `distance` from an output, before the weights of the output are made to add up to 1. `box` is
 * the width that the kernel is averaged over, 0 where lines do not shrink.
 */
export type WeightOf = (distance: number, box: number) => number;

/**
 * Kernels for sampling `crop` of a picture of `source` size at `width` x `height`.
 *
 * @param weightOf as for `axisKernel`
 */
export function rasterKernels(
  source: { width: number; height: number; chroma: Chroma },
  crop: Crop,
  width: number,
  height: number,
  weightOf?: WeightOf,
): RasterKernels {
  const from = chromaSize(source.width, source.height, source.chroma);
  const to = chromaSize(width, height, source.chroma);
  const shrink = source.chroma === '420' ? 0.5 : 1;
  const across = crop.width / width;
  const down = crop.height / height;
  return {
    width,
    height,
    chroma: source.chroma,
    luma: [
      axisKernel(source.width, width, across, crop.x, weightOf),
      axisKernel(source.height, height, down, crop.y, weightOf),
    ],
    chromaPlanes: [
      axisKernel(from.width, to.width, across, crop.x * shrink, weightOf),
      axisKernel(from.height, to.height, down, crop.y * shrink, weightOf),
    ],
    identity:
      crop.x === 0 &&
      crop.y === 0 &&
      width === source.width &&
      height === source.height &&
      across === 1 &&
      down === 1,
  };
}

/**
 * Output u lies at x = (u + 0.5) * scale + start - 0.5 on the source. Where `scale` is above 1 the kernel is convolved
 * with a box of width sqrt(scale^2 - 1): the box alone would be the area mean, the kernel keeps what it blurs too much.
 *
 * @param weightOf what is used instead of the definition, where that is too slow: weightTable.ts
 */
export function axisKernel(
  inputs: number,
  outputs: number,
  scale: number,
  start: number,
  weightOf: WeightOf = boxedLanczos,
): AxisKernel {
  const box = scale > 1 ? Math.sqrt(scale * scale - 1) : 0;
  const reach = kernelReach(box);
  const taps = box === 0 ? 2 * LOBES : Math.floor(2 * reach) + 1;
  const kernel = {
    outputs,
    taps,
    indexes: new Int32Array(outputs * taps),
    weights: new Float64Array(outputs * taps),
  };
  for (let u = 0; u < outputs; u++) {
    const position = (u + 0.5) * scale + start - 0.5;
    const first = box === 0 ? Math.floor(position) - LOBES + 1 : Math.ceil(position - reach);
    fillTaps(kernel, u, first, inputs, (sample) => weightOf(position - sample, box));
  }
  return kernel;
}

function fillTaps(
  kernel: AxisKernel,
  u: number,
  first: number,
  inputs: number,
  weightOfSample: (sample: number) => number,
): void {
  const at = u * kernel.taps;
  let sum = 0;
  for (let i = 0; i < kernel.taps; i++) {
    const weight = weightOfSample(first + i);
    kernel.indexes[at + i] = clampIndex(first + i, inputs);
    kernel.weights[at + i] = weight;
    sum += weight;
  }
  for (let i = 0; i < kernel.taps; i++) kernel.weights[at + i]! /= sum;
}

/** The distance beyond which nothing weighs anything. */
export function kernelReach(box: number): number {
  return LOBES + box / 2;
}

/** Mean of the kernel over a box around `distance`, by the midpoint rule. */
export function boxedLanczos(distance: number, box: number): number {
  if (box === 0) return lanczos(distance);
  const points = Math.max(MIN_BOX_POINTS, Math.ceil(box * BOX_POINTS_PER_SAMPLE));
  let sum = 0;
  for (let i = 0; i < points; i++) sum += lanczos(distance + box * ((i + 0.5) / points - 0.5));
  return sum / points;
}

/** Exactly 1 at 0 and 0 at every other whole number, so that native positions give back the samples. */
function lanczos(distance: number): number {
  if (distance === 0) return 1;
  if (Math.abs(distance) >= LOBES || Number.isInteger(distance)) return 0;
  const angle = Math.PI * distance;
  return (LOBES * Math.sin(angle) * Math.sin(angle / LOBES)) / (angle * angle);
}

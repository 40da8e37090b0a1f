/** What a film's enlarger adds to luma at a larger size: section 12 of FORMAT.md. */

import {
  CODES_PER_UNIT,
  ENLARGER_CHANNELS,
  ENLARGER_LINEAR,
  ENLARGER_LINEAR_SIDE,
  ENLARGER_SIDE,
  SPLINE_CENTRES,
  SPLINE_TAPS,
} from '../field/constants.js';
import type { Enlarger } from '../field/enlarger.js';
import type { Enlargement } from '../field/samplingKernels.js';
import { createPlane, type FloatPlane } from '../picture/floatPlane.js';
import { clampIndex } from '../picture/picture.js';
import type { AxisKernel } from '../picture/raster.js';

const SPLINES = SPLINE_CENTRES.length;
const MEAN_WEIGHTS = new Float32Array(ENLARGER_LINEAR_SIDE ** 2).fill(1 / ENLARGER_LINEAR_SIDE ** 2);

/** Luma in codes that is added to what Lanczos's kernel gives. */
export function learntDetail(
  luma: FloatPlane,
  { enlarger, strength, across, down }: Enlargement,
): FloatPlane {
  const features = enlargerFeatures(luma, enlarger);
  const out = createPlane(across.outputs, down.outputs);
  for (let y = 0, at = 0; y < out.height; y++) {
    const lines = weighedLines(features, enlarger, down, y);
    for (let x = 0; x < out.width; x++, at++) {
      let sum = 0;
      for (let tap = 0, from = x * across.taps; tap < across.taps; tap++, from++)
        sum += across.weights[from]! * lines[Math.floor(tap / SPLINE_TAPS)]![across.indexes[from]!]!;
      out.samples[at] = CODES_PER_UNIT * strength * sum;
    }
  }
  return out;
}

/** For output row y and each spline across: the features around it, weighed by the splines down and the kernels. */
function weighedLines(
  features: readonly FloatPlane[],
  { kernels }: Enlarger,
  down: AxisKernel,
  y: number,
): Float64Array[] {
  const { width } = features[0]!;
  const lines = SPLINE_CENTRES.map(() => new Float64Array(width));
  for (const [k, { samples }] of features.entries()) {
    for (let tap = 0, from = y * down.taps; tap < down.taps; tap++, from++) {
      const row = down.indexes[from]! * width;
      const spline = Math.floor(tap / SPLINE_TAPS);
      for (const [j, line] of lines.entries()) {
        const weight = down.weights[from]! * kernels[(k * SPLINES + spline) * SPLINES + j]!;
        for (let x = 0; x < width; x++) line[x]! += weight * samples[row + x]!;
      }
    }
  }
  return lines;
}

/** Features of a luma plane at its own size: those of the layers, then those without. */
function enlargerFeatures(luma: FloatPlane, enlarger: Enlarger): FloatPlane[] {
  const { hidden, hiddenBias, mixed, mixedBias, linear } = enlarger;
  const deviation = deviationFromMean(luma);
  const first = layer([deviation], hidden, hiddenBias);
  const second = layer(first, mixed, mixedBias);
  const straight = Array.from({ length: ENLARGER_LINEAR }, (_, k) => {
    const area = ENLARGER_LINEAR_SIDE ** 2;
    return convolved(deviation, linear.subarray(k * area, (k + 1) * area), ENLARGER_LINEAR_SIDE);
  });
  return [...second, ...straight];
}

/** Luma less its mean around, in units. */
export function deviationFromMean(luma: FloatPlane): FloatPlane {
  const mean = convolved(luma, MEAN_WEIGHTS, ENLARGER_LINEAR_SIDE);
  const out = createPlane(luma.width, luma.height);
  for (let i = 0; i < out.samples.length; i++)
    out.samples[i] = (luma.samples[i]! - mean.samples[i]!) / CODES_PER_UNIT;
  return out;
}

/** ENLARGER_CHANNELS planes from some; nothing below zero. */
function layer(inputs: readonly FloatPlane[], weights: Float32Array, bias: Float32Array): FloatPlane[] {
  const area = ENLARGER_SIDE ** 2;
  return Array.from({ length: ENLARGER_CHANNELS }, (_, output) => {
    const { width, height } = inputs[0]!;
    const out = createPlane(width, height);
    out.samples.fill(bias[output]!);
    for (const [input, plane] of inputs.entries()) {
      const start = (output * inputs.length + input) * area;
      const part = convolved(plane, weights.subarray(start, start + area), ENLARGER_SIDE);
      for (let i = 0; i < out.samples.length; i++) out.samples[i]! += part.samples[i]!;
    }
    for (let i = 0; i < out.samples.length; i++) out.samples[i] = Math.max(0, out.samples[i]!);
    return out;
  });
}

/** A plane under a kernel of `side` x `side`; its border goes on. */
function convolved(plane: FloatPlane, weights: Float32Array, side: number): FloatPlane {
  const { width, height, samples } = plane;
  const reach = (side - 1) / 2;
  const out = createPlane(width, height);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      let sum = 0;
      for (let j = 0, tap = 0; j < side; j++) {
        const row = clampIndex(y + j - reach, height) * width;
        for (let i = 0; i < side; i++, tap++)
          sum += weights[tap]! * samples[row + clampIndex(x + i - reach, width)]!;
      }
      out.samples[at] = sum;
    }
  }
  return out;
}

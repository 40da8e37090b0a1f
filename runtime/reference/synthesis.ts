/** The synthesis nets: from dequantized latent pyramids to innovation planes, all in units of 32 codes. */

import {
  CHROMA_INPUTS,
  CONV_PLANES,
  CONV_SIDE,
  CONV_TAPS,
  HIDDEN_UNITS,
  LUMA_INPUTS,
} from '../field/constants.js';
import type { SynthesisWeights } from '../field/nets.js';
import { createPlane, type FloatPlane } from '../picture/floatPlane.js';
import type { Chroma } from '../picture/picture.js';
import { collapseLevels, doublePlane } from './pyramid.js';

/** Levels of luma that stand alone as inputs of the net; the rest is summed into the last input. */
const SEPARATE_LUMA_LEVELS = LUMA_INPUTS - 1;

/**
 * Luma innovation: the sum of the pyramid plus what a pointwise hidden layer and one 3x3 convolution make of it.
 *
 * @param levels dequantized luma levels, finest first
 */
export function synthesizeLuma(levels: readonly FloatPlane[], weights: SynthesisWeights['luma']): FloatPlane {
  const { width, height } = levels[0]!;
  const groups = lumaGroups(levels);
  const planes = Array.from({ length: CONV_PLANES }, () => createPlane(width, height));
  const input = new Float64Array(LUMA_INPUTS);
  const rest = restingUnits(weights.b1);
  for (let i = 0; i < width * height; i++) {
    let sum = 0;
    for (let g = 0; g < LUMA_INPUTS; g++) sum += input[g] = groups[g]?.samples[i] ?? 0;
    planes[0]!.samples[i] = sum;
    for (let k = 0; k < HIDDEN_UNITS; k++) {
      planes[k + 1]!.samples[i] = hiddenUnit(weights.w1, weights.b1[k]!, input, k) - rest[k]!;
    }
  }
  return convolve(planes, weights.conv);
}

/**
 * Chroma innovation planes Cb and Cr.
 *
 * @param cb dequantized levels, finest first
 * @param luma luma innovation on the chroma grid, from `lumaOnChromaGrid`
 */
export function synthesizeChroma(
  cb: readonly FloatPlane[],
  cr: readonly FloatPlane[],
  luma: FloatPlane,
  weights: SynthesisWeights['chroma'],
): [FloatPlane, FloatPlane] {
  const { width, height } = cb[0]!;
  const coarse = [cb, cr].map((levels) => doublePlane(collapseLevels(levels, 1), levels[0]!));
  const inputs = [cb[0]!, coarse[0]!, cr[0]!, coarse[1]!, luma];
  const out: [FloatPlane, FloatPlane] = [createPlane(width, height), createPlane(width, height)];
  const input = new Float64Array(CHROMA_INPUTS);
  const hidden = new Float64Array(HIDDEN_UNITS);
  const rest = restingUnits(weights.b1);
  for (let i = 0; i < width * height; i++) {
    for (let g = 0; g < CHROMA_INPUTS; g++) input[g] = inputs[g]!.samples[i]!;
    for (let k = 0; k < HIDDEN_UNITS; k++) {
      hidden[k] = hiddenUnit(weights.w1, weights.b1[k]!, input, k) - rest[k]!;
    }
    for (let c = 0; c < 2; c++) {
      const direct = input[2 * c]! + input[2 * c + 1]!;
      out[c]!.samples[i] = direct + dot(weights.lin, c, input) + dot(weights.w2, c, hidden);
    }
  }
  return out;
}

/** Mean of the luma samples that lie under each chroma sample. */
export function lumaOnChromaGrid(luma: FloatPlane, chroma: Chroma): FloatPlane {
  if (chroma === '444') return luma;
  const mean = createPlane((luma.width + 1) >> 1, (luma.height + 1) >> 1);
  for (let y = 0; y < mean.height; y++) {
    for (let x = 0; x < mean.width; x++) mean.samples[y * mean.width + x] = meanUnder(luma, x, y);
  }
  return mean;
}

/** Mean over the up to four samples that exist at 2x..2x+1, 2y..2y+1. */
function meanUnder(luma: FloatPlane, x: number, y: number): number {
  let sum = 0;
  let count = 0;
  for (let j = 2 * y; j < Math.min(2 * y + 2, luma.height); j++) {
    for (let i = 2 * x; i < Math.min(2 * x + 2, luma.width); i++, count++) {
      sum += luma.samples[j * luma.width + i]!;
    }
  }
  return sum / count;
}

/** Inputs of the luma net at full size: levels 0, 1, 2 and the sum of the coarser ones, if any. */
function lumaGroups(levels: readonly FloatPlane[]): FloatPlane[] {
  const groups = levels.slice(0, SEPARATE_LUMA_LEVELS).map((plane, level) => raise(plane, level, levels));
  if (levels.length > SEPARATE_LUMA_LEVELS) {
    groups.push(raise(collapseLevels(levels, SEPARATE_LUMA_LEVELS), SEPARATE_LUMA_LEVELS, levels));
  }
  return groups;
}

function raise(plane: FloatPlane, level: number, levels: readonly FloatPlane[]): FloatPlane {
  let raised = plane;
  for (let to = level - 1; to >= 0; to--) raised = doublePlane(raised, levels[to]!);
  return raised;
}

function hiddenUnit(w1: Float32Array, bias: number, input: Float64Array, k: number): number {
  return Math.max(0, bias + dot(w1, k, input));
}

/** What a hidden unit gives for zero input; it is subtracted, so that empty latents give exactly nothing. */
function restingUnits(b1: Float32Array): Float64Array {
  return Float64Array.from(b1, (bias) => Math.max(0, bias));
}

function dot(weights: Float32Array, row: number, input: Float64Array): number {
  let sum = 0;
  for (let j = 0, w = row * input.length; j < input.length; j++, w++) sum += weights[w]! * input[j]!;
  return sum;
}

/** The first plane plus the 3x3 cross-correlation of all planes, zeros outside. */
function convolve(planes: readonly FloatPlane[], weights: Float32Array): FloatPlane {
  const { width, height, samples } = planes[0]!;
  const out: FloatPlane = { width, height, samples: samples.slice() };
  for (let c = 0; c < planes.length; c++) {
    for (let tap = 0; tap < CONV_TAPS; tap++) {
      const weight = weights[CONV_TAPS * c + tap]!;
      const column = tap % CONV_SIDE;
      if (weight !== 0) addShifted(out, planes[c]!, weight, column - 1, (tap - column) / CONV_SIDE - 1);
    }
  }
  return out;
}

/** out(x, y) += weight * plane(x + dx, y + dy) where that exists. */
function addShifted(out: FloatPlane, plane: FloatPlane, weight: number, dx: number, dy: number): void {
  const { width, height } = out;
  for (let y = Math.max(0, -dy); y < Math.min(height, height - dy); y++) {
    const to = y * width;
    const from = (y + dy) * width + dx;
    for (let x = Math.max(0, -dx); x < Math.min(width, width - dx); x++) {
      out.samples[to + x]! += weight * plane.samples[from + x]!;
    }
  }
}

/**
 * What an enlarger learns from: the film at half its size, and what Lanczos's kernel lacks of the source then. All of it in the
 * units of the field, CODES_PER_UNIT codes.
 */

import { CODE_OFFSET, CODES_PER_UNIT, SPLINE_CENTRES } from '../../runtime/field/constants.js';
import type { Enlarger } from '../../runtime/field/enlarger.js';
import { splineAxis } from '../../runtime/field/samplingKernels.js';
import { createPlane, type FloatPlane } from '../../runtime/picture/floatPlane.js';
import { type AxisKernel, axisKernel } from '../../runtime/picture/raster.js';
import { deviationFromMean, learntDetail } from '../../runtime/reference/enlarger.js';
import { resample } from '../../runtime/reference/spatialSampler.js';
import type { EnlargerBatch } from '../trainingEngine.js';
import { PIECE_PX } from './sourcePieces.js';

/** Sides of what is read and of what is judged, in samples of the half film: what lies between has not all of its neighbours. */
const INPUT = 32;
const OUTPUT = 24;
const SMALL = PIECE_PX / 2;
/** Outputs of a sample on each axis. */
const PHASES = 2;

/** A square of the film, at both sizes. */
export interface Example {
  /** (INPUT, INPUT): the half film less its mean around. */
  readonly input: FloatPlane;
  /** (PHASES * OUTPUT, PHASES * OUTPUT): what is missing, around the same centre. */
  readonly missing: FloatPlane;
  /** The same square a size smaller, which is not learnt from: a quarter of the film in codes, and what the half film has more. */
  readonly coarser: { readonly luma: FloatPlane; readonly missing: FloatPlane };
}

/** Weights of the splines at twice the size: (phase, spline, sample from two before to two behind). */
export const PHASE_SPLINES = phaseSplines();

/** Ways to turn and mirror a square. */
export const WAYS = 8;

const DOUBLING = axisKernel(SMALL, PIECE_PX, 1 / PHASES, 0);
const COARSE_DOUBLING = axisKernel(SMALL / 2, SMALL, 1 / PHASES, 0);
/** In the middle of a square a size smaller, what all neighbours are known of. */
const COARSE_MIDDLE = 12;

/** An example from codes of the decoded film and of the source, (PIECE_PX, PIECE_PX) each. */
export function exampleOf(decoded: Uint8Array, source: Uint8Array): Example {
  const truth = lumaOf(source);
  const half = halved(lumaOf(decoded));
  const quarter = halved(half);
  return {
    input: middleOf(deviationFromMean(half), INPUT),
    missing: middleOf(missingOf(truth, half, DOUBLING), PHASES * OUTPUT),
    coarser: { luma: quarter, missing: missingOf(halved(truth), quarter, COARSE_DOUBLING) },
  };
}

/**
 * How much of what an enlarger adds should be added where it has learnt nothing, at the next smaller size: 1 if all of it, 0 if none.
 * A net that knows its examples by heart is found out here.
 */
export function agreementAtCoarserSize(examples: readonly Example[], enlarger: Enlarger): number {
  const splines = splineAxis(SMALL / 2, SMALL, 1 / PHASES, 0);
  const enlargement = { enlarger, strength: 1, across: splines, down: splines };
  let common = 0;
  let power = 0;
  for (const { coarser } of examples) {
    const added = middleOf(learntDetail(coarser.luma, enlargement), COARSE_MIDDLE).samples;
    const missing = middleOf(coarser.missing, COARSE_MIDDLE).samples;
    for (let i = 0; i < added.length; i++) {
      common += added[i]! * missing[i]! * CODES_PER_UNIT;
      power += added[i]! ** 2;
    }
  }
  return power > 0 ? common / power : 0;
}

/**
 * Examples as an engine takes them.
 *
 * @param ways how each is turned, 0..WAYS - 1
 */
export function batchOf(
  values: Float64Array,
  examples: readonly Example[],
  ways: readonly number[],
): EnlargerBatch {
  const count = examples.length;
  const inputs = new Float32Array(count * INPUT ** 2);
  const targets = new Float32Array(count * (PHASES * OUTPUT) ** 2);
  for (const [index, { input, missing }] of examples.entries()) {
    const way = ways[index]!;
    copyTurned(input, way, 1, inputs.subarray(index * INPUT ** 2));
    copyTurned(missing, way, PHASES, targets.subarray(index * (PHASES * OUTPUT) ** 2));
  }
  return { values, splines: PHASE_SPLINES, count, inputs, targets };
}

/** Mean square of what is missing. */
export function meanSquare({ targets }: EnlargerBatch): number {
  return targets.reduce((sum, target) => sum + target * target, 0) / targets.length;
}

function phaseSplines(): Float64Array {
  const reach = 5;
  // Of a sample so far inside of a line that nothing fades.
  const centre = 15;
  const line = 2 * centre + 1;
  const first = centre - (reach - 1) / 2;
  const { taps, indexes, weights } = splineAxis(line, PHASES * line, 1 / PHASES, 0);
  const out = new Float64Array(PHASES * SPLINE_CENTRES.length * reach);
  for (let phase = 0; phase < PHASES; phase++) {
    for (let tap = 0; tap < taps; tap++) {
      const at = (PHASES * centre + phase) * taps + tap;
      const spline = Math.floor((tap * SPLINE_CENTRES.length) / taps);
      out[(phase * SPLINE_CENTRES.length + spline) * reach + indexes[at]! - first]! += weights[at]!;
    }
  }
  return out;
}

/** (PIECE_PX, PIECE_PX), in codes less CODE_OFFSET. */
function lumaOf(codes: Uint8Array): FloatPlane {
  return {
    width: PIECE_PX,
    height: PIECE_PX,
    samples: new Float32Array(codes).map((code) => code - CODE_OFFSET),
  };
}

/** Means of four samples. */
function halved({ width, samples }: FloatPlane): FloatPlane {
  return squareOf(width / 2, (x, y) => {
    const from = 2 * y * width + 2 * x;
    return (samples[from]! + samples[from + 1]! + samples[from + width]! + samples[from + width + 1]!) / 4;
  });
}

/** What Lanczos's kernel lacks of the truth, in units. */
function missingOf(truth: FloatPlane, small: FloatPlane, kernel: AxisKernel): FloatPlane {
  const enlarged = resample(small, kernel, kernel);
  const difference = truth.samples.map((value, i) => (value - enlarged.samples[i]!) / CODES_PER_UNIT);
  return { ...truth, samples: difference };
}

function middleOf({ width, samples }: FloatPlane, side: number): FloatPlane {
  const margin = (width - side) / 2;
  return squareOf(side, (x, y) => samples[(y + margin) * width + x + margin]!);
}

function squareOf(side: number, sampleAt: (x: number, y: number) => number): FloatPlane {
  const out = createPlane(side, side);
  for (let y = 0, at = 0; y < side; y++)
    for (let x = 0; x < side; x++, at++) out.samples[at] = sampleAt(x, y);
  return out;
}

/**
 * Copies a square, turned and mirrored.
 *
 * @param phases the copy is (phases down, phases across, side, side): each has every so-manieth sample
 */
function copyTurned({ width, samples }: FloatPlane, way: number, phases: number, out: Float32Array): void {
  const last = width - 1;
  const [right, down] = way & 4 ? [width, 1] : [1, width];
  const [stepX, stepY] = [way & 1 ? -right : right, way & 2 ? -down : down];
  const start = (way & 1 ? last * right : 0) + (way & 2 ? last * down : 0);
  let at = 0;
  for (let a = 0; a < phases; a++) {
    for (let b = 0; b < phases; b++) {
      for (let y = a; y < width; y += phases) {
        for (let x = b, from = start + y * stepY + b * stepX; x < width; x += phases, from += phases * stepX)
          out[at++] = samples[from]!;
      }
    }
  }
}

/** What a picture of any size is sampled with: Lanczos's kernels, and where it grows the film's enlarger, if it has one. */

import { clampIndex } from '../picture/picture.js';
import {
  type AxisKernel,
  type Crop,
  type RasterKernels,
  rasterKernels,
  type WeightOf,
} from '../picture/raster.js';
import {
  ENLARGER_BORDER_PX,
  ENLARGER_FADE_PX,
  ENLARGER_MOST,
  SPLINE_CENTRES,
  SPLINE_KNOT_PX,
  SPLINE_TAPS,
} from './constants.js';
import type { Enlarger } from './enlarger.js';
import type { FieldShape } from './shape.js';

/** An enlarger on its way to one size. */
export interface Enlargement {
  readonly enlarger: Enlarger;
  /** What is added counts so much: 1 at twice the size, 0 at native size. */
  readonly strength: number;
  /** Splines around the outputs: SPLINE_TAPS taps of the first, then those of the next. */
  readonly across: AxisKernel;
  readonly down: AxisKernel;
}

/** Kernels that take a picture of a film to another size. */
export interface SamplingKernels extends RasterKernels {
  /** What is added to luma; left out where nothing is. */
  readonly enlargement?: Enlargement;
}

/**
 * Kernels for sampling `crop` of a film at `width` x `height`.
 *
 * @param enlarger of the film, if it is to be used: it adds nothing where pictures do not grow, or shrink on one axis
 * @param weightOf as for `axisKernel`
 */
export function samplingKernels(
  shape: FieldShape,
  crop: Crop,
  width: number,
  height: number,
  enlarger?: Enlarger,
  weightOf?: WeightOf,
): SamplingKernels {
  const kernels = rasterKernels(shape, crop, width, height, weightOf);
  const enlargement = enlarger && enlargementTo(shape, crop, width, height, enlarger);
  return enlargement ? { ...kernels, enlargement } : kernels;
}

/** How an enlarger works for `crop` at `width` x `height`; undefined where it adds nothing. */
export function enlargementTo(
  shape: Pick<FieldShape, 'width' | 'height'>,
  crop: Crop,
  width: number,
  height: number,
  enlarger: Enlarger,
): Enlargement | undefined {
  const [across, down] = [crop.width / width, crop.height / height];
  if (across > 1 || down > 1 || across * down === 1) return undefined;
  return {
    enlarger,
    strength: ENLARGER_MOST * (1 - across * down),
    across: splineAxis(shape.width, width, across, crop.x),
    down: splineAxis(shape.height, height, down, crop.y),
  };
}

/**
 * The splines on a line of samples, for outputs that lie as those of `axisKernel` do. They fade away at the ends of the line: what
 * lies beyond is not known.
 */
export function splineAxis(inputs: number, outputs: number, scale: number, start: number): AxisKernel {
  const taps = SPLINE_TAPS * SPLINE_CENTRES.length;
  const indexes = new Int32Array(outputs * taps);
  const weights = new Float64Array(outputs * taps);
  for (let u = 0, at = 0; u < outputs; u++) {
    const position = (u + 0.5) * scale + start - 0.5;
    const inside = Math.min(position + 0.5, inputs - 0.5 - position);
    const fade = Math.min(Math.max((inside - ENLARGER_BORDER_PX) / ENLARGER_FADE_PX, 0), 1);
    for (const centre of SPLINE_CENTRES) {
      const first = Math.floor(position - centre);
      for (let tap = 0; tap < SPLINE_TAPS; tap++, at++) {
        indexes[at] = clampIndex(first + tap, inputs);
        weights[at] = fade * cubicSpline((position - centre - first - tap) / SPLINE_KNOT_PX);
      }
    }
  }
  return { outputs, taps, indexes, weights };
}

/** The cubic B-spline whose knots are the whole numbers -2..2. */
function cubicSpline(place: number): number {
  const d = Math.abs(place);
  if (d >= 2) return 0;
  return d < 1 ? 2 / 3 + d * d * (d / 2 - 1) : (2 - d) ** 3 / 6;
}

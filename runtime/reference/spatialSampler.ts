/** Planes on any raster. */

import { CODE_OFFSET, MAX_CODE } from '../field/constants.js';
import type { SamplingKernels } from '../field/samplingKernels.js';
import { createPlane, type FloatPlane } from '../picture/floatPlane.js';
import { createPicture, type Picture } from '../picture/picture.js';
import type { AxisKernel } from '../picture/raster.js';
import { learntDetail } from './enlarger.js';

/** Planes in codes minus 128 to an 8-bit picture: resampled, luma with what the film's enlarger adds, rounded to the nearest code, clamped to 0..255. */
export function samplePicture(planes: readonly FloatPlane[], kernels: SamplingKernels): Picture {
  const picture = createPicture(kernels.width, kernels.height, kernels.chroma);
  for (const [c, plane] of planes.entries()) {
    const [across, down] = c === 0 ? kernels.luma : kernels.chromaPlanes;
    const sampled = kernels.identity ? plane : resample(plane, across, down);
    if (c === 0 && kernels.enlargement) addTo(sampled, learntDetail(plane, kernels.enlargement));
    toCodes(sampled.samples, picture.planes[c as 0 | 1 | 2]);
  }
  return picture;
}

function addTo({ samples }: FloatPlane, detail: FloatPlane): void {
  for (let i = 0; i < samples.length; i++) samples[i]! += detail.samples[i]!;
}

/** Resamples a plane, rows first. */
export function resample(plane: FloatPlane, across: AxisKernel, down: AxisKernel): FloatPlane {
  const wide = createPlane(across.outputs, plane.height);
  for (let y = 0, at = 0; y < plane.height; y++) {
    for (let x = 0; x < across.outputs; x++, at++) {
      wide.samples[at] = weigh(plane.samples, across, x, 1, y * plane.width);
    }
  }
  const out = createPlane(across.outputs, down.outputs);
  for (let y = 0, at = 0; y < down.outputs; y++) {
    for (let x = 0; x < across.outputs; x++, at++) {
      out.samples[at] = weigh(wide.samples, down, y, across.outputs, x);
    }
  }
  return out;
}

function weigh(
  samples: Float32Array,
  kernel: AxisKernel,
  output: number,
  stride: number,
  base: number,
): number {
  let sum = 0;
  for (let i = 0, at = output * kernel.taps; i < kernel.taps; i++, at++) {
    sum += kernel.weights[at]! * samples[base + kernel.indexes[at]! * stride]!;
  }
  return sum;
}

function toCodes(samples: Float32Array, codes: Uint8Array): void {
  for (let i = 0; i < codes.length; i++) {
    codes[i] = Math.min(Math.max(Math.floor(samples[i]! + (CODE_OFFSET + 0.5)), 0), MAX_CODE);
  }
}

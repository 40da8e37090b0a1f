import type { Picture } from '../../runtime/picture/picture.js';
import { assertAlike, losslessDb } from './psnr.js';

/** Gaussian window of Wang et al. 2004: 11 taps, sigma 1.5, sum 1. */
const window = (() => {
  const taps = Array.from({ length: 11 }, (_, i) => Math.exp(-((i - 5) ** 2) / (2 * 1.5 ** 2)));
  const sum = taps.reduce((a, b) => a + b, 0);
  return Float64Array.from(taps, (tap) => tap / sum);
})();

/** Separable filtering where the whole window lies inside: (height, width) to (height - 10, width - 10). */
function blur(source: Float64Array, width: number, height: number): Float64Array {
  const outWidth = width - 10;
  const rows = new Float64Array(outWidth * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < outWidth; x++) {
      let sum = 0;
      for (let k = 0; k < 11; k++) sum += window[k]! * source[y * width + x + k]!;
      rows[y * outWidth + x] = sum;
    }
  }
  const out = new Float64Array(outWidth * (height - 10));
  for (let i = 0; i < out.length; i++) {
    let sum = 0;
    for (let k = 0; k < 11; k++) sum += window[k]! * rows[i + k * outWidth]!;
    out[i] = sum;
  }
  return out;
}

function product(a: Uint8Array, b: Uint8Array): Float64Array {
  return Float64Array.from(a, (value, i) => value * b[i]!);
}

/**
 * Structural similarity of the luma of two pictures (Wang, Bovik, Sheikh, Simoncelli 2004: Gaussian window, K1 0.01,
 * K2 0.03, mean over all places where the window fits), -1..1.
 *
 * @throws RangeError if the pictures differ in size or are smaller than 11x11.
 */
export function ssim(a: Picture, b: Picture): number {
  assertAlike(a, b);
  const { width, height } = a;
  if (width < 11 || height < 11) throw new RangeError(`SSIM needs 11x11 samples, not ${width}x${height}.`);
  const [p, q] = [a.planes[0], b.planes[0]];
  const mean = (values: Float64Array) => blur(values, width, height);
  const meanA = mean(Float64Array.from(p));
  const meanB = mean(Float64Array.from(q));
  const squareA = mean(product(p, p));
  const squareB = mean(product(q, q));
  const cross = mean(product(p, q));
  const c1 = (0.01 * 255) ** 2;
  const c2 = (0.03 * 255) ** 2;
  let sum = 0;
  for (let i = 0; i < cross.length; i++) {
    const ma = meanA[i]!;
    const mb = meanB[i]!;
    const variances = squareA[i]! - ma * ma + squareB[i]! - mb * mb;
    const covariance = cross[i]! - ma * mb;
    sum += ((2 * ma * mb + c1) * (2 * covariance + c2)) / ((ma * ma + mb * mb + c1) * (variances + c2));
  }
  return sum / cross.length;
}

/** SSIM on a scale that is even to the eye, -10 log10(1 - ssim), in dB; equal pictures count as `losslessDb`. */
export function ssimDecibels(ssim: number): number {
  return Math.min(losslessDb, -10 * Math.log10(Math.max(0, 1 - ssim)));
}

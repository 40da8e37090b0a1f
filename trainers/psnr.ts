/** PSNR of summed squared errors: one formula for what the encoder states and what the benches measure. */

import { chromaSize, type FilmInfo } from '../runtime/picture/picture.js';

/** PSNR by plane in dB; `yuv` is (6Y + U + V) / 8. Planes without any error count as `losslessDb`. */
export interface PsnrDb {
  y: number;
  u: number;
  v: number;
  yuv: number;
}

/** Stands for infinity, so that means and JSON stay finite. */
export const losslessDb = 100;

/** Sums of squared errors and numbers of samples, by plane. They add up over pictures. */
export interface SquaredError {
  sums: [number, number, number];
  samples: [number, number, number];
}

function decibels(sum: number, samples: number): number {
  if (sum === 0) return losslessDb;
  return Math.min(losslessDb, 10 * Math.log10((255 * 255 * samples) / sum));
}

/** PSNR of summed squared errors: over a film, that of its mean squared error, not the mean of its pictures' PSNR. */
export function psnrOf({ sums, samples }: { sums: readonly number[]; samples: readonly number[] }): PsnrDb {
  const [y, u, v] = sums.map((sum, plane) => decibels(sum, samples[plane]!)) as [number, number, number];
  return { y, u, v, yuv: (6 * y + u + v) / 8 };
}

/**
 * PSNR of a film whose squared errors were summed over all frames.
 *
 * @param sums by plane
 */
export function filmPsnr(
  sums: readonly number[],
  { width, height, chroma }: Pick<FilmInfo, 'width' | 'height' | 'chroma'>,
  frames: number,
): PsnrDb {
  const half = chromaSize(width, height, chroma);
  const samples = [{ width, height }, half, half].map((size) => size.width * size.height * frames);
  return psnrOf({ sums, samples });
}

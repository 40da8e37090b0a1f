import type { PsnrDb } from '../../measure/psnr.js';

/** One encode and what its decoded pixels measure. */
export interface RatePointFigures {
  /** Of the whole .weft file, or of an anchor's bare stream. */
  bytes: number;
  /** From the source's pixels to the file; weft verifies its file within that time. */
  seconds: number;
  frames: number;
  /** Of the whole film's mean squared error. */
  psnrDb: PsnrDb;
  /** Of luma, mean over the frames. */
  ssim: number;
  ssimDb: number;
  /** Mean over the frames, 0..100; null where libvmaf refused the film, missing where there was no libvmaf. */
  vmaf?: number | null;
}

/** Raised when a measure changes its meaning: points of older versions are measured again. */
export const figuresVersion = 1;

/** Whether something read from a file is what it should be. */
export function isRatePointFigures(value: unknown): value is RatePointFigures {
  if (typeof value !== 'object' || value === null) return false;
  const { psnrDb, vmaf, ...rest } = value as Partial<RatePointFigures>;
  const { bytes, seconds, frames, ssim, ssimDb } = rest;
  const numbers = [bytes, seconds, frames, ssim, ssimDb, psnrDb?.y, psnrDb?.u, psnrDb?.v, psnrDb?.yuv];
  return numbers.every(Number.isFinite) && (vmaf === undefined || vmaf === null || Number.isFinite(vmaf));
}

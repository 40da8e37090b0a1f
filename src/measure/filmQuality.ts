import type { Picture } from '../../runtime/picture/picture.js';
import { compareFilms, type FilmComparison } from './compareFilms.js';
import { ssim, ssimDecibels } from './ssim.js';

/** How near a decoded film is to its source. */
export interface FilmQuality extends FilmComparison {
  /** Of luma, mean over the frames, -1..1. */
  ssim: number;
  /** -10 log10(1 - ssim). */
  ssimDb: number;
}

/**
 * Measures a film against another: PSNR of the whole film's mean squared error, SSIM as the mean of its frames.
 *
 * @throws RangeError if they differ in length or size, or are smaller than 11x11
 */
export async function filmQuality(
  reference: AsyncIterable<Picture>,
  test: AsyncIterable<Picture>,
): Promise<FilmQuality> {
  let sum = 0;
  const compared = await compareFilms(reference, test, (_index, _db, a, b) => {
    sum += ssim(a, b);
  });
  const mean = sum / compared.frames;
  return { ...compared, ssim: mean, ssimDb: ssimDecibels(mean) };
}

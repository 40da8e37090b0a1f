import type { Picture } from '../../runtime/picture/picture.js';
import { addError, noError, type PsnrDb, psnrOf, squaredError } from './psnr.js';

/** How a film compares with another, picture by picture. */
export interface FilmComparison {
  frames: number;
  psnrDb: PsnrDb;
}

/**
 * Reads two films side by side, one picture of each in memory at a time.
 *
 * @param onPictures called with each pair and its PSNR
 * @throws RangeError if they differ in length or size.
 */
export async function compareFilms(
  reference: AsyncIterable<Picture>,
  test: AsyncIterable<Picture>,
  onPictures?: (index: number, psnrDb: PsnrDb, reference: Picture, test: Picture) => void,
): Promise<FilmComparison> {
  const a = reference[Symbol.asyncIterator]();
  const b = test[Symbol.asyncIterator]();
  const total = noError();
  let frames = 0;
  try {
    for (;;) {
      const [left, right] = await Promise.all([a.next(), b.next()]);
      if (left.done !== right.done)
        throw new RangeError(`One film ends after ${frames} frames, the other does not.`);
      if (left.done || right.done) return { frames, psnrDb: psnrOf(total) };
      const error = squaredError(left.value, right.value);
      addError(total, error);
      onPictures?.(frames, psnrOf(error), left.value, right.value);
      frames++;
    }
  } finally {
    await Promise.allSettled([a.return?.(), b.return?.()]);
  }
}

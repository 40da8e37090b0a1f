/** PSNR of a decoded film against its source. */

import type { Picture } from '../runtime/film/frame.js';
import type { WeftFilm } from '../runtime/film/open.js';
import type { FilmSource } from './encode.js';

/** (6 Y + Cb + Cr) / 8 of the PSNR of the planes over the whole film, dB; closes the film. */
export async function filmPsnr(film: WeftFilm, source: FilmSource): Promise<number> {
  const errors = [0, 0, 0];
  const samples = [0, 0, 0];
  const pictures = source.pictures()[Symbol.asyncIterator]();
  try {
    for await (const decoded of film.frames()) {
      const original = await pictures.next();
      if (original.done) break;
      addErrors(decoded, original.value, errors, samples);
    }
  } finally {
    await pictures.return?.();
    await film.close();
  }
  const [y, u, v] = errors.map(
    (error, p) => 10 * Math.log10((255 ** 2 * samples[p]!) / Math.max(error, 1e-9)),
  );
  return (6 * y! + u! + v!) / 8;
}

function addErrors(a: Picture, b: Picture, errors: number[], samples: number[]): void {
  for (const [p, plane] of a.planes.entries()) {
    const other = b.planes[p]!;
    let error = 0;
    for (let i = 0; i < plane.length; i++) error += (plane[i]! - other[i]!) ** 2;
    errors[p]! += error;
    samples[p]! += plane.length;
  }
}

import type { Picture } from '../../runtime/picture/picture.js';
import type { EncodeOptions } from '../../trainers/options.js';
import type { CommandContext } from '../commands/context.js';
import { areaAverage, cropped, wholeSize } from '../measure/areaAverage.js';
import { ssim } from '../measure/ssim.js';
import { filteredPictures } from '../media/filmFilter.js';
import { collectPictures, filmOf } from '../media/filmInMemory.js';
import {
  type BenchEncoder,
  type BenchFilm,
  decodePictures,
  encodeNote,
  type FilmBenchArguments,
  psnrOfPictures,
} from './benchFilm.js';
import { type MeasuredRow, mean, tabulateFilms } from './decibelTable.js';

/** Times that films may be made smaller. */
export const ENLARGE_FACTORS = [2, 1.5, 3] as const;

/**
 * Makes films smaller by area averaging, encodes them, decodes them at their size and compares with the films: with what the
 * film's enlarger adds, by Lanczos's kernel alone, and beside ffmpeg's Lanczos enlargement of the uncoded small films. Films whose
 * size cannot be divided lose their last rows or columns first.
 */
export function benchEnlarge(
  { factor, ...args }: FilmBenchArguments & { factor: number },
  context: CommandContext,
): Promise<void> {
  return tabulateFilms(args, (film, encode, options) => enlarge(film, factor, encode, options), context);
}

async function enlarge(
  film: BenchFilm,
  factor: number,
  encode: BenchEncoder,
  options: Partial<EncodeOptions>,
): Promise<MeasuredRow> {
  const { width, height } = wholeSize(film.info, factor);
  const original = film.pictures.map((picture) => cropped(picture, width, height));
  const small = filmOf(
    original.map((picture) => areaAverage(picture, factor)),
    film.info,
  );
  const encoded = await encode(small, { ...options, enlarger: 'always' });
  const { bytes } = encoded;
  const large = { ...film.info, width, height };
  const scaled = filteredPictures(small, [`scale=${width}:${height}:flags=lanczos`], large);
  const ways = {
    film: await decodePictures(bytes, { width, height }),
    Lanczos: await decodePictures(bytes, { width, height, enlarge: 'lanczos' }),
    uncoded: await collectPictures(scaled),
  };
  const measured = Object.entries(ways).map(([name, pictures]) => ({
    name,
    psnr: psnrOfPictures(original, pictures),
    ssim: mean(original.map((picture, i) => ssim(picture, pictures[i] as Picture))),
  }));
  const db = Object.fromEntries(measured.map(({ name, psnr }) => [`${name} Y`, psnr.y]));
  return {
    name: film.name,
    figures: { ...db, 'film over Lanczos': db['film Y']! - db['Lanczos Y']! },
    note: [...measured.map(({ name, ssim }) => `SSIM ${name} ${ssim.toFixed(4)}`), encodeNote(encoded)].join(
      ', ',
    ),
    fields: {
      ...{ ...options, factor, frames: original.length, bytes: bytes.length },
      psnrDb: Object.fromEntries(measured.map(({ name, psnr }) => [name, psnr])),
      ssim: Object.fromEntries(measured.map(({ name, ssim }) => [name, ssim])),
    },
  };
}

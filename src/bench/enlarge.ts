import type { EncodeOptions } from '../../trainers/options.js';
import type { CommandContext } from '../commands/context.js';
import { areaAverage, cropped, wholeSize } from '../measure/areaAverage.js';
import { filteredPictures } from '../media/filmFilter.js';
import { collectPictures, filmOf } from '../media/filmInMemory.js';
import {
  type BenchEncoder,
  type BenchFilm,
  decodePictures,
  encodeNote,
  measureWays,
  type WaysBenchArguments,
} from './benchFilm.js';
import { type MeasuredRow, tabulateFilms } from './decibelTable.js';

/** Times that films may be made smaller. */
export const ENLARGE_FACTORS = [2, 1.5, 3, 4] as const;

/**
 * Makes films smaller by area averaging, encodes them, decodes them at their size and compares with the films: with what the
 * film's enlarger adds, by Lanczos's kernel alone, and beside ffmpeg's Lanczos enlargement of the uncoded small films. Films whose
 * size cannot be divided lose their last rows or columns first.
 */
export function benchEnlarge(
  { factor, ...args }: WaysBenchArguments & { factor: number },
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
  const compared = { info: large, truth: original, ways };
  const { figures, note, fields } = measureWays(compared);
  return {
    name: film.name,
    figures: { ...figures, 'film over Lanczos': figures['film Y']! - figures['Lanczos Y']! },
    note: `${note}, ${encodeNote(encoded)}`,
    fields: { ...options, factor, frames: original.length, bytes: bytes.length, ...fields },
    compared,
  };
}

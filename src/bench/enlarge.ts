import type { EncodeOptions } from '../../trainers/options.js';
import type { CommandContext } from '../commands/context.js';
import { cropped, evenSize, halved } from '../measure/areaAverage.js';
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
import { type MeasuredRow, tabulateFilms } from './decibelTable.js';

/**
 * Halves films by area averaging, encodes the halves, decodes them at twice the size and compares with the films, beside
 * ffmpeg's Lanczos enlargement of the uncoded halves. Films of odd size lose their last row or column first.
 */
export function benchEnlarge(args: FilmBenchArguments, context: CommandContext): Promise<void> {
  return tabulateFilms(args, enlarge, context);
}

async function enlarge(
  film: BenchFilm,
  encode: BenchEncoder,
  options: Partial<EncodeOptions>,
): Promise<MeasuredRow> {
  const { width, height } = evenSize(film.info);
  const original = film.pictures.map((picture) => cropped(picture, width, height));
  const half = filmOf(original.map(halved), film.info);
  const encoded = await encode(half, options);
  const decoded = await decodePictures(encoded.bytes, { width, height });
  const large = { ...film.info, width, height };
  const scaled = filteredPictures(half, [`scale=${width}:${height}:flags=lanczos`], large);
  const weft = psnrOfPictures(original, decoded);
  const lanczos = psnrOfPictures(original, await collectPictures(scaled));
  return {
    name: film.name,
    figures: { 'weft Y': weft.y, 'Lanczos Y': lanczos.y },
    note: encodeNote(encoded),
    fields: { ...options, frames: original.length, bytes: encoded.bytes.length, psnrDb: { weft, lanczos } },
  };
}

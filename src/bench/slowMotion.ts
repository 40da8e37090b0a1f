import type { Picture, Rational } from '../../runtime/picture/picture.js';
import type { EncodeOptions } from '../../trainers/options.js';
import type { CommandContext } from '../commands/context.js';
import { blend } from '../measure/blend.js';
import { filteredPictures } from '../media/filmFilter.js';
import { collectPictures, filmOf } from '../media/filmInMemory.js';
import {
  type BenchEncoder,
  type BenchFilm,
  decodePictures,
  encodeNote,
  type FilmBenchArguments,
  measureWays,
} from './benchFilm.js';
import { type MeasuredRow, tabulateFilms } from './decibelTable.js';

/** Every second one, the first included. */
export function everySecond<T>(frames: readonly T[]): T[] {
  return frames.filter((_, index) => index % 2 === 0);
}

/**
 * Numbers of the frames that are measured when every second frame of a film of `frames` is left out: those between two
 * kept ones, but the first two and the last, where minterpolate lacks a neighbour.
 */
export function missingFrames(frames: number): number[] {
  const between = Array.from({ length: Math.max(0, (frames - 1) >> 1) }, (_, index) => 2 * index + 1);
  return between.slice(2, -1);
}

/**
 * Encodes every second frame of films, decodes at twice the rate and compares the frames between with the missing ones,
 * beside what a blend and minterpolate make of the decoded frames.
 */
export function benchSlowMotion(args: FilmBenchArguments, context: CommandContext): Promise<void> {
  return tabulateFilms(args, slowMotion, context);
}

async function slowMotion(
  film: BenchFilm,
  encode: BenchEncoder,
  options: Partial<EncodeOptions>,
): Promise<MeasuredRow> {
  const { info, pictures } = film;
  const slow = { ...info, rate: [info.rate[0], 2 * info.rate[1]] satisfies Rational };
  const encoded = await encode(filmOf(everySecond(pictures), slow), options);
  const decoded = await decodePictures(encoded.bytes, { fps: info.rate });
  const kept = filmOf(everySecond(decoded), slow);
  const missing = missingFrames(pictures.length);
  const chosen = (film: readonly Picture[]) => missing.map((frame) => film[frame]!);
  const blends = decoded.map((picture, frame) =>
    frame % 2 === 0 ? picture : blend(decoded[frame - 1]!, decoded[frame + 1] ?? picture, 0.5),
  );
  const filter = `minterpolate=fps=${info.rate.join('/')}:mi_mode=mci:mc_mode=aobmc:me_mode=bidir:vsbmc=1`;
  const { figures, note, fields } = measureWays(chosen(pictures), {
    weft: chosen(decoded),
    // The mean of the two decoded neighbours.
    blend: chosen(blends),
    // ffmpeg's motion compensation, run on the decoded frames.
    minterpolate: chosen(await collectPictures(filteredPictures(kept, [filter], info))),
  });
  return {
    name: film.name,
    figures: { ...figures, 'weft over minterpolate': figures['weft Y']! - figures['minterpolate Y']! },
    note: `${note}, ${encodeNote(encoded)}`,
    fields: { ...options, frames: pictures.length, bytes: encoded.bytes.length, ...fields },
  };
}

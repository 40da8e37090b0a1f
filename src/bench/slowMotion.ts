import { UsageError } from '../../runtime/errors.js';
import type { Picture, Rational } from '../../runtime/picture/picture.js';
import type { EncodeOptions } from '../../trainers/options.js';
import type { CommandContext } from '../commands/context.js';
import { crossFaded } from '../measure/blend.js';
import { filteredPictures } from '../media/filmFilter.js';
import { collectPictures, filmOf } from '../media/filmInMemory.js';
import {
  type BenchEncoder,
  type BenchFilm,
  decodePictures,
  encodeNote,
  measureWays,
  pictureAt,
  type WaysBenchArguments,
} from './benchFilm.js';
import { type MeasuredRow, tabulateFilms } from './decibelTable.js';

/** Of how many frames one is encoded. */
export const SLOW_FACTORS = [2, 4, 8] as const;

/**
 * Intervals between kept frames that are not measured. minterpolate repeats frames in the first one, and gives nothing of the last;
 * in the second its search begins without the vectors of one before.
 */
const LEFT_OUT = { start: 2, end: 1 };

/** Every `factor`th one, the first included. */
export function keptFrames<T>(frames: readonly T[], factor: number): T[] {
  return frames.filter((_, index) => index % factor === 0);
}

/**
 * Numbers of the frames that are measured when all but every `factor`th frame of a film of `frames` are left out: those between
 * two kept ones, but for the first two intervals and the last, where minterpolate lacks a neighbour.
 */
export function missingFrames(frames: number, factor: number): number[] {
  const intervals = Math.max(0, Math.floor((frames - 1) / factor));
  const numbers = Array.from({ length: factor * intervals }, (_, frame) => frame);
  const measured = numbers.slice(factor * LEFT_OUT.start, -factor * LEFT_OUT.end);
  return measured.filter((frame) => frame % factor !== 0);
}

/**
 * Encodes every `factor`th frame of films, decodes at `factor` times the rate and compares the frames between with the missing
 * ones, beside what a blend and minterpolate make of the decoded frames.
 *
 * @throws UsageError FILM_TOO_SHORT before a film is encoded; as prepareSheets
 */
export function benchSlowMotion(
  { factor, ...args }: WaysBenchArguments & { factor: number },
  context: CommandContext,
): Promise<void> {
  return tabulateFilms(args, (film, encode, options) => slowMotion(film, factor, encode, options), context);
}

async function slowMotion(
  film: BenchFilm,
  factor: number,
  encode: BenchEncoder,
  options: Partial<EncodeOptions>,
): Promise<MeasuredRow> {
  const { info, pictures } = film;
  checkLength(film, factor);
  const slow = { ...info, rate: [info.rate[0], factor * info.rate[1]] satisfies Rational };
  const encoded = await encode(filmOf(keptFrames(pictures, factor), slow), options);
  const decoded = await decodePictures(encoded.bytes, { fps: info.rate });
  const kept = keptFrames(decoded, factor);
  const filter = `minterpolate=fps=${info.rate.join('/')}:mi_mode=mci:mc_mode=aobmc:me_mode=bidir:vsbmc=1`;
  // ffmpeg's motion compensation, run on the decoded frames.
  const compensated = await collectPictures(filteredPictures(filmOf(kept, slow), [filter], info));
  const frames = missingFrames(pictures.length, factor);
  const chosen = (film: readonly Picture[]) => frames.map((frame) => pictureAt(film, frame));
  // They end differently: what is decoded behind the last kept frame, what minterpolate gives before it.
  const ways = {
    weft: chosen(decoded),
    blend: chosen(crossFaded(kept, factor)),
    minterpolate: chosen(compensated),
  };
  const compared = { info, frames, truth: chosen(pictures), ways };
  const { figures, note, fields } = measureWays(compared);
  return {
    name: film.name,
    figures: { ...figures, 'weft over minterpolate': figures['weft Y']! - figures['minterpolate Y']! },
    note: `${note}, ${encodeNote(encoded)}`,
    fields: { ...options, factor, frames: pictures.length, bytes: encoded.bytes.length, ...fields },
    compared,
  };
}

function checkLength({ name, pictures: { length } }: BenchFilm, factor: number): void {
  if (missingFrames(length, factor).length > 0) return;
  const least = factor * (LEFT_OUT.start + 1 + LEFT_OUT.end) + 1;
  throw new UsageError(
    `${name} has too few frames (${length}): none of those that are left out can be measured.`,
    {
      code: 'FILM_TOO_SHORT',
      hint: `Give at least ${least} for --factor ${factor} (--frames), a longer film or a smaller --factor.`,
      path: '--frames',
      value: length,
      range: `${least} or more`,
    },
  );
}

import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { CommandContext } from '../commands/context.js';
import { given } from '../given.js';
import { filmOf } from '../media/filmInMemory.js';
import { matrixOf, writeFilm } from '../media/filmWriter.js';
import { checkOutput, writeFailure } from '../media/outputFile.js';
import type { ComparedWays } from './benchFilm.js';
import { type CropRegion, cropSheet, regionOfDifference } from './cropSheet.js';
import { distinctNames } from './rate/films.js';

/** What names the folder on the command line. */
const option = '--pictures';

/**
 * Makes the folder of sheets and checks before the long work begins that they may be written.
 *
 * @param names of what is measured; of equal ones the later get a number
 * @param inputs files that are read meanwhile
 * @returns the file of each, NAME.png, in their order
 * @throws MediaError OUTPUT_EXISTS, OUTPUT_IS_INPUT, OUTPUT_NO_FILE, WRITE_FAILED, DISK_FULL
 */
export async function prepareSheets(
  folder: string,
  names: readonly string[],
  { overwrite, inputs = [] }: { overwrite: boolean; inputs?: readonly string[] },
): Promise<string[]> {
  await mkdir(folder, { recursive: true }).catch((cause: unknown) => {
    throw writeFailure(folder, cause);
  });
  // `%` would ask for a sequence of pictures.
  const files = distinctNames(names).map((name) => path.join(folder, `${name.replaceAll('%', '_')}.png`));
  for (const file of files) {
    for (const input of [undefined, ...inputs]) await checkOutput(file, given({ overwrite, option, input }));
  }
  return files;
}

/** What a written sheet shows: for people `note`, for programs `picture`. */
export interface ShownSheet {
  /** File, frame, left and top of the region in luma samples, names from left to right. */
  note: string;
  picture: Omit<CropRegion, 'picture'> & { file: string; frame: number; ways: string[] };
}

/**
 * Writes where ways differ most, see `regionOfDifference` and `cropSheet`, as PNG. It appears when it is complete.
 *
 * @param file from `prepareSheets`
 * @throws MediaError OUTPUT_EXISTS, FFMPEG_NOT_FOUND, FFMPEG_FAILED, DISK_FULL, WRITE_FAILED; RangeError if the number or the
 *   size of the pictures differs
 */
export async function writeSheet(
  file: string,
  compared: ComparedWays,
  { overwrite, ffmpeg }: Pick<CommandContext, 'overwrite' | 'ffmpeg'>,
): Promise<ShownSheet> {
  const region = regionOfDifference(compared);
  const sheet = cropSheet(compared, region);
  // The sheet has not the size by which an unnamed matrix is told.
  const info = { ...compared.info, chroma: sheet.chroma, matrix: matrixOf(compared.info) };
  const film = filmOf([sheet], info);
  await writeFilm(film.pictures(), film.info, file, { overwrite, option, ...given({ ffmpeg }) });
  const { picture, ...crop } = region;
  const frame = compared.frames?.[picture] ?? picture;
  const ways = ['truth', ...Object.keys(compared.ways)];
  return {
    // Some names have commas.
    note: `${path.basename(file)}: frame ${frame}, ${crop.x},${crop.y}, ${ways.join(' | ')}`,
    picture: { file, frame, ...crop, ways },
  };
}

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { open } from '../../runtime/film/film.js';
import type { FrameOptions } from '../../runtime/film/frameOptions.js';
import type { FilmInfo, Picture } from '../../runtime/picture/picture.js';
import type { FilmSource } from '../../trainers/encodeJob.js';
import type { EncodeOptions } from '../../trainers/options.js';
import type { CommandContext } from '../commands/context.js';
import { type EncodeReport, encodeToFile } from '../commands/encode.js';
import { given } from '../given.js';
import { listenForInterrupts } from '../interrupts.js';
import { addError, noError, type PsnrDb, psnrOf, squaredError } from '../measure/psnr.js';
import { ssim } from '../measure/ssim.js';
import { collectPictures } from '../media/filmInMemory.js';
import { openFilm } from '../media/filmReader.js';
import { withTemporaryFolder } from '../media/temporaryFolder.js';

/** What the benches that encode films run. */
export interface FilmBenchArguments {
  films: string[];
  /** First frames of each film; undefined: all. */
  frames?: number | undefined;
  crf: number;
  preset: EncodeOptions['preset'];
}

/** What the benches run that compare several ways to make the pictures of films. */
export interface WaysBenchArguments extends FilmBenchArguments {
  /** Folder for a PNG of each film that shows where they differ; undefined: none is written. */
  pictures?: string | undefined;
}

/** The first pictures of a film, in memory. */
export interface BenchFilm {
  /** Of the file, without folder and ending. */
  name: string;
  info: FilmInfo;
  pictures: Picture[];
}

/** Reads the first `frames` pictures of a film, or all of them. */
export async function readBenchFilm(file: string, frames?: number): Promise<BenchFilm> {
  const film = await openFilm(file, given({ frames }));
  try {
    return {
      name: path.parse(file).name,
      info: film.info,
      pictures: await collectPictures(film.pictures()),
    };
  } finally {
    await film.close();
  }
}

/** A written file and what the encoder reports of it. */
export interface BenchEncode {
  bytes: Uint8Array;
  report: EncodeReport;
}

/** Encodes a film by way of a file, as `weft encode` does. */
export type BenchEncoder = (film: FilmSource, options: Partial<EncodeOptions>) => Promise<BenchEncode>;

/** Lets `work` encode into a folder that is removed afterwards. */
export async function withEncoder<T>(
  context: CommandContext,
  work: (encode: BenchEncoder) => Promise<T>,
): Promise<T> {
  const interrupts = listenForInterrupts();
  try {
    return await withTemporaryFolder((folder) => {
      const output = path.join(folder, 'film.weft');
      return work(async (film, options) => {
        const report = await encodeToFile(output, film, options, context, interrupts);
        return { report, bytes: await readFile(output) };
      });
    });
  } finally {
    interrupts.dispose();
  }
}

/** What a file shows, by the fastest engine that is there. */
export async function decodePictures(bytes: Uint8Array, options: FrameOptions): Promise<Picture[]> {
  const film = await open(bytes);
  try {
    return await collectPictures(film.frames(options));
  } finally {
    film.close();
  }
}

/**
 * One of some pictures.
 *
 * @param index from 0
 * @throws RangeError if it is not there.
 */
export function pictureAt(pictures: readonly Picture[], index: number): Picture {
  const picture = pictures[index];
  if (!picture) throw new RangeError(`There is no picture ${index} of ${pictures.length}.`);
  return picture;
}

/**
 * PSNR of pictures against others, of their mean squared error.
 *
 * @throws RangeError if their number or size differs.
 */
export function psnrOfPictures(reference: readonly Picture[], test: readonly Picture[]): PsnrDb {
  if (reference.length !== test.length)
    throw new RangeError(`${test.length} pictures cannot be compared with ${reference.length}.`);
  const total = noError();
  for (const [index, picture] of reference.entries()) addError(total, squaredError(picture, test[index]!));
  return psnrOf(total);
}

/** Pictures that were made in several ways, and the true ones. */
export interface ComparedWays {
  /** Of the true pictures. */
  info: FilmInfo;
  /** Numbers of the true pictures in their film; undefined: 0, 1, 2 and so on. */
  frames?: readonly number[];
  truth: readonly Picture[];
  /** By the name of the way, as many as there are true ones each. */
  ways: Readonly<Record<string, readonly Picture[]>>;
}

/** How near to the truth some ways come, by their names. */
export interface MeasuredWays {
  /** PSNR of luma, dB: `NAME Y`. */
  figures: Record<string, number>;
  /** Mean SSIM of luma, for people. */
  note: string;
  fields: { psnrDb: Record<string, PsnrDb>; ssim: Record<string, number> };
}

/**
 * Compares pictures that were made in several ways with the true ones.
 *
 * @throws RangeError if their number or size differs.
 */
export function measureWays({ truth, ways }: Pick<ComparedWays, 'truth' | 'ways'>): MeasuredWays {
  const of = <T>(measure: (pictures: readonly Picture[]) => T): Record<string, T> =>
    Object.fromEntries(Object.entries(ways).map(([name, pictures]) => [name, measure(pictures)]));
  const psnrDb = of((pictures) => psnrOfPictures(truth, pictures));
  const ssims = of((pictures) => mean(truth.map((picture, i) => ssim(picture, pictures[i]!))));
  return {
    figures: Object.fromEntries(Object.entries(psnrDb).map(([name, { y }]) => [`${name} Y`, y])),
    note: `SSIM ${Object.entries(ssims)
      .map(([name, value]) => `${name} ${value.toFixed(4)}`)
      .join(' ')}`,
    fields: { psnrDb, ssim: ssims },
  };
}

/** Mean of some figures. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** What an encode cost, for people. */
export function encodeNote({ report }: BenchEncode): string {
  return `${report.bytes} bytes, ${report.psnrDb.yuv.toFixed(2)} dB yuv as coded, ${report.seconds.toFixed(0)} s`;
}

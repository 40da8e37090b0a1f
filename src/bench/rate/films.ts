import path from 'node:path';
import { needSampleFilm, sampleCutsSeconds, sampleSeconds } from '../../../clips/sampleFilm.js';
import type { FilmSource } from '../../../trainers/encodeJob.js';
import { given } from '../../given.js';
import { collectPictures, filmOf } from '../../media/filmInMemory.js';
import { type OpenedFilm, openFilm, type ReadOptions } from '../../media/filmReader.js';
import { pictureBytes } from '../../media/y4m.js';
import type { FilmSet } from './filmSets.js';

/** A film of the bench before it is opened. */
export interface FilmChoice {
  /** No two films have the same. */
  name: string;
  file: string;
  start?: number;
  /** Of these only; by default as many as are asked for of every film. */
  frames?: number | 'all';
  /** The set that it is in. */
  set?: string;
  size?: ReadOptions['size'];
}

const SAMPLE_SIZE = { width: 480, height: 270 };

/** Films up to this size stay in memory, so that the clock of an encoder does not run for the reading of its source. */
const KEPT_BYTES = 2 ** 29;

/**
 * The named films and those of sets; where there is neither, a stretch out of each shot of the sample film.
 *
 * @throws MediaError `SAMPLE_MISSING`
 */
export function chosenFilms(
  files: readonly string[],
  sets: readonly FilmSet[] = [],
  size?: ReadOptions['size'],
): FilmChoice[] {
  const films = [
    ...files.map((file) => ({ file })),
    ...sets.flatMap(({ name, films }) => films.map((film) => ({ ...film, set: name }))),
  ];
  if (films.length === 0) return sampleStretches(size ?? SAMPLE_SIZE);
  const names = distinctNames(films.map(({ file }) => path.parse(file).name));
  return films.map((film, index) => ({ ...film, name: names[index]!, ...given({ size }) }));
}

/** From the middle of every shot. */
function sampleStretches(size: ReadOptions['size']): FilmChoice[] {
  const file = needSampleFilm();
  const edges = [0, ...sampleCutsSeconds, sampleSeconds];
  return edges.slice(1).map((end, index) => {
    const start = (edges[index]! + end) / 2;
    return { name: `sample-${start.toFixed(1)}s`, file, start, ...given({ size }) };
  });
}

/** Names of the results: those that are there already, letter case aside, get a number. */
export function distinctNames(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    let chosen = name;
    for (let number = 2; taken.has(chosen.toLowerCase()); number++) chosen = `${name}-${number}`;
    taken.add(chosen.toLowerCase());
    return chosen;
  });
}

/** How films are read. */
export type FilmReading = Pick<ReadOptions, 'frames' | 'ffmpeg'>;

async function openChoice(choice: FilmChoice, { frames: usual, ffmpeg }: FilmReading): Promise<OpenedFilm> {
  const { file, start, size, frames = usual } = choice;
  const opened = await openFilm(
    file,
    given({ start, size, frames: frames === 'all' ? undefined : frames, ffmpeg }),
  );
  // Codecs are compared by their pictures: none brings sound.
  const { chunks: _, ...film } = opened;
  return film;
}

/**
 * Opens every film once, so that a wrong name ends a long run before it begins.
 *
 * @throws MediaError
 */
export async function checkFilms(films: readonly FilmChoice[], reading: FilmReading): Promise<void> {
  for (const film of films) await (await openChoice(film, reading)).close();
}

/**
 * Lets `use` read the first frames of a film.
 *
 * @throws MediaError
 */
export async function withFilm<T>(
  choice: FilmChoice,
  reading: FilmReading,
  signal: AbortSignal,
  use: (film: FilmSource) => Promise<T>,
): Promise<T> {
  const film = await openChoice(choice, reading);
  try {
    return await use(fitsMemory(film) ? await inMemory(film, signal) : film);
  } finally {
    await film.close();
  }
}

async function inMemory(film: FilmSource, signal: AbortSignal): Promise<FilmSource> {
  return filmOf(await collectPictures(film.pictures(signal)), film.info);
}

function fitsMemory({ info }: FilmSource): boolean {
  const { width, height, chroma, frames } = info;
  return frames !== undefined && frames * pictureBytes(width, height, chroma) <= KEPT_BYTES;
}

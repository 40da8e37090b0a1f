/** Sets of films: which films stand for a kind of film, and how many frames of each are measured. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { UsageError } from '../../../runtime/errors.js';
import { unreadable } from '../../media/unreadable.js';

/** A set as its file says it. */
export interface FilmSet {
  /** Of the file, without its ending. */
  name: string;
  films: readonly FilmOfSet[];
}

export interface FilmOfSet {
  file: string;
  /** First frames. */
  frames: number | 'all';
}

/**
 * Reads a set from JSON: an array of `{"file": "clip.mkv", "frames": 33}`, or `"frames": "all"`. Names of files are seen from
 * where the set is.
 *
 * @throws MediaError FILE_MISSING, FILE_UNREADABLE; UsageError `FILM_SET` if the file holds something else
 */
export async function readFilmSet(file: string): Promise<FilmSet> {
  const entries = parsed(file, await textOf(file));
  if (!Array.isArray(entries) || entries.length === 0) throw notASet(file, 'an array with a film or more');
  const films = entries.map((entry: unknown, index): FilmOfSet => {
    const { file: name, frames } = (entry ?? {}) as Partial<Record<'file' | 'frames', unknown>>;
    const wanted = `entry ${index}: {"file": NAME, "frames": a whole number from 1, or "all"}`;
    if (typeof name !== 'string' || name === '') throw notASet(file, wanted);
    if (frames !== 'all' && !(Number.isInteger(frames) && (frames as number) >= 1))
      throw notASet(file, wanted);
    return { file: path.resolve(path.dirname(file), name), frames: frames as number | 'all' };
  });
  return { name: path.parse(file).name, films };
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw unreadable(file, 'a set of films', cause);
  }
}

function parsed(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw notASet(file, `JSON (${(error as Error).message})`);
  }
}

function notASet(file: string, expected: string): UsageError {
  return new UsageError(`${file} is not a set of films.`, {
    code: 'FILM_SET',
    hint: `Expected: ${expected}.`,
    path: file,
  });
}

import { mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { MediaError, WeftError } from '../../runtime/errors.js';

function outputExists(file: string): MediaError {
  return new MediaError(`${file} exists already.`, {
    code: 'OUTPUT_EXISTS',
    hint: 'Give -y to write over it, or another name with -o.',
    path: 'output',
    value: file,
  });
}

/**
 * Checks before the work begins that the output may be written.
 *
 * @throws MediaError OUTPUT_EXISTS, OUTPUT_FOLDER_MISSING
 */
export async function checkOutput(file: string, overwrite: boolean): Promise<void> {
  const folder = path.dirname(file);
  const found = await stat(folder).catch(() => undefined);
  if (!found?.isDirectory()) {
    throw new MediaError(`The folder ${folder} does not exist.`, {
      code: 'OUTPUT_FOLDER_MISSING',
      hint: 'Make it, or give another place with -o.',
      path: 'output',
      value: file,
    });
  }
  const there = await stat(file).catch(() => undefined);
  if (there && (!overwrite || there.isDirectory())) throw outputExists(file);
}

/** Errors of the file system as ones that say what to do. */
export function writeFailure(file: string, cause: unknown): WeftError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const full = code === 'ENOSPC' || code === 'EDQUOT' || code === 'DISK_FULL';
  if (cause instanceof WeftError && !full) return cause;
  return new MediaError(
    full ? `The disk is full: writing ${file} failed.` : `Writing ${file} failed: ${message}`,
    {
      code: full ? 'DISK_FULL' : 'WRITE_FAILED',
      hint: full ? 'Free some space or write to another disk.' : 'Check that you may write there.',
      path: 'output',
      value: file,
      cause,
    },
  );
}

/**
 * Lets `write` fill `file`.part and renames it when that succeeded: the output appears only when it is complete.
 *
 * @throws whatever `write` throws; MediaError DISK_FULL, WRITE_FAILED
 */
export async function writeWhole<T>(file: string, write: (partFile: string) => Promise<T>): Promise<T> {
  const part = `${file}.part`;
  try {
    const result = await write(part);
    await rename(part, file);
    return result;
  } catch (error) {
    await rm(part, { force: true });
    throw writeFailure(file, error);
  }
}

/** As writeWhole, for a numbered sequence: `write` fills a folder beside it, whose files are then moved. */
export async function writeSequence<T>(
  pattern: string,
  overwrite: boolean,
  write: (partPattern: string) => Promise<T>,
): Promise<T> {
  const folder = path.dirname(pattern);
  const part = await mkdtemp(path.join(folder, '.weft-part-'));
  try {
    const result = await write(path.join(part, path.basename(pattern)));
    const names = await readdir(part);
    if (!overwrite) await refuseExisting(folder, names);
    for (const name of names) await rename(path.join(part, name), path.join(folder, name));
    return result;
  } catch (error) {
    throw writeFailure(pattern, error);
  } finally {
    await rm(part, { recursive: true, force: true });
  }
}

async function refuseExisting(folder: string, names: string[]): Promise<void> {
  const present = new Set(await readdir(folder));
  const clash = names.find((name) => present.has(name));
  if (clash) throw outputExists(path.join(folder, clash));
}

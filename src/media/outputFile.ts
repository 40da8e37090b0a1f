import { mkdtemp, readdir, realpath, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { MediaError, UsageError, WeftError } from '../../runtime/errors.js';

/** What is known of an output before it is written. */
export interface OutputRules {
  /** Write over what is there. */
  overwrite?: boolean;
  /** File that is read meanwhile. */
  input?: string;
  /** What names the output on the command line, for errors; default `-o`. */
  option?: string;
}

const usualOption = '-o';

function outputExists(file: string, option = usualOption): MediaError {
  return new MediaError(`${file} exists already.`, {
    code: 'OUTPUT_EXISTS',
    hint: `Give -y to write over it, or another name with ${option}.`,
    path: 'output',
    value: file,
  });
}

/**
 * Checks before the work begins that the output may be written, by beginning to.
 *
 * @throws UsageError OUTPUT_NEEDED; MediaError OUTPUT_FOLDER_MISSING, OUTPUT_IS_INPUT, OUTPUT_NO_FILE, OUTPUT_EXISTS,
 *   WRITE_FAILED, DISK_FULL
 */
export async function checkOutput(file: string, { overwrite, input, option }: OutputRules): Promise<void> {
  if (file === '') {
    throw new UsageError('The output has no name.', {
      code: 'OUTPUT_NEEDED',
      hint: 'Give one: -o NAME',
      path: '--output',
    });
  }
  const folder = path.dirname(file);
  const found = await stat(folder).catch(() => undefined);
  if (!found?.isDirectory()) {
    throw new MediaError(`The folder ${folder} does not exist.`, {
      code: 'OUTPUT_FOLDER_MISSING',
      hint: `Make it, or give another place with ${option ?? usualOption}.`,
      path: 'output',
      value: file,
    });
  }
  const there = await stat(file).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return undefined;
    throw writeFailure(file, cause);
  });
  if (there) {
    const source = input === undefined ? undefined : await stat(input).catch(() => undefined);
    if (there.dev === source?.dev && there.ino === source.ino) throw outputIsInput(file, option);
    if (!there.isFile()) throw noFile(file, option);
    if (!overwrite) throw outputExists(file, option);
  }
  const part = await mkdtemp(partPrefix(await placeOf(file))).catch((cause: unknown) => {
    throw writeFailure(file, cause);
  });
  await rm(part, { recursive: true });
}

function outputIsInput(file: string, option = usualOption): MediaError {
  return new MediaError(`${file} is the film that is read.`, {
    code: 'OUTPUT_IS_INPUT',
    hint: `Give another name with ${option}.`,
    path: 'output',
    value: file,
  });
}

function noFile(file: string, option?: string): MediaError {
  return new MediaError(`${file} is no file that could be replaced.`, {
    code: 'OUTPUT_NO_FILE',
    hint: option
      ? `Give another name with ${option}.`
      : 'Give the name of a file with -o, or - for standard output.',
    path: 'output',
    value: file,
  });
}

/** Where a file really lies: what a link points to is written, and the link stays. */
async function placeOf(file: string): Promise<string> {
  return realpath(file).catch(() => file);
}

/** Beside the output, so that it can be renamed; no name of anybody else's, and none that is too long. */
function partPrefix(place: string): string {
  return path.join(path.dirname(place), '.weft-part-');
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
 * Lets `write` fill a file in a folder beside `file` and moves it there when that succeeded: the output appears only when
 * it is complete.
 *
 * @throws whatever `write` throws; MediaError DISK_FULL, WRITE_FAILED
 */
export async function writeWhole<T>(file: string, write: (partFile: string) => Promise<T>): Promise<T> {
  const place = await placeOf(file);
  return inPartFolder(place, async (folder) => {
    const part = path.join(folder, 'part');
    const result = await write(part);
    await rename(part, place);
    return result;
  });
}

/** As writeWhole, for a numbered sequence: `write` fills a folder beside it, whose files are then moved. */
export async function writeSequence<T>(
  pattern: string,
  overwrite: boolean,
  write: (folder: string) => Promise<T>,
): Promise<T> {
  return inPartFolder(pattern, async (part) => {
    const folder = path.dirname(pattern);
    const result = await write(part);
    const names = await readdir(part);
    if (!overwrite) await refuseExisting(folder, names);
    for (const name of names) await rename(path.join(part, name), path.join(folder, name));
    return result;
  });
}

async function inPartFolder<T>(place: string, work: (folder: string) => Promise<T>): Promise<T> {
  let part: string | undefined;
  try {
    part = await mkdtemp(partPrefix(place));
    return await work(part);
  } catch (error) {
    throw writeFailure(place, error);
  } finally {
    if (part) await rm(part, { recursive: true, force: true });
  }
}

async function refuseExisting(folder: string, names: string[]): Promise<void> {
  const present = new Set(await readdir(folder));
  const clash = names.find((name) => present.has(name));
  if (clash) throw outputExists(path.join(folder, clash));
}

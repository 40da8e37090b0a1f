import { open as openFile } from 'node:fs/promises';
import path from 'node:path';
import { WeftError } from '../../runtime/errors.js';
import { type OpenOptions, open, type WeftFilm } from '../../runtime/film/film.js';
import { readWeft, type WeftFile } from '../../runtime/format/container.js';
import type { ByteSource } from '../../runtime/source/byteSource.js';
import { fileHandleSource } from '../../runtime/source/fileHandleSource.js';
import { openSource } from '../../runtime/source/openSource.js';
import { unreadable } from '../media/unreadable.js';

/**
 * Opens a `.weft` file, also one on a server (`https://...`); no more of it is read than is asked for. `close` the film when
 * done.
 *
 * @throws as `open`; MediaError FILE_MISSING, FILE_UNREADABLE, also when it is read later
 */
export async function openWeftFile(file: string, options: OpenOptions = {}): Promise<WeftFilm> {
  return open(await sourceOf(file, options.signal), options);
}

/**
 * Reads the head of a `.weft` file. Close its source when done.
 *
 * @throws as `readWeft`; MediaError FILE_MISSING, FILE_UNREADABLE, also when it is read later
 */
export async function readWeftHead(file: string): Promise<WeftFile> {
  const source = await sourceOf(file);
  try {
    return await readWeft(source);
  } catch (error) {
    source.close?.();
    throw error;
  }
}

/**
 * All bytes of a `.weft` file.
 *
 * @throws MediaError FILE_MISSING, FILE_UNREADABLE
 */
export async function readWeftFile(file: string): Promise<Uint8Array> {
  const source = await sourceOf(file);
  try {
    return await source.read(0, source.size);
  } finally {
    source.close?.();
  }
}

/** What a file is called here: of one on a server the last part of its path. */
export function nameOf(file: string): string {
  if (!isAddress(file)) return file;
  return path.posix.basename(decodeURIComponent(new URL(file).pathname)) || 'film.weft';
}

function isAddress(file: string): boolean {
  return /^https?:\/\//i.test(file);
}

async function sourceOf(file: string, signal?: AbortSignal): Promise<ByteSource> {
  if (isAddress(file)) return openSource(file, signal);
  const handle = await told(file, openFile(file));
  const source = await told(file, fileHandleSource(handle));
  return {
    size: source.size,
    read: (offset, length, signal) => told(file, source.read(offset, length, signal)),
    close: () => source.close?.(),
  };
}

/** Names the file in the errors of the file system. */
async function told<T>(file: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof WeftError)) throw unreadable(file, 'a .weft file', error);
    if (error.code !== 'SOURCE_UNREADABLE') throw error;
    throw unreadable(file, 'a .weft file', error.cause);
  }
}

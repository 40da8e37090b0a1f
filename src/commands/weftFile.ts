import { type FileHandle, open as openFile } from 'node:fs/promises';
import { type OpenOptions, open, type WeftFilm } from '../../runtime/film/film.js';
import type { ByteSource } from '../../runtime/format/byteSource.js';
import { readWeft, type WeftFile } from '../../runtime/format/container.js';
import { unreadable } from '../media/unreadable.js';

/**
 * Opens a `.weft` file; no more of it is read than is asked for. `close` the film when done.
 *
 * @throws as `open`; MediaError FILE_MISSING, FILE_UNREADABLE, also when it is read later
 */
export async function openWeftFile(file: string, options: OpenOptions = {}): Promise<WeftFilm> {
  return opened(file, (source) => open(source, options));
}

/**
 * Reads the head of a `.weft` file. Close its source when done.
 *
 * @throws as `readWeft`; MediaError FILE_MISSING, FILE_UNREADABLE, also when it is read later
 */
export async function readWeftHead(file: string): Promise<WeftFile> {
  return opened(file, readWeft);
}

/**
 * All bytes of a `.weft` file.
 *
 * @throws MediaError FILE_MISSING, FILE_UNREADABLE
 */
export async function readWeftFile(file: string): Promise<Uint8Array> {
  const source = await fileSource(file);
  try {
    return await source.read(0, source.size);
  } finally {
    source.close();
  }
}

/** What is read of a file and reads on in it; the file is closed if that fails. */
async function opened<T>(file: string, read: (source: ByteSource) => Promise<T>): Promise<T> {
  const source = await fileSource(file);
  try {
    return await read(source);
  } catch (error) {
    source.close();
    throw error;
  }
}

async function fileSource(file: string): Promise<Required<ByteSource>> {
  const told = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (cause) {
      throw unreadable(file, 'a .weft file', cause);
    }
  };
  const handle = await told(openFile(file));
  const close = () => void handle.close().catch(() => undefined);
  try {
    const { size } = await told(handle.stat());
    const read = (offset: number, length: number) =>
      told(readRange(handle, offset, Math.min(length, size - offset)));
    return { size, read, close };
  } catch (error) {
    close();
    throw error;
  }
}

async function readRange(handle: FileHandle, offset: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(Math.max(0, length));
  let filled = 0;
  while (filled < bytes.length) {
    const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}

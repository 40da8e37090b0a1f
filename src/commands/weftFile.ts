import { open as openFile } from 'node:fs/promises';
import { type OpenOptions, open, type WeftFilm } from '../../runtime/film/film.js';
import type { ByteSource } from '../../runtime/format/byteSource.js';
import { unreadable } from '../media/unreadable.js';

/**
 * Opens a `.weft` file; no more of it is read than is asked for. `close` the film when done.
 *
 * @throws as `open`; MediaError FILE_MISSING, FILE_UNREADABLE
 */
export async function openWeftFile(file: string, options: OpenOptions = {}): Promise<WeftFilm> {
  const source = await fileSource(file);
  try {
    return await open(source, options);
  } catch (error) {
    source.close();
    throw error;
  }
}

async function fileSource(file: string): Promise<Required<ByteSource>> {
  try {
    const handle = await openFile(file);
    const { size } = await handle.stat();
    return {
      size,
      async read(offset, length) {
        const bytes = new Uint8Array(Math.max(0, Math.min(length, size - offset)));
        for (let filled = 0; filled < bytes.length; ) {
          const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, offset + filled);
          if (bytesRead === 0) return bytes.subarray(0, filled);
          filled += bytesRead;
        }
        return bytes;
      },
      close: () => void handle.close().catch(() => undefined),
    };
  } catch (cause) {
    throw unreadable(file, 'a .weft file', cause);
  }
}

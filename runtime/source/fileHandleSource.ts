/** Bytes of a file on a disk. */

import { SourceError, throwIfAborted } from '../errors.js';
import { type ByteSource, closedSource } from './byteSource.js';

/** What is needed of a FileHandle of `node:fs/promises`; known by its members, so that nothing of Node is imported here. */
export interface FileHandleLike {
  readonly fd: number;
  read(
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ readonly bytesRead: number }>;
  stat(): Promise<{ readonly size: number }>;
  close?(): Promise<void>;
}

/** Whether it is a FileHandle, or as good as one. */
export function isFileHandle(source: object): source is FileHandleLike {
  const { fd, read, stat } = source as Partial<FileHandleLike>;
  return typeof fd === 'number' && typeof read === 'function' && typeof stat === 'function';
}

/**
 * A source that reads a file. The handle is closed with it.
 *
 * @throws SourceError `SOURCE_UNREADABLE`, also when it is read; then also `SOURCE_CLOSED`
 */
export async function fileHandleSource(handle: FileHandleLike): Promise<ByteSource> {
  let closed = false;
  const close = () => {
    if (closed) return;
    closed = true;
    handle.close?.().catch(() => undefined);
  };
  const { size } = await told(handle.stat()).catch((error: unknown) => {
    close();
    throw error;
  });
  return {
    ...{ size, close },
    async read(offset, length, signal) {
      const bytes = new Uint8Array(Math.max(0, Math.min(length, size - offset)));
      let filled = 0;
      while (filled < bytes.length) {
        throwIfAborted(signal);
        if (closed) throw closedSource();
        const reading = handle.read(bytes, filled, bytes.length - filled, offset + filled);
        const { bytesRead } = await told(reading);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return bytes.subarray(0, filled);
    },
  };
}

async function told<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    throw new SourceError(`The file cannot be read: ${(cause as Error).message}`, {
      code: 'SOURCE_UNREADABLE',
      hint: 'Give a FileHandle of a file that is open for reading.',
      path: 'source',
      cause,
    });
  }
}

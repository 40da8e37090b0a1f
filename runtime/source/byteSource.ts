/** Where the bytes of a file come from: memory, a disk, a network. */

import { SourceError, throwIfAborted } from '../errors.js';

/** Bytes that are read where they are wanted. */
export interface ByteSource {
  /** Length of the whole file in bytes. */
  readonly size: number;
  /**
   * `length` bytes from `offset` on; fewer only where the file ends. They may be a view of what the source keeps: neither
   * write into them nor hand their buffer to another thread.
   *
   * @param signal stops this reading and no other
   */
  read(offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array>;
  /** Fetches what will be read soon, where that takes a while. Nothing is promised: a failure shows when it is read. */
  prefetch?(offset: number, length: number): void;
  /** Called once, when nothing more is read. Readings under way fail. */
  close?(): void;
}

/** Bytes that are in memory. */
export function bytesSource(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    async read(offset, length, signal) {
      throwIfAborted(signal);
      return bytes.subarray(offset, offset + length);
    },
  };
}

/** What is thrown where a source is read that was closed. */
export function closedSource(): SourceError {
  return new SourceError('The film was closed.', {
    code: 'SOURCE_CLOSED',
    hint: 'Open it again to read on.',
    path: 'source',
  });
}

/** Bytes of a Blob, or of a File that was chosen in a page. */

import { SourceError, throwIfAborted } from '../errors.js';
import type { ByteSource } from './byteSource.js';

/** A source that reads a Blob; only what is asked for is brought into memory. `read` throws SourceError `SOURCE_UNREADABLE`. */
export function blobSource(blob: Blob): ByteSource {
  return {
    size: blob.size,
    async read(offset, length, signal) {
      throwIfAborted(signal);
      const buffer = await blob
        .slice(offset, offset + length)
        .arrayBuffer()
        .catch((cause: unknown) => {
          throw unreadable(blob, cause);
        });
      throwIfAborted(signal);
      return new Uint8Array(buffer);
    },
  };
}

function unreadable(blob: Blob, cause: unknown): SourceError {
  const name = 'name' in blob ? String(blob.name) : 'The Blob';
  return new SourceError(`${name} cannot be read: ${(cause as Error).message}`, {
    code: 'SOURCE_UNREADABLE',
    hint: 'Choose the file again: a page may no longer read one that was moved or changed.',
    path: 'source',
    cause,
  });
}

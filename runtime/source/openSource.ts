/** Whatever a film is given as, as a source of bytes. */

import { InterruptedError, SourceError, throwIfAborted, UsageError } from '../errors.js';
import { blobSource } from './blobSource.js';
import { type ByteSource, bytesSource } from './byteSource.js';
import { type FileHandleLike, fileHandleSource, isFileHandle } from './fileHandleSource.js';
import { httpSource } from './httpSource.js';

/** Where a film may be read: bytes, a Blob or File, an address, a FileHandle of Node, a source of the caller's own. */
export type FilmInput = Uint8Array | ArrayBuffer | Blob | URL | string | FileHandleLike | ByteSource;

/**
 * Opens a source. It takes over what it is given: a FileHandle is closed with it.
 *
 * @param input an address may be of the schemes http, https, blob and data, or of any other that `fetch` knows; in a page it
 *   may be relative to the document
 * @param signal stops the opening
 * @throws UsageError `SOURCE_UNKNOWN` for anything else; SourceError `SOURCE_UNREADABLE`; InterruptedError
 */
export async function openSource(input: FilmInput, signal?: AbortSignal): Promise<ByteSource> {
  throwIfAborted(signal);
  if (typeof input === 'string' || input instanceof URL) return addressSource(resolved(input), signal);
  if (input instanceof ArrayBuffer) return bytesSource(new Uint8Array(input));
  if (ArrayBuffer.isView(input))
    return bytesSource(new Uint8Array(input.buffer, input.byteOffset, input.byteLength));
  if (input instanceof Blob) return blobSource(input);
  if (typeof input === 'object' && input !== null) {
    if (isFileHandle(input)) return fileHandleSource(input);
    if (isSource(input)) return input;
  }
  throw unknown(input);
}

async function addressSource(url: URL, signal: AbortSignal | undefined): Promise<ByteSource> {
  if (url.protocol !== 'blob:' && url.protocol !== 'data:') return httpSource(url, signal ? { signal } : {});
  try {
    const response = await fetch(url, signal ? { signal } : {});
    return blobSource(await response.blob());
  } catch (cause) {
    if (signal?.aborted) throw new InterruptedError();
    throw new SourceError(`The bytes of a ${url.protocol} address cannot be read.`, {
      code: 'SOURCE_UNREADABLE',
      hint: 'Check that it is whole, and of a Blob that it was not revoked.',
      path: 'source',
      cause,
    });
  }
}

/** An absolute address. */
function resolved(input: string | URL): URL {
  const { document, location } = globalThis as {
    document?: { baseURI?: string };
    location?: { href?: string };
  };
  const base = document?.baseURI ?? location?.href;
  try {
    return base === undefined ? new URL(input) : new URL(input, base);
  } catch {
    throw unknown(input);
  }
}

function isSource(input: object): input is ByteSource {
  const { read, size } = input as Partial<ByteSource>;
  return typeof read === 'function' && typeof size === 'number';
}

function unknown(input: unknown): UsageError {
  const text = typeof input === 'string';
  return new UsageError(text ? `${input} is no address.` : 'There is no film to read there.', {
    code: 'SOURCE_UNKNOWN',
    hint: text
      ? 'Give an address with its scheme (https://...); of a file, its bytes or a FileHandle of node:fs/promises.'
      : 'Give bytes, a Blob or File, an address, a FileHandle, or an object with size and read.',
    path: 'source',
    value: text ? input : typeof input,
  });
}

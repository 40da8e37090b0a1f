/** A cursor over bytes that never reads past their end. */

import { FormatError } from '../errors.js';

export class ByteReader {
  readonly bytes: Uint8Array;
  readonly path: string;
  position: number;

  /**
   * @param path what is being read, for error messages
   * @param position first byte to read
   */
  constructor(bytes: Uint8Array, path: string, position = 0) {
    this.bytes = bytes;
    this.path = path;
    this.position = position;
  }

  /** Bytes that are not read yet. */
  get left(): number {
    return this.bytes.length - this.position;
  }

  /** @throws FormatError `FILE_TRUNCATED` at the end. */
  byte(): number {
    const value = this.bytes[this.position];
    if (value === undefined) throw truncated(this.path);
    this.position++;
    return value;
  }

  /**
   * A view of the next `count` bytes.
   *
   * @throws FormatError `FILE_TRUNCATED` if there are fewer.
   */
  take(count: number): Uint8Array {
    if (count > this.left) throw truncated(this.path);
    const start = this.position;
    this.position += count;
    return this.bytes.subarray(start, this.position);
  }

  /**
   * Little-endian 32-bit word, unsigned.
   *
   * @throws FormatError `FILE_TRUNCATED` if there are fewer than four bytes.
   */
  word(): number {
    const b = this.take(4);
    return (b[0]! | (b[1]! << 8) | (b[2]! << 16) | (b[3]! << 24)) >>> 0;
  }
}

/** What is thrown where the bytes of `path` end before their size says. */
export function truncated(path: string): FormatError {
  return new FormatError(`The bytes of ${path} end too early.`, {
    code: 'FILE_TRUNCATED',
    hint: 'The file is incomplete; fetch it again.',
    path,
  });
}

/** A cursor over bytes that never reads past their end. */

import { FormatError } from '../errors.js';

/** Longest varint: 5 bytes hold 35 bits; values stop at 2^32-1. */
const MAX_VARINT_BYTES = 5;

export class ByteReader {
  readonly bytes: Uint8Array;
  readonly path: string;
  position = 0;

  /** @param path what is being read, for error messages. */
  constructor(bytes: Uint8Array, path: string) {
    this.bytes = bytes;
    this.path = path;
  }

  get left(): number {
    return this.bytes.length - this.position;
  }

  /** @throws FormatError `FILE_TRUNCATED` at the end. */
  byte(): number {
    const value = this.bytes[this.position];
    if (value === undefined) throw this.#truncated();
    this.position++;
    return value;
  }

  /** A view of the next `count` bytes. */
  take(count: number): Uint8Array {
    if (count > this.left) throw this.#truncated();
    const start = this.position;
    this.position += count;
    return this.bytes.subarray(start, this.position);
  }

  /** Little-endian 32-bit word, unsigned. */
  word(): number {
    const b = this.take(4);
    return (b[0]! | (b[1]! << 8) | (b[2]! << 16) | (b[3]! << 24)) >>> 0;
  }

  /**
   * Unsigned LEB128, 0..2^32-1.
   *
   * @throws FormatError `VARINT_INVALID` if it is longer than five bytes or larger than 32 bits.
   */
  varint(): number {
    let value = 0;
    for (let i = 0; i < MAX_VARINT_BYTES; i++) {
      const byte = this.byte();
      value += (byte & 127) * 2 ** (7 * i);
      if (byte < 128) {
        if (value > 0xffffffff) break;
        return value;
      }
    }
    throw new FormatError(`A number in ${this.path} is longer than 32 bits.`, {
      code: 'VARINT_INVALID',
      hint: 'The file is damaged; fetch it again.',
      path: this.path,
    });
  }

  /** Signed varint: zigzag of LEB128. */
  signedVarint(): number {
    const value = this.varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  #truncated(): FormatError {
    return new FormatError(`The bytes of ${this.path} end too early.`, {
      code: 'FILE_TRUNCATED',
      hint: 'The file is incomplete; fetch it again.',
      path: this.path,
    });
  }
}

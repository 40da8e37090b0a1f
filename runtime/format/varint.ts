/** Variable-length integers, both ways: LEB128, and zigzag for signed values. */

import { FormatError } from '../errors.js';
import { type ByteReader, truncated } from './byteReader.js';
import type { ByteWriter } from './byteWriter.js';

/** Longest varint: 5 bytes hold 35 bits; values stop at 2^32-1. */
export const MAX_VARINT_BYTES = 5;
const MAX_VARINT = 0xffffffff;

/**
 * Writes an unsigned LEB128 integer.
 *
 * @param value 0..2^32-1
 */
export function writeVarint(writer: ByteWriter, value: number): void {
  if (!Number.isInteger(value) || value < 0 || value > MAX_VARINT) {
    throw new RangeError(`${value} is not an unsigned 32-bit integer`);
  }
  let rest = value;
  while (rest > 127) {
    writer.byte((rest % 128) | 128);
    rest = Math.floor(rest / 128);
  }
  writer.byte(rest);
}

/**
 * Reads an unsigned LEB128 integer, 0..2^32-1; longer codes than needed are legal.
 *
 * @throws FormatError `FILE_TRUNCATED` if the bytes end within it, `VARINT_INVALID` if it is longer than five bytes or
 *   larger than 32 bits
 */
export function readVarint(reader: ByteReader): number {
  const value = readVarintIfThere(reader);
  if (value === undefined) throw truncated(reader.path);
  return value;
}

/**
 * The same, or undefined if the bytes end within it.
 *
 * @throws FormatError `VARINT_INVALID`
 */
export function readVarintIfThere(reader: ByteReader): number | undefined {
  let value = 0;
  for (let i = 0; i < MAX_VARINT_BYTES; i++) {
    if (reader.left < 1) return undefined;
    const byte = reader.byte();
    value += (byte & 127) * 2 ** (7 * i);
    if (byte < 128) {
      if (value > MAX_VARINT) break;
      return value;
    }
  }
  throw new FormatError(`A number in ${reader.path} is longer than 32 bits.`, {
    code: 'VARINT_INVALID',
    hint: 'The file is damaged; fetch it again.',
    path: reader.path,
  });
}

/**
 * Writes a signed integer as the zigzag code 0, -1, 1, -2, 2, ...
 *
 * @param value -2^31..2^31-1
 */
export function writeSignedVarint(writer: ByteWriter, value: number): void {
  writeVarint(writer, value >= 0 ? 2 * value : -2 * value - 1);
}

/** Reads what `writeSignedVarint` wrote, with the errors of `readVarint`. */
export function readSignedVarint(reader: ByteReader): number {
  const value = readVarint(reader);
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}

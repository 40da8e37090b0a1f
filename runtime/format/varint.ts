/** Variable-length integers: LEB128, and zigzag for signed values. */

import type { ByteWriter } from './byteWriter.js';

/** Writes an unsigned LEB128 integer, 0..2^32-1. */
export function writeVarint(writer: ByteWriter, value: number): void {
  if (!Number.isInteger(value) || value < 0 || value > 0xffffffff) {
    throw new RangeError(`${value} is not an unsigned 32-bit integer`);
  }
  let rest = value;
  while (rest > 127) {
    writer.byte((rest % 128) | 128);
    rest = Math.floor(rest / 128);
  }
  writer.byte(rest);
}

/** Writes a signed integer as the zigzag code 0, -1, 1, -2, 2, ... */
export function writeSignedVarint(writer: ByteWriter, value: number): void {
  writeVarint(writer, value >= 0 ? 2 * value : -2 * value - 1);
}

/** CRC-32C (Castagnoli), reflected polynomial 0x82f63b78, as in RFC 3720. */

import { FormatError } from '../errors.js';

const TABLE = buildTable();

/** Checksum of `bytes`, unsigned; pass the checksum of what came before to continue. */
export function crc32c(bytes: Uint8Array, before = 0): number {
  let crc = ~before;
  for (let i = 0; i < bytes.length; i++) crc = TABLE[(crc ^ bytes[i]!) & 255]! ^ (crc >>> 8);
  return ~crc >>> 0;
}

/**
 * Compares a checksum with the one in the file.
 *
 * @param path what was summed, for the error message
 * @throws FormatError with the given code if they differ.
 */
export function verifyChecksum(
  actual: number,
  expected: number,
  code: 'PRELUDE_DAMAGED' | 'SEGMENT_DAMAGED' | 'CHUNK_DAMAGED',
  path: string,
): void {
  if (actual === expected) return;
  throw new FormatError(`The checksum of ${path} does not match.`, {
    code,
    hint: 'The file is damaged; fetch it again.',
    path,
  });
}

function buildTable(): Int32Array {
  const table = new Int32Array(256);
  for (let n = 0; n < 256; n++) {
    let crc = n;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
    table[n] = crc;
  }
  return table;
}

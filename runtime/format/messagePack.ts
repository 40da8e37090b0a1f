/**
 * A look at the structure of a msgpack value before it is unpacked: lengths that fit the bytes, shallow nesting, no
 * extension types. An unpacker that trusts a length field can be made to allocate gigabytes by six bytes.
 */

import { FormatError } from '../errors.js';

const MAX_DEPTH = 8;

/** @throws FormatError `HEADER_INVALID` if the bytes are not exactly one plain msgpack value. */
export function checkMessagePack(bytes: Uint8Array): void {
  const end = skipValue(bytes, 0, 0);
  if (end !== bytes.length) throw invalid(end);
}

function skipValue(bytes: Uint8Array, at: number, depth: number): number {
  const tag = bytes[at];
  if (tag === undefined || depth > MAX_DEPTH) throw invalid(at);
  if (tag <= 0x7f || tag >= 0xe0) return at + 1;
  if (tag <= 0x8f) return skipItems(bytes, at + 1, 2 * (tag & 15), depth);
  if (tag <= 0x9f) return skipItems(bytes, at + 1, tag & 15, depth);
  if (tag <= 0xbf) return skipBytes(bytes, at + 1, tag & 31);
  return skipTagged(bytes, at, tag, depth);
}

/** Values whose first byte is 0xc0..0xdf. 0xc1 is unused; 0xc7..0xc9 and 0xd4..0xd8 are extensions. */
function skipTagged(bytes: Uint8Array, at: number, tag: number, depth: number): number {
  if (tag === 0xc0 || tag === 0xc2 || tag === 0xc3) return at + 1;
  if (tag >= 0xc4 && tag <= 0xc6) return skipSized(bytes, at + 1, 1 << (tag - 0xc4));
  if (tag === 0xca) return skipBytes(bytes, at + 1, 4);
  if (tag === 0xcb) return skipBytes(bytes, at + 1, 8);
  if (tag >= 0xcc && tag <= 0xcf) return skipBytes(bytes, at + 1, 1 << (tag - 0xcc));
  if (tag >= 0xd0 && tag <= 0xd3) return skipBytes(bytes, at + 1, 1 << (tag - 0xd0));
  if (tag >= 0xd9 && tag <= 0xdb) return skipSized(bytes, at + 1, 1 << (tag - 0xd9));
  if (tag === 0xdc || tag === 0xdd) {
    const size = tag === 0xdc ? 2 : 4;
    return skipItems(bytes, at + 1 + size, readLength(bytes, at + 1, size), depth);
  }
  if (tag === 0xde || tag === 0xdf) {
    const size = tag === 0xde ? 2 : 4;
    return skipItems(bytes, at + 1 + size, 2 * readLength(bytes, at + 1, size), depth);
  }
  throw invalid(at);
}

function skipItems(bytes: Uint8Array, at: number, count: number, depth: number): number {
  if (count > bytes.length - at) throw invalid(at);
  let position = at;
  for (let i = 0; i < count; i++) position = skipValue(bytes, position, depth + 1);
  return position;
}

function skipSized(bytes: Uint8Array, at: number, size: number): number {
  return skipBytes(bytes, at + size, readLength(bytes, at, size));
}

function skipBytes(bytes: Uint8Array, at: number, count: number): number {
  if (count > bytes.length - at) throw invalid(at);
  return at + count;
}

function readLength(bytes: Uint8Array, at: number, size: number): number {
  if (size > bytes.length - at) throw invalid(at);
  let length = 0;
  for (let i = 0; i < size; i++) length = length * 256 + bytes[at + i]!;
  return length;
}

function invalid(at: number): FormatError {
  return new FormatError(`The header is not plain msgpack at byte ${at}.`, {
    code: 'HEADER_INVALID',
    hint: 'The file is damaged or was written by a broken encoder; fetch it again.',
    path: 'header',
  });
}

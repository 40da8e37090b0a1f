/** Taking files apart and putting them together again, damage and all: checksums are made right, nothing else is checked. */

import { ByteReader } from '../../runtime/format/byteReader.js';
import { ByteWriter } from '../../runtime/format/byteWriter.js';
import { crc32c } from '../../runtime/format/crc32c.js';
import { MAGIC } from '../../runtime/format/head.js';
import { readVarint, writeVarint } from '../../runtime/format/varint.js';

/** The pieces of a file (FORMAT.md, section 2). */
export interface FilePieces {
  readonly version: number;
  readonly header: Uint8Array;
  readonly nets: Uint8Array;
  readonly index: Uint8Array;
  /** Segments and chunks. */
  readonly rest: Uint8Array;
}

export function takeApart(bytes: Uint8Array): FilePieces {
  const reader = new ByteReader(bytes, 'file');
  reader.position = MAGIC.length;
  const version = readVarint(reader);
  const [header, nets, index] = [readVarint(reader), readVarint(reader), readVarint(reader)];
  reader.word();
  const pieces = { header: reader.take(header), nets: reader.take(nets), index: reader.take(index) };
  return { version, ...pieces, rest: reader.take(reader.left) };
}

export function putTogether({ version, header, nets, index, rest }: FilePieces): Uint8Array {
  const writer = new ByteWriter();
  writer.bytes(MAGIC);
  for (const number of [version, header.length, nets.length, index.length]) writeVarint(writer, number);
  const middle = [header, nets, index];
  writer.word(middle.reduce((crc, bytes) => crc32c(bytes, crc), crc32c(writer.finish())));
  for (const bytes of [...middle, rest]) writer.bytes(bytes);
  return writer.finish();
}

/** The index of a film of one segment. */
export function indexOf(segment: Uint8Array, frames: number): Uint8Array {
  const writer = new ByteWriter();
  for (const number of [1, segment.length, frames]) writeVarint(writer, number);
  writer.word(crc32c(segment));
  return writer.finish();
}

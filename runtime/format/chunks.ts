/**
 * Chunks: whatever a file carries behind its last segment, one after the other to its end.
 *
 *     +---------+------------------+-------+---------+
 *     | name 4  | length (varint)  | bytes | CRC u32 |   the checksum is of all before it
 *     +---------+------------------+-------+---------+
 */

import { UsageError } from '../errors.js';
import { ByteReader } from './byteReader.js';
import { ByteWriter } from './byteWriter.js';
import { crc32c, verifyChecksum } from './crc32c.js';
import { readVarint, writeVarint } from './varint.js';

/** Something that pictures do not need. */
export interface Chunk {
  /** Four ASCII letters; of a file that was read, any four characters up to U+00FF. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/**
 * Bytes of a chunk.
 *
 * @throws UsageError `CHUNK_NAME` if the name is not four ASCII letters.
 */
export function packChunk(chunk: Chunk): Uint8Array {
  if (!/^[A-Za-z]{4}$/.test(chunk.name)) {
    throw new UsageError(`A chunk cannot be called ${JSON.stringify(chunk.name)}.`, {
      code: 'CHUNK_NAME',
      hint: 'Use four ASCII letters.',
      path: 'chunks.name',
      value: chunk.name,
    });
  }
  const writer = new ByteWriter();
  for (const letter of chunk.name) writer.byte(letter.charCodeAt(0));
  writeVarint(writer, chunk.bytes.length);
  writer.bytes(chunk.bytes);
  writer.word(crc32c(writer.finish()));
  return writer.finish();
}

/**
 * Reads chunk after chunk, to the end. Views into the bytes, nothing is copied.
 *
 * @param bytes of the file behind the last segment; may be empty
 * @throws FormatError `FILE_TRUNCATED`, `VARINT_INVALID` or `CHUNK_DAMAGED`
 */
export function readChunks(bytes: Uint8Array): Chunk[] {
  const reader = new ByteReader(bytes, 'chunks');
  const chunks: Chunk[] = [];
  while (reader.left > 0) {
    const start = reader.position;
    const name = String.fromCharCode(...reader.take(4));
    const content = reader.take(readVarint(reader));
    const checksum = crc32c(bytes.subarray(start, reader.position));
    verifyChecksum(checksum, reader.word(), 'CHUNK_DAMAGED', 'chunks');
    chunks.push({ name, bytes: content });
  }
  return chunks;
}

/**
 * Where the segments of a file lie and whether their bytes are whole; what is in them is in segmentHead.
 *
 *     +------------------+   +--------------------+-----------------+---------+
 *     | count (varint)   |   | bytes (varint)     | frames (varint) | CRC u32 |   the index: one entry per segment
 *     +------------------+   +--------------------+-----------------+---------+
 */

import { FormatError, UsageError } from '../errors.js';
import { MAX_SEGMENT_FRAMES } from '../field/constants.js';
import { ByteReader, truncated } from './byteReader.js';
import { ByteWriter } from './byteWriter.js';
import { crc32c, verifyChecksum } from './crc32c.js';
import { readVarint, writeVarint } from './varint.js';

export const MAX_INDEX_BYTES = 1 << 24;

/** One segment in the index. */
export interface SegmentEntry {
  /** First frame in the film and number of frames. */
  readonly startFrame: number;
  readonly frames: number;
  /** Place in the file, in bytes from its start; may lie beyond 2^32. */
  readonly offset: number;
  /** 0..2^32-1. */
  readonly bytes: number;
  /** CRC-32C of the segment's bytes. */
  readonly checksum: number;
}

/**
 * Bytes of the index.
 *
 * @throws UsageError `SEGMENT_FRAMES` if a segment has none or more than 256.
 */
export function packIndex(
  segments: readonly Pick<SegmentEntry, 'bytes' | 'frames' | 'checksum'>[],
): Uint8Array {
  const writer = new ByteWriter();
  writeVarint(writer, segments.length);
  for (const [i, segment] of segments.entries()) {
    if (segment.frames < 1 || segment.frames > MAX_SEGMENT_FRAMES) {
      throw new UsageError(`Segment ${i} has ${segment.frames} frames.`, {
        code: 'SEGMENT_FRAMES',
        hint: 'Cut the film into shorter segments.',
        path: `segments.${i}.frames`,
        value: segment.frames,
        range: `1..${MAX_SEGMENT_FRAMES}`,
      });
    }
    writeVarint(writer, segment.bytes);
    writeVarint(writer, segment.frames);
    writer.word(segment.checksum);
  }
  return writer.finish();
}

/**
 * Reads what `packIndex` wrote.
 *
 * @param offset of the first segment in the file
 * @param frames frames of the film according to its header
 * @param fileBytes length of the whole file; Infinity where it is not known
 * @throws FormatError `INDEX_INVALID`, `VARINT_INVALID`; `FILE_TRUNCATED` if it ends within an entry, or the file within a
 *   segment
 */
export function unpackIndex(
  bytes: Uint8Array,
  offset: number,
  frames: number,
  fileBytes: number,
): SegmentEntry[] {
  const reader = new ByteReader(bytes, 'index');
  const count = readVarint(reader);
  const entries: SegmentEntry[] = [];
  let [nextOffset, startFrame] = [offset, 0];
  for (let i = 0; i < count; i++) {
    const size = readVarint(reader);
    const entry = {
      startFrame,
      frames: readVarint(reader),
      offset: nextOffset,
      bytes: size,
      checksum: reader.word(),
    };
    if (entry.frames < 1 || entry.frames > MAX_SEGMENT_FRAMES) {
      throw invalidIndex(`segment ${i} has ${entry.frames} frames`);
    }
    nextOffset += size;
    if (nextOffset > fileBytes) throw truncated('file');
    startFrame += entry.frames;
    entries.push(entry);
  }
  if (reader.left > 0) throw invalidIndex('there are bytes behind its last entry');
  if (startFrame !== frames) throw invalidIndex(`it has ${startFrame} frames, the header ${frames}`);
  return entries;
}

/**
 * Holds the bytes of one segment against the index.
 *
 * @param bytes `entry.bytes` bytes of the file from `entry.offset`
 * @param index number of the segment, for the error message
 * @returns the same bytes, for `unpackSegment`
 * @throws FormatError `FILE_TRUNCATED` if they are too few, `SEGMENT_DAMAGED` if they are others.
 */
export function verifySegment(bytes: Uint8Array, entry: SegmentEntry, index: number): Uint8Array {
  const path = `segments.${index}`;
  if (bytes.length < entry.bytes) throw truncated(path);
  verifyChecksum(crc32c(bytes), entry.checksum, 'SEGMENT_DAMAGED', path);
  return bytes;
}

function invalidIndex(why: string): FormatError {
  return new FormatError(`The segment index is wrong: ${why}.`, {
    code: 'INDEX_INVALID',
    hint: 'The file is damaged or was written by a broken encoder; fetch it again.',
    path: 'index',
  });
}

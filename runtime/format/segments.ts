/**
 * Where the segments of a file lie and whether their bytes are whole; what is in them is in segmentHead.
 *
 *     +----------------+   +----------------+-----------------+--------------------------------------+---------+
 *     | count (varint) |   | bytes (varint) | frames (varint) | net bytes (varint), CRC u32, if any  | CRC u32 |
 *     +----------------+   +----------------+-----------------+--------------------------------------+---------+
 *
 * The index: one entry per segment. Nets that a segment brings lie right before it. In a film without a constant rate every
 * entry ends with the durations of its frames.
 */

import { FormatError, UsageError } from '../errors.js';
import { MAX_SEGMENT_FRAMES } from '../field/constants.js';
import { ByteReader, truncated } from './byteReader.js';
import { ByteWriter } from './byteWriter.js';
import { crc32c, verifyChecksum } from './crc32c.js';
import type { WeftHeader } from './header.js';
import { readSignedVarint, readVarint, writeSignedVarint, writeVarint } from './varint.js';

export const MAX_INDEX_BYTES = 1 << 24;
export const MAX_NET_BYTES = 65536;

/** Longest duration of a frame, in ticks. */
export const MAX_DURATION = 0x7fffffff;

/** Added to the frames of a segment that brings nets. */
const BRINGS_NETS = 512;

/** Nets that a segment brings, coded against the prior as those in the head are. */
export interface NetsEntry {
  /** Place in the file, in bytes from its start. */
  readonly offset: number;
  /** 0..65536. */
  readonly bytes: number;
  /** CRC-32C of the bytes. */
  readonly checksum: number;
}

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
  /** Ticks that each of its frames is shown for, in a film without a constant rate. */
  readonly durations?: readonly number[];
  /** The nets that it is read with, one object for all segments that share them; those in the head if there are none. */
  readonly nets?: NetsEntry;
}

/** What is said of a segment when an index is written. One object of nets for all segments in a row that share them. */
export type SegmentSize = Pick<SegmentEntry, 'bytes' | 'frames' | 'checksum' | 'durations'> & {
  readonly nets?: Pick<NetsEntry, 'bytes' | 'checksum'> | undefined;
};

/**
 * Bytes of the index.
 *
 * @throws UsageError `SEGMENT_FRAMES` if a segment has none or more than 256, `FILE_LIMIT` if nets are too large
 * @throws RangeError if a segment has no nets behind one that has some
 */
export function packIndex(segments: readonly SegmentSize[]): Uint8Array {
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
    const { nets } = segment;
    writeVarint(writer, segment.bytes);
    if (nets === segments[i - 1]?.nets) {
      writeVarint(writer, segment.frames);
    } else {
      if (!nets) throw new RangeError(`segment ${i} has no nets`);
      checkLimit('nets', nets.bytes, MAX_NET_BYTES, `segments.${i}.nets`);
      writeVarint(writer, segment.frames + BRINGS_NETS);
      writeVarint(writer, nets.bytes);
      writer.word(nets.checksum);
    }
    writer.word(segment.checksum);
    if (segment.durations) writeDurations(writer, segment.durations);
  }
  return writer.finish();
}

/**
 * Reads what `packIndex` wrote.
 *
 * @param offset of the first segment in the file
 * @param header of the film
 * @param fileBytes length of the whole file; Infinity where it is not known
 * @throws FormatError `INDEX_INVALID`, `VARINT_INVALID`; `FILE_TRUNCATED` if it ends within an entry, or the
 *   file within a segment
 */
export function unpackIndex(
  bytes: Uint8Array,
  offset: number,
  header: Pick<WeftHeader, 'frames' | 'tick'>,
  fileBytes: number,
): SegmentEntry[] {
  const reader = new ByteReader(bytes, 'index');
  const count = readVarint(reader);
  const entries: SegmentEntry[] = [];
  let [nextOffset, startFrame, ticks] = [offset, 0, 0];
  let nets: NetsEntry | undefined;
  for (let i = 0; i < count; i++) {
    const bytes = readVarint(reader);
    const coded = readVarint(reader);
    if (coded >= BRINGS_NETS) {
      nets = { offset: nextOffset, bytes: readVarint(reader), checksum: reader.word() };
      if (nets.bytes > MAX_NET_BYTES) throw invalidIndex(`segment ${i} has ${nets.bytes} bytes of nets`);
      nextOffset += nets.bytes;
    }
    const frames = coded >= BRINGS_NETS ? coded - BRINGS_NETS : coded;
    if (frames < 1 || frames > MAX_SEGMENT_FRAMES) throw invalidIndex(`segment ${i} has ${frames} frames`);
    const checksum = reader.word();
    const durations = header.tick ? readDurations(reader, frames, i) : [];
    ticks += durations.reduce((sum, duration) => sum + duration, 0);
    if (!Number.isSafeInteger(ticks)) throw invalidIndex('its durations add up to more than 2^53');
    entries.push({
      ...{ startFrame, frames, offset: nextOffset, bytes, checksum },
      ...(nets && { nets }),
      ...(header.tick && { durations }),
    });
    nextOffset += bytes;
    if (nextOffset > fileBytes) throw truncated('file');
    startFrame += frames;
  }
  if (reader.left > 0) throw invalidIndex('there are bytes behind its last entry');
  if (startFrame !== header.frames)
    throw invalidIndex(`it has ${startFrame} frames, the header ${header.frames}`);
  return entries;
}

/** Runs of frames that are shown equally long: how many, and the difference to those before. */
function writeDurations(writer: ByteWriter, durations: readonly number[]): void {
  let before = 0;
  for (let at = 0; at < durations.length; ) {
    const duration = durations[at]!;
    let run = 1;
    while (durations[at + run] === duration) run++;
    writeVarint(writer, run);
    writeSignedVarint(writer, duration - before);
    before = duration;
    at += run;
  }
}

function readDurations(reader: ByteReader, frames: number, segment: number): number[] {
  const durations: number[] = [];
  let duration = 0;
  while (durations.length < frames) {
    const run = readVarint(reader);
    duration += readSignedVarint(reader);
    if (run < 1 || run > frames - durations.length)
      throw invalidIndex(`segment ${segment} has durations of other than ${frames} frames`);
    if (duration < 1 || duration > MAX_DURATION)
      throw invalidIndex(`segment ${segment} has a frame of ${duration} ticks`);
    for (let k = 0; k < run; k++) durations.push(duration);
  }
  return durations;
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
  return verified(bytes, entry, `segments.${index}`);
}

/**
 * The same for the nets that a segment is read with, `nets.bytes` bytes of the file from `nets.offset`.
 *
 * @throws FormatError `FILE_TRUNCATED`, `SEGMENT_DAMAGED`
 */
export function verifyNets(bytes: Uint8Array, nets: NetsEntry, index: number): Uint8Array {
  return verified(bytes, nets, `segments.${index}.nets`);
}

function verified(bytes: Uint8Array, entry: SegmentEntry | NetsEntry, path: string): Uint8Array {
  if (bytes.length < entry.bytes) throw truncated(path);
  verifyChecksum(crc32c(bytes), entry.checksum, 'SEGMENT_DAMAGED', path);
  return bytes;
}

/**
 * Refuses a part of a file that is larger than the format allows.
 *
 * @throws UsageError `FILE_LIMIT`
 */
export function checkLimit(part: string, size: number, limit: number, path = part): void {
  if (size <= limit) return;
  throw new UsageError(`The ${part} would take ${size} bytes.`, {
    code: 'FILE_LIMIT',
    hint: `The format allows ${limit}.`,
    path,
    value: size,
    range: `0..${limit}`,
  });
}

function invalidIndex(why: string): FormatError {
  return new FormatError(`The segment index is wrong: ${why}.`, {
    code: 'INDEX_INVALID',
    hint: 'The file is damaged or was written by a broken encoder; fetch it again.',
    path: 'index',
  });
}

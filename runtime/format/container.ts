/**
 * The `.weft` file.
 *
 *     +--------+---------+---------------+------------+--------------+---------+
 *     | magic 8| version | header bytes  | net bytes  | index bytes  | CRC u32 |   prelude (varints)
 *     +--------+---------+---------------+------------+--------------+---------+
 *     | header (msgpack) | nets | index | segment 0 | segment 1 | ... | chunks  |
 *     +------------------+------+-------+-----------+-----------+-----+---------+
 */

import { FormatError, UsageError } from '../errors.js';
import { MAX_SEGMENT_FRAMES } from '../field/constants.js';
import { ByteReader } from './byteReader.js';
import { ByteWriter } from './byteWriter.js';
import { crc32c } from './crc32c.js';
import { type HeaderInput, MAX_HEADER_BYTES, packHeader, unpackHeader, type WeftHeader } from './header.js';
import { writeVarint } from './varint.js';

/** Not ASCII, spells WEFT, and breaks visibly when line ends are converted or the file is shown as text. */
export const MAGIC = Uint8Array.of(0x8f, 0x57, 0x45, 0x46, 0x54, 0x0d, 0x0a, 0x1a);
export const FORMAT_VERSION = 1;

export const MAX_NET_BYTES = 65536;
export const MAX_INDEX_BYTES = 1 << 24;

/** One segment in the index. */
export interface SegmentEntry {
  /** First frame in the film and number of frames. */
  readonly startFrame: number;
  readonly frames: number;
  /** Place in the file. */
  readonly offset: number;
  readonly bytes: number;
  /** CRC-32C of the segment's bytes. */
  readonly checksum: number;
}

/** Something behind the last segment that this version knows nothing about. */
export interface Chunk {
  /** Four ASCII letters. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** A parsed file. Views into the bytes, nothing is copied. */
export interface WeftFile {
  readonly version: number;
  readonly header: WeftHeader;
  /** The net stream, see netCoder. */
  readonly nets: Uint8Array;
  readonly segments: readonly SegmentEntry[];
  readonly chunks: readonly Chunk[];
  readonly bytes: Uint8Array;
}

/** What `writeWeft` puts into a file. */
export interface WeftParts {
  /** `frames` may be left out: it is the sum over the segments. */
  readonly header: Omit<HeaderInput, 'frames'> & { frames?: number };
  /** From `writeNets`. */
  readonly nets: Uint8Array;
  /** From `writeSegment`, with the number of frames. */
  readonly segments: readonly { readonly bytes: Uint8Array; readonly frames: number }[];
  readonly chunks?: readonly Chunk[];
}

/**
 * Bytes of a file.
 *
 * @throws UsageError `HEADER_FIELD`, `SEGMENT_FRAMES` or `FILE_LIMIT`
 */
export function writeWeft(parts: WeftParts): Uint8Array {
  const frames = parts.segments.reduce((sum, segment) => sum + segment.frames, 0);
  const header = packHeader({ ...parts.header, frames });
  const index = packIndex(parts.segments);
  checkLimit('nets', parts.nets.length, MAX_NET_BYTES);
  checkLimit('index', index.length, MAX_INDEX_BYTES);
  const writer = new ByteWriter();
  writer.bytes(MAGIC);
  for (const n of [FORMAT_VERSION, header.length, parts.nets.length, index.length]) writeVarint(writer, n);
  const before = crc32c(writer.finish());
  writer.word([header, parts.nets, index].reduce((crc, bytes) => crc32c(bytes, crc), before));
  for (const bytes of [header, parts.nets, index]) writer.bytes(bytes);
  for (const segment of parts.segments) writer.bytes(segment.bytes);
  for (const chunk of parts.chunks ?? []) writer.bytes(packChunk(chunk));
  return writer.finish();
}

/**
 * Reads the structure of a file: prelude, header and index are verified, segments are not decoded yet.
 *
 * @throws FormatError `NOT_WEFT`, `FORMAT_NEWER`, `FILE_TRUNCATED`, `FILE_LIMIT`, `PRELUDE_DAMAGED`, `HEADER_INVALID`,
 *   `HEADER_FIELD`, `INDEX_INVALID`, `CHUNK_DAMAGED`, `VARINT_INVALID`
 */
export function readWeft(bytes: Uint8Array): WeftFile {
  const reader = new ByteReader(bytes, 'file');
  checkMagic(bytes);
  reader.position = MAGIC.length;
  const version = reader.varint();
  if (version !== FORMAT_VERSION) throw newer(version);
  const headerBytes = readLimited(reader, 'header', MAX_HEADER_BYTES);
  const netBytes = readLimited(reader, 'nets', MAX_NET_BYTES);
  const indexBytes = readLimited(reader, 'index', MAX_INDEX_BYTES);
  const before = crc32c(bytes.subarray(0, reader.position));
  const expected = reader.word();
  const start = reader.position;
  reader.take(headerBytes + netBytes + indexBytes);
  if (crc32c(bytes.subarray(start, reader.position), before) !== expected) {
    throw damaged('PRELUDE_DAMAGED', 'header');
  }
  const header = unpackHeader(bytes.subarray(start, start + headerBytes));
  const nets = bytes.subarray(start + headerBytes, start + headerBytes + netBytes);
  const index = bytes.subarray(start + headerBytes + netBytes, reader.position);
  const segments = unpackIndex(index, reader, header.frames);
  return { version, header, nets, segments, chunks: readChunks(reader), bytes };
}

/**
 * The verified bytes of one segment.
 *
 * @throws FormatError `SEGMENT_DAMAGED` if the checksum does not match.
 */
export function segmentBytes(file: WeftFile, index: number): Uint8Array {
  const entry = file.segments[index];
  if (!entry) throw new RangeError(`no segment ${index}`);
  const bytes = file.bytes.subarray(entry.offset, entry.offset + entry.bytes);
  if (crc32c(bytes) !== entry.checksum) throw damaged('SEGMENT_DAMAGED', `segments.${index}`);
  return bytes;
}

function packIndex(segments: WeftParts['segments']): Uint8Array {
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
    writeVarint(writer, segment.bytes.length);
    writeVarint(writer, segment.frames);
    writer.word(crc32c(segment.bytes));
  }
  return writer.finish();
}

/** Reads the index and moves `file` behind the last segment. */
function unpackIndex(bytes: Uint8Array, file: ByteReader, frames: number): SegmentEntry[] {
  const reader = new ByteReader(bytes, 'index');
  const count = reader.varint();
  const entries: SegmentEntry[] = [];
  let startFrame = 0;
  for (let i = 0; i < count; i++) {
    const size = reader.varint();
    const entry = {
      startFrame,
      frames: reader.varint(),
      offset: file.position,
      bytes: size,
      checksum: reader.word(),
    };
    if (entry.frames < 1 || entry.frames > MAX_SEGMENT_FRAMES) {
      throw invalidIndex(`segment ${i} has ${entry.frames} frames`);
    }
    file.take(size);
    startFrame += entry.frames;
    entries.push(entry);
  }
  if (reader.left > 0) throw invalidIndex('there are bytes behind its last entry');
  if (startFrame !== frames) throw invalidIndex(`it has ${startFrame} frames, the header ${frames}`);
  return entries;
}

function packChunk(chunk: Chunk): Uint8Array {
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

/** Reads to the end of the file. The checksum of a chunk covers its name, length and bytes. */
function readChunks(reader: ByteReader): Chunk[] {
  const chunks: Chunk[] = [];
  while (reader.left > 0) {
    const start = reader.position;
    const name = String.fromCharCode(...reader.take(4));
    const bytes = reader.take(reader.varint());
    const checksum = crc32c(reader.bytes.subarray(start, reader.position));
    if (reader.word() !== checksum) throw damaged('CHUNK_DAMAGED', 'chunks');
    chunks.push({ name, bytes });
  }
  return chunks;
}

function checkMagic(bytes: Uint8Array): void {
  const known = Math.min(bytes.length, MAGIC.length);
  for (let i = 0; i < known; i++) {
    if (bytes[i] !== MAGIC[i]) throw foreign();
  }
  if (known === 0) throw foreign();
}

function readLimited(reader: ByteReader, part: string, limit: number): number {
  const size = reader.varint();
  if (size > limit) {
    throw new FormatError(`The ${part} of the file claims ${size} bytes.`, {
      code: 'FILE_LIMIT',
      hint: 'The file is damaged; fetch it again.',
      path: part,
      value: size,
      range: `0..${limit}`,
    });
  }
  return size;
}

function checkLimit(part: string, size: number, limit: number): void {
  if (size <= limit) return;
  throw new UsageError(`The ${part} would take ${size} bytes.`, {
    code: 'FILE_LIMIT',
    hint: `The format allows ${limit}.`,
    path: part,
    value: size,
    range: `0..${limit}`,
  });
}

function foreign(): FormatError {
  return new FormatError('This is not a .weft file.', {
    code: 'NOT_WEFT',
    hint: 'Give a file that was written by weft.',
  });
}

function newer(version: number): FormatError {
  return new FormatError(`The file has format version ${version}; this decoder knows ${FORMAT_VERSION}.`, {
    code: 'FORMAT_NEWER',
    hint: 'Update weft.',
    path: 'version',
    value: version,
    range: String(FORMAT_VERSION),
  });
}

function damaged(code: string, path: string): FormatError {
  return new FormatError(`The checksum of ${path} does not match.`, {
    code,
    hint: 'The file is damaged; fetch it again.',
    path,
  });
}

function invalidIndex(why: string): FormatError {
  return new FormatError(`The segment index is wrong: ${why}.`, {
    code: 'INDEX_INVALID',
    hint: 'The file is damaged or was written by a broken encoder; fetch it again.',
    path: 'index',
  });
}

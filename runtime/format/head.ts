/**
 * The head of a `.weft` file: all that a player needs before it asks for a segment.
 *
 *     +--------+---------+---------------+------------+--------------+---------+
 *     | magic 8| version | header bytes  | net bytes  | index bytes  | CRC u32 |   prelude (varints)
 *     +--------+---------+---------------+------------+--------------+---------+
 *     | header (msgpack) | nets | index |
 *     +------------------+------+-------+
 */

import { FormatError } from '../errors.js';
import { ByteReader } from './byteReader.js';
import { ByteWriter } from './byteWriter.js';
import { crc32c, verifyChecksum } from './crc32c.js';
import { type HeaderInput, MAX_HEADER_BYTES, packHeader, unpackHeader, type WeftHeader } from './header.js';
import {
  checkLimit,
  MAX_INDEX_BYTES,
  MAX_NET_BYTES,
  packIndex,
  type SegmentEntry,
  type SegmentSize,
  unpackIndex,
} from './segments.js';
import { MAX_VARINT_BYTES, readVarintIfThere, writeVarint } from './varint.js';

/** Not ASCII, spells WEFT, and breaks visibly when line ends are converted or the file is shown as text. */
export const MAGIC = Uint8Array.of(0x8f, 0x57, 0x45, 0x46, 0x54, 0x0d, 0x0a, 0x1a);
export const FORMAT_VERSION = 1;

/** The parts behind the prelude, in the order of their sizes in it. */
const PARTS = [
  { name: 'header', limit: MAX_HEADER_BYTES },
  { name: 'nets', limit: MAX_NET_BYTES },
  { name: 'index', limit: MAX_INDEX_BYTES },
] as const;
const CHECKSUM_BYTES = 4;

/** Longest prelude. No whole head is shorter: header and index take 18 bytes at least, and the shortest prelude 16. */
const MAX_PRELUDE_BYTES = MAGIC.length + (1 + PARTS.length) * MAX_VARINT_BYTES + CHECKSUM_BYTES;

/** A parsed head. Views into the bytes, nothing is copied. */
export interface WeftHead {
  readonly version: number;
  readonly header: WeftHeader;
  /** The net stream, see netCoder. */
  readonly nets: Uint8Array;
  readonly segments: readonly SegmentEntry[];
  /** Bytes of the head: where the first segment begins. */
  readonly headBytes: number;
  /** Where the last segment ends and the chunks begin, in bytes from the start of the file; may lie beyond 2^32. */
  readonly segmentsEnd: number;
}

/** The head; or, where the prefix is too short for it, how many bytes of the file to try with. */
export type HeadReading = { readonly head: WeftHead } | { readonly needed: number };

/** What `packHead` puts into a head. */
export interface HeadParts {
  readonly header: HeaderInput;
  /** From `writeNets`. */
  readonly nets: Uint8Array;
  readonly segments: readonly SegmentSize[];
}

/**
 * Bytes of a head.
 *
 * @throws UsageError `HEADER_FIELD`, `SEGMENT_FRAMES` or `FILE_LIMIT`
 * @throws RangeError as `packIndex`
 */
export function packHead({ header, nets, segments }: HeadParts): Uint8Array {
  const parts = [packHeader(header), nets, packIndex(segments)];
  for (const [i, { name, limit }] of PARTS.entries()) checkLimit(name, parts[i]!.length, limit);
  const writer = new ByteWriter();
  writer.bytes(MAGIC);
  writeVarint(writer, FORMAT_VERSION);
  for (const part of parts) writeVarint(writer, part.length);
  writer.word(parts.reduce((crc, part) => crc32c(part, crc), crc32c(writer.finish())));
  for (const part of parts) writer.bytes(part);
  return writer.finish();
}

/**
 * Reads the head from the first bytes of a file, however many there are. All that can be known from them is checked at once.
 *
 * A prefix that is too short is no error: `needed`, which is larger than the prefix, is then exact (`headBytes`) if the
 * prefix holds the prelude, and else 32, which does. So a prefix of a few thousand bytes mostly takes one reading, and any
 * takes at most three.
 *
 * @param fileBytes length of the whole file where it is known
 * @throws FormatError `NOT_WEFT`, `FORMAT_NEWER`, `VARINT_INVALID`, `FILE_LIMIT`, `PRELUDE_DAMAGED`, `HEADER_INVALID`,
 *   `HEADER_FIELD`, `INDEX_INVALID`; `FILE_TRUNCATED` if the index ends within an entry, or the file within a segment
 */
export function readHead(prefix: Uint8Array, fileBytes = Number.POSITIVE_INFINITY): HeadReading {
  checkMagic(prefix);
  const prelude = readPrelude(prefix);
  if (!prelude) return { needed: MAX_PRELUDE_BYTES };
  const { version, sizes, checksumAt } = prelude;
  const start = checksumAt + CHECKSUM_BYTES;
  const headBytes = sizes.reduce((end, size) => end + size, start);
  if (prefix.length < headBytes) return { needed: headBytes };
  const before = crc32c(prefix.subarray(0, checksumAt));
  const checksum = crc32c(prefix.subarray(start, headBytes), before);
  verifyChecksum(checksum, new ByteReader(prefix, 'file', checksumAt).word(), 'PRELUDE_DAMAGED', 'header');
  const reader = new ByteReader(prefix, 'file', start);
  const [headerBytes, nets, index] = sizes.map((size) => reader.take(size));
  const header = unpackHeader(headerBytes!);
  const segments = unpackIndex(index!, headBytes, header, fileBytes);
  const last = segments.at(-1);
  const segmentsEnd = last ? last.offset + last.bytes : headBytes;
  return { head: { version, header, nets: nets!, segments, headBytes, segmentsEnd } };
}

interface Prelude {
  readonly version: number;
  /** Bytes of each of `PARTS`. */
  readonly sizes: readonly number[];
  /** Place of the checksum. */
  readonly checksumAt: number;
}

/** Version and sizes; undefined if the bytes end before they are all there. */
function readPrelude(prefix: Uint8Array): Prelude | undefined {
  const reader = new ByteReader(prefix, 'file', MAGIC.length);
  const version = readVarintIfThere(reader);
  if (version === undefined) return undefined;
  if (version !== FORMAT_VERSION) throw newer(version);
  const sizes: number[] = [];
  for (const { name, limit } of PARTS) {
    const size = readVarintIfThere(reader);
    if (size === undefined) return undefined;
    if (size > limit) throw tooLarge(name, size, limit);
    sizes.push(size);
  }
  return { version, sizes, checksumAt: reader.position };
}

function checkMagic(prefix: Uint8Array): void {
  const known = Math.min(prefix.length, MAGIC.length);
  for (let i = 0; i < known; i++) {
    if (prefix[i] !== MAGIC[i]) throw foreign();
  }
}

/** What is thrown where the bytes are not those of a `.weft` file. */
export function foreign(): FormatError {
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

function tooLarge(part: string, size: number, limit: number): FormatError {
  return new FormatError(`The ${part} of the file claims ${size} bytes.`, {
    code: 'FILE_LIMIT',
    hint: 'The file is damaged; fetch it again.',
    path: part,
    value: size,
    range: `0..${limit}`,
  });
}

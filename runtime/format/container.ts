/**
 * The `.weft` file as a whole.
 *
 *     +------+-----------+-----------+-----+--------+
 *     | head | segment 0 | segment 1 | ... | chunks |
 *     +------+-----------+-----------+-----+--------+
 */

import { truncated } from './byteReader.js';
import type { ByteSource } from './byteSource.js';
import { ByteWriter } from './byteWriter.js';
import { type Chunk, packChunk, readChunks } from './chunks.js';
import { crc32c } from './crc32c.js';
import { foreign, packHead, readHead, type WeftHead } from './head.js';
import type { HeaderInput } from './header.js';
import { type SegmentSize, verifyNets, verifySegment } from './segments.js';

/** A file whose head was read. */
export interface WeftFile extends WeftHead {
  readonly source: ByteSource;
}

/** A segment on its way into a file. */
export interface SegmentParts {
  /** From `writeSegment`. */
  readonly bytes: Uint8Array;
  readonly frames: number;
  /** From `writeNets`, against the nets in the head; the same array for all segments that share them. Those in the head if left out. */
  readonly nets?: Uint8Array | undefined;
  /** Ticks that each frame is shown for; of all segments, and a tick in the header, or of none. */
  readonly durations?: readonly number[] | undefined;
}

/** What `writeWeft` puts into a file. */
export interface WeftParts {
  /** `frames` may be left out: it is the sum over the segments. */
  readonly header: Omit<HeaderInput, 'frames'> & { frames?: number };
  /** From `writeNets`. */
  readonly nets: Uint8Array;
  readonly segments: readonly SegmentParts[];
  readonly chunks?: readonly Chunk[];
}

/**
 * Bytes of a file.
 *
 * @throws UsageError `HEADER_FIELD`, `SEGMENT_FRAMES`, `FILE_LIMIT` or `CHUNK_NAME`
 */
export function writeWeft(parts: WeftParts): Uint8Array {
  const frames = parts.segments.reduce((sum, segment) => sum + segment.frames, 0);
  const segments: SegmentSize[] = [];
  const bodies: Uint8Array[] = [];
  for (const [i, segment] of parts.segments.entries()) {
    const { nets, durations } = segment;
    const shared = nets === parts.segments[i - 1]?.nets;
    if (nets && !shared) bodies.push(nets);
    bodies.push(segment.bytes);
    segments.push({
      ...{ frames: segment.frames, bytes: segment.bytes.length, checksum: crc32c(segment.bytes) },
      ...(durations && { durations }),
      nets: shared ? segments[i - 1]?.nets : nets && { bytes: nets.length, checksum: crc32c(nets) },
    });
  }
  const writer = new ByteWriter();
  writer.bytes(packHead({ header: { ...parts.header, frames }, nets: parts.nets, segments }));
  for (const body of bodies) writer.bytes(body);
  for (const chunk of parts.chunks ?? []) writer.bytes(packChunk(chunk));
  return writer.finish();
}

/** Bytes that are read first: the head of most films, whole. */
const FIRST_BYTES = 65536;

/**
 * Reads the head of a file and verifies it. Segments and chunks are not looked into yet.
 *
 * @throws FormatError as `readHead`; `FILE_TRUNCATED` if the file ends within the head or a segment
 */
export async function readWeft(source: ByteSource): Promise<WeftFile> {
  if (source.size === 0) throw foreign();
  for (let length = FIRST_BYTES; ; ) {
    const reading = readHead(await source.read(0, Math.min(length, source.size)), source.size);
    if ('head' in reading) return { ...reading.head, source };
    if (reading.needed > source.size) throw truncated('file');
    length = reading.needed;
  }
}

/**
 * The verified bytes of one segment.
 *
 * @throws FormatError `SEGMENT_DAMAGED` if the checksum does not match.
 */
export async function segmentBytes({ source, segments }: WeftFile, index: number): Promise<Uint8Array> {
  const entry = segments[index];
  if (!entry) throw new RangeError(`no segment ${index}`);
  return verifySegment(await source.read(entry.offset, entry.bytes), entry, index);
}

/**
 * The verified bytes of the nets that a segment is read with, where those are not in the head.
 *
 * @throws FormatError `SEGMENT_DAMAGED` if the checksum does not match.
 */
export async function segmentNetBytes(
  { source, segments }: WeftFile,
  index: number,
): Promise<Uint8Array | undefined> {
  const nets = segments[index]?.nets;
  if (!nets) return undefined;
  return verifyNets(await source.read(nets.offset, nets.bytes), nets, index);
}

/**
 * The verified chunks behind the segments.
 *
 * @throws FormatError as `readChunks`
 */
export async function fileChunks({ source, segmentsEnd }: WeftFile): Promise<Chunk[]> {
  return readChunks(await source.read(segmentsEnd, source.size - segmentsEnd));
}

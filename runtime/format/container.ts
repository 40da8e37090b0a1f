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
  /** From `writeNets`, against the prior; the same array for all segments that share them. Those in the head if left out. */
  readonly nets?: Uint8Array | undefined;
  /** Ticks that each frame is shown for; of all segments, and a tick in the header, or of none. */
  readonly durations?: readonly number[] | undefined;
}

/** What is known of a segment before its bytes are wanted. */
export interface SegmentOutline extends Omit<SegmentParts, 'bytes'> {
  readonly bytes: number;
  /** CRC-32C of its bytes. */
  readonly checksum: number;
}

/** What is known of a file before its segments are wanted. */
export interface WeftOutline<Segment = SegmentOutline> {
  /** `frames` may be left out: it is the sum over the segments. */
  readonly header: Omit<HeaderInput, 'frames'> & { frames?: number };
  /** From `writeNets`. */
  readonly nets: Uint8Array;
  readonly segments: readonly Segment[];
  readonly chunks?: readonly Chunk[];
}

/** What `writeWeft` puts into a file. */
export type WeftParts = WeftOutline<SegmentParts>;

/** What is written about a segment. */
export function outlineOf(bytes: Uint8Array): Pick<SegmentOutline, 'bytes' | 'checksum'> {
  return { bytes: bytes.length, checksum: crc32c(bytes) };
}

/**
 * Bytes of a file.
 *
 * @throws UsageError `HEADER_FIELD`, `SEGMENT_FRAMES`, `FILE_LIMIT` or `CHUNK_NAME`
 */
export function writeWeft(parts: WeftParts): Uint8Array {
  const segments = parts.segments.map((segment) => ({ ...segment, ...outlineOf(segment.bytes) }));
  const { head, netsBefore, tail } = layOut({ ...parts, segments });
  const writer = new ByteWriter();
  writer.bytes(head);
  for (const [i, { bytes }] of parts.segments.entries()) {
    writer.bytes(netsBefore[i]!);
    writer.bytes(bytes);
  }
  for (const chunk of tail) writer.bytes(chunk);
  return writer.finish();
}

/** A file that is written piece by piece: no more than one segment need be in memory. */
export interface PlannedFile {
  /** Bytes of the whole file. */
  readonly size: number;
  /**
   * Its bytes, in order.
   *
   * @param bodies of the segments, in order
   * @throws RangeError if a body is not the one that was outlined
   */
  pieces(bodies: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined>;
}

/**
 * Plans a file.
 *
 * @throws as `writeWeft`
 */
export function planWeft(outline: WeftOutline): PlannedFile {
  const { segments } = outline;
  const { head, netsBefore, tail } = layOut(outline);
  const around = [head, ...netsBefore, ...tail].reduce((sum, { length }) => sum + length, 0);
  return {
    size: segments.reduce((sum, { bytes }) => sum + bytes, around),
    async *pieces(bodies) {
      yield head;
      let index = 0;
      for await (const body of bodies) {
        if (crc32c(body) !== segments[index]?.checksum)
          throw new RangeError(`segment ${index} is another one`);
        yield netsBefore[index++]!;
        yield body;
      }
      if (index < segments.length) throw new RangeError(`there are only ${index} segments`);
      yield* tail;
    },
  };
}

/** All of a file but the bodies of its segments. */
interface Layout {
  readonly head: Uint8Array;
  /** The nets that lie before each segment, mostly none. */
  readonly netsBefore: readonly Uint8Array[];
  /** What lies behind the segments. */
  readonly tail: readonly Uint8Array[];
}

function layOut({ header, nets, segments, chunks = [] }: WeftOutline): Layout {
  const frames = segments.reduce((sum, segment) => sum + segment.frames, 0);
  const sizes: SegmentSize[] = [];
  const netsBefore: Uint8Array[] = [];
  for (const [i, { nets, durations, bytes, frames, checksum }] of segments.entries()) {
    const shared = nets === segments[i - 1]?.nets;
    netsBefore.push((!shared && nets) || new Uint8Array(0));
    sizes.push({
      ...{ bytes, frames, checksum },
      ...(durations && { durations }),
      nets: shared ? sizes[i - 1]?.nets : nets && outlineOf(nets),
    });
  }
  const head = packHead({ header: { ...header, frames }, nets, segments: sizes });
  return { head, netsBefore, tail: chunks.map(packChunk) };
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

/**
 * The `.weft` file as a whole.
 *
 *     +------+-----------+-----------+-----+--------+
 *     | head | segment 0 | segment 1 | ... | chunks |
 *     +------+-----------+-----------+-----+--------+
 */

import type { ByteSource } from '../source/byteSource.js';
import { truncated } from './byteReader.js';
import { ByteWriter } from './byteWriter.js';
import {
  type Chunk,
  type ChunkOutline,
  chunkPieces,
  packChunk,
  planChunk,
  readChunk,
  type StreamedChunk,
  walkChunks,
} from './chunks.js';
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
export interface WeftOutline<Segment = SegmentOutline, Behind = Chunk | StreamedChunk> {
  /** `frames` may be left out: it is the sum over the segments. */
  readonly header: Omit<HeaderInput, 'frames'> & { frames?: number };
  /** From `writeNets`. */
  readonly nets: Uint8Array;
  readonly segments: readonly Segment[];
  readonly chunks?: readonly Behind[];
}

/** What `writeWeft` puts into a file. */
export type WeftParts = WeftOutline<SegmentParts, Chunk>;

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
  const { head, netsBefore } = layOut({ ...parts, segments });
  const writer = new ByteWriter();
  writer.bytes(head);
  for (const [i, { bytes }] of parts.segments.entries()) {
    writer.bytes(netsBefore[i]!);
    writer.bytes(bytes);
  }
  for (const chunk of parts.chunks ?? []) writer.bytes(packChunk(chunk));
  return writer.finish();
}

/** A file that is written piece by piece: no more than one segment, or a piece of a chunk, need be in memory. */
export interface PlannedFile {
  /** Bytes of the whole file. */
  readonly size: number;
  /**
   * Its bytes, in order.
   *
   * @param bodies of the segments, in order
   * @throws RangeError if a body is not the one that was outlined, or a chunk is not as long as it was said to be
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
  const { head, netsBefore } = layOut(outline);
  const tail = (outline.chunks ?? []).map(planChunk);
  const sizes = [head, ...netsBefore].map(({ length }) => length);
  sizes.push(...segments.map(({ bytes }) => bytes), ...tail.map(({ size }) => size));
  return {
    size: sizes.reduce((sum, size) => sum + size),
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
      for (const chunk of tail) yield* chunk.pieces();
    },
  };
}

/** All of a file before its chunks, but the bodies of its segments. */
interface Layout {
  readonly head: Uint8Array;
  /** The nets that lie before each segment, mostly none. */
  readonly netsBefore: readonly Uint8Array[];
}

function layOut({ header, nets, segments }: WeftOutline): Layout {
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
  return { head, netsBefore };
}

/** Bytes that are read first: the head of most films, whole. */
const FIRST_BYTES = 65536;

/**
 * Reads the head of a file and verifies it. Segments and chunks are not looked into yet.
 *
 * @throws FormatError as `readHead`; `FILE_TRUNCATED` if the file ends within the head or a segment
 */
export async function readWeft(source: ByteSource, signal?: AbortSignal): Promise<WeftFile> {
  if (source.size === 0) throw foreign();
  for (let length = FIRST_BYTES; ; ) {
    const reading = readHead(await source.read(0, Math.min(length, source.size), signal), source.size);
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
export async function segmentBytes(
  { source, segments }: WeftFile,
  index: number,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const entry = segments[index];
  if (!entry) throw new RangeError(`no segment ${index}`);
  return verifySegment(await source.read(entry.offset, entry.bytes, signal), entry, index);
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
 * Starts fetching the bytes of a segment and of its nets, where that takes a while.
 *
 * @param index of the segment; nothing is done for one that is not there
 */
export function prefetchSegment({ source, segments }: WeftFile, index: number): void {
  const entry = segments[index];
  if (!entry) return;
  if (entry.nets) source.prefetch?.(entry.nets.offset, entry.nets.bytes);
  source.prefetch?.(entry.offset, entry.bytes);
}

/**
 * What lies behind the segments, without reading it.
 *
 * @throws FormatError as `walkChunks`
 */
export async function chunkOutlines(
  { source, segmentsEnd }: WeftFile,
  signal?: AbortSignal,
): Promise<ChunkOutline[]> {
  const outlines: ChunkOutline[] = [];
  for await (const outline of walkChunks(source, segmentsEnd, signal)) outlines.push(outline);
  return outlines;
}

/**
 * The same, for another file to take: bytes are read when they are wanted, a MiB at a time.
 *
 * @throws FormatError as `walkChunks`; `CHUNK_DAMAGED` behind the last piece of one
 */
export async function streamedChunks(file: WeftFile, signal?: AbortSignal): Promise<StreamedChunk[]> {
  const outlines = await chunkOutlines(file, signal);
  return outlines.map((outline) => ({
    ...{ name: outline.name, size: outline.bytes },
    pieces: () => chunkPieces(file.source, outline, signal),
  }));
}

/**
 * The verified chunks behind the segments, all in memory.
 *
 * @throws FormatError as `walkChunks` and `readChunk`
 */
export async function fileChunks({ source, segmentsEnd }: WeftFile, signal?: AbortSignal): Promise<Chunk[]> {
  const chunks: Chunk[] = [];
  for await (const outline of walkChunks(source, segmentsEnd, signal))
    chunks.push(await readChunk(source, outline, signal));
  return chunks;
}

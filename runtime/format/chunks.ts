/**
 * Chunks: whatever a file carries behind its last segment, one after the other to its end.
 *
 *     +---------+------------------+-------+---------+
 *     | name 4  | length (varint)  | bytes | CRC u32 |   the checksum is of all before it
 *     +---------+------------------+-------+---------+
 */

import { UsageError } from '../errors.js';
import type { ByteSource } from '../source/byteSource.js';
import { ByteReader, truncated } from './byteReader.js';
import { ByteWriter } from './byteWriter.js';
import { crc32c, verifyChecksum } from './crc32c.js';
import { MAX_VARINT_BYTES, readVarint, writeVarint } from './varint.js';

/** Something that pictures do not need. */
export interface Chunk {
  /** Four ASCII letters; of a file that was read, any four characters up to U+00FF. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** The same, for bytes that need not be in memory at once. */
export interface StreamedChunk {
  readonly name: string;
  /** Bytes of all pieces, 0..2^32-1. */
  readonly size: number;
  /** Its bytes, in order; may be called more than once. */
  pieces(): AsyncIterable<Uint8Array>;
}

/** Where a chunk lies in a file. */
export interface ChunkOutline {
  /** Any four characters up to U+00FF. */
  readonly name: string;
  /** Of its name, in bytes from the start of the file. */
  readonly start: number;
  /** Of its bytes, in bytes from the start of the file. */
  readonly offset: number;
  /** How many these are, 0..2^32-1. */
  readonly bytes: number;
}

const NAME_BYTES = 4;
const CHECKSUM_BYTES = 4;
/** Longest name and length. */
const MAX_HEAD_BYTES = NAME_BYTES + MAX_VARINT_BYTES;

/** Read at once where names and lengths are looked for: several small chunks. */
const WALK_BYTES = 4096;

/** Read of a chunk at a time: large enough for a network, little beside pictures. */
const PIECE_BYTES = 2 ** 20;

/**
 * Bytes of a chunk.
 *
 * @throws UsageError `CHUNK_NAME` if the name is not four ASCII letters.
 */
export function packChunk({ name, bytes }: Chunk): Uint8Array {
  const head = packChunkHead(name, bytes.length);
  const writer = new ByteWriter();
  writer.bytes(head);
  writer.bytes(bytes);
  writer.word(crc32c(bytes, crc32c(head)));
  return writer.finish();
}

/** A chunk on its way into a file. */
export interface PlannedChunk {
  /** In the file, with name, length and checksum. */
  readonly size: number;
  /** @throws RangeError if its pieces are not as long as they were said to be */
  pieces(): AsyncGenerator<Uint8Array, void, undefined>;
}

/**
 * Plans the bytes of a chunk.
 *
 * @throws as `packChunk`
 */
export function planChunk(chunk: Chunk | StreamedChunk): PlannedChunk {
  const { name, size, pieces } = streamed(chunk);
  const head = packChunkHead(name, size);
  return {
    size: head.length + size + CHECKSUM_BYTES,
    async *pieces() {
      yield head;
      let [checksum, length] = [crc32c(head), 0];
      for await (const piece of pieces()) {
        checksum = crc32c(piece, checksum);
        length += piece.length;
        yield piece;
      }
      if (length !== size) throw new RangeError(`the chunk ${name} has ${length} bytes, not ${size}`);
      const writer = new ByteWriter();
      writer.word(checksum);
      yield writer.finish();
    },
  };
}

/** A chunk whose bytes may be in memory, as one whose bytes may not. */
export function streamed(chunk: Chunk | StreamedChunk): StreamedChunk {
  if ('pieces' in chunk) return { name: chunk.name, size: chunk.size, pieces: () => chunk.pieces() };
  const { name, bytes } = chunk;
  return {
    ...{ name, size: bytes.length },
    async *pieces() {
      yield bytes;
    },
  };
}

function packChunkHead(name: string, size: number): Uint8Array {
  if (!/^[A-Za-z]{4}$/.test(name)) {
    throw new UsageError(`A chunk cannot be called ${JSON.stringify(name)}.`, {
      code: 'CHUNK_NAME',
      hint: 'Use four ASCII letters.',
      path: 'chunks.name',
      value: name,
    });
  }
  const writer = new ByteWriter();
  for (const letter of name) writer.byte(letter.charCodeAt(0));
  writeVarint(writer, size);
  return writer.finish();
}

/**
 * Walks from chunk to chunk, to the end, by names and lengths: what is between is not read.
 *
 * @param start where the last segment ends
 * @throws FormatError `FILE_TRUNCATED` or `VARINT_INVALID`
 */
export async function* walkChunks(
  source: ByteSource,
  start: number,
  signal?: AbortSignal,
): AsyncGenerator<ChunkOutline, void, undefined> {
  let window = { offset: start, bytes: new Uint8Array(0) as Uint8Array };
  for (let at = start; at < source.size; ) {
    const needed = Math.min(at + MAX_HEAD_BYTES, source.size);
    if (needed > window.offset + window.bytes.length)
      window = { offset: at, bytes: await source.read(at, WALK_BYTES, signal) };
    const reader = new ByteReader(window.bytes, 'chunks', at - window.offset);
    const name = String.fromCharCode(...reader.take(NAME_BYTES));
    const bytes = readVarint(reader);
    const outline = { name, start: at, offset: window.offset + reader.position, bytes };
    at = outline.offset + bytes + CHECKSUM_BYTES;
    if (at > source.size) throw truncated('chunks');
    yield outline;
  }
}

/**
 * The verified bytes of one chunk.
 *
 * @throws FormatError `CHUNK_DAMAGED`; `FILE_TRUNCATED` if the source ends before it
 */
export async function readChunk(
  source: ByteSource,
  { name, start, offset, bytes }: ChunkOutline,
  signal?: AbortSignal,
): Promise<Chunk> {
  const [head, end] = [offset - start, offset - start + bytes];
  const all = await source.read(start, end + CHECKSUM_BYTES, signal);
  if (all.length < end + CHECKSUM_BYTES) throw truncated('chunks');
  verify(crc32c(all.subarray(0, end)), all.subarray(end));
  return { name, bytes: all.subarray(head, end) };
}

/**
 * The same, a MiB at a time. The checksum is behind the bytes: they are only good when the last one was followed by no error.
 *
 * @throws as `readChunk`, behind the last piece
 */
export async function* chunkPieces(
  source: ByteSource,
  { start, offset, bytes }: ChunkOutline,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  const end = offset + bytes;
  let checksum = 0;
  for (let at = start; at < end; at += PIECE_BYTES) {
    const next = Math.min(at + PIECE_BYTES, end);
    const reading = source.read(at, next - at, signal);
    source.prefetch?.(next, Math.min(PIECE_BYTES, end - next) + CHECKSUM_BYTES);
    const piece = await reading;
    if (piece.length < next - at) throw truncated('chunks');
    checksum = crc32c(piece, checksum);
    if (next > offset) yield piece.subarray(Math.max(0, offset - at));
  }
  verify(checksum, await source.read(end, CHECKSUM_BYTES, signal));
}

function verify(checksum: number, stored: Uint8Array): void {
  verifyChecksum(checksum, new ByteReader(stored, 'chunks').word(), 'CHUNK_DAMAGED', 'chunks');
}

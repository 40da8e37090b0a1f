/**
 * The bytes of a file by part, damaged files too: what the mutator takes apart, puts together again, and makes the checksums
 * right of. It reads by FORMAT.md (section 2) and shares no reader with the decoder that it tests.
 */

import { crc32c } from '../../runtime/format/crc32c.js';

const MAGIC_BYTES = 8;
const CHECKSUM_BYTES = 4;
const CHUNK_NAME_BYTES = 4;
/** Added to the frames of a segment that brings nets. */
const BRINGS_NETS = 512;

export interface SegmentPart {
  frames: number;
  bytes: Uint8Array;
  /** Nets that it brings. */
  nets?: Uint8Array;
}

export interface ChunkPart {
  name: Uint8Array;
  bytes: Uint8Array;
}

export interface FileParts {
  version: number;
  header: Uint8Array;
  nets: Uint8Array;
  segments: SegmentPart[];
  chunks: ChunkPart[];
}

/** Numbers that a file says about itself and that are not what it is; the true ones by default. */
export interface Lies {
  headerBytes?: number;
  netBytes?: number;
  indexBytes?: number;
  segmentCount?: number;
  /** By segment. */
  segmentBytes?: ReadonlyMap<number, number>;
  /** By chunk. */
  chunkBytes?: ReadonlyMap<number, number>;
  /** Bytes behind the last entry of the index. */
  indexTail?: Uint8Array;
}

/** Where a part lies, and its checksum. */
interface Place {
  checksumAt: number;
  start: number;
  end: number;
}

interface Entry extends Place {
  frames: number;
  nets?: Place;
}

/** Where the parts of a file lie. */
interface Layout {
  version: number;
  checksumAt: number;
  headerAt: number;
  netsAt: number;
  indexAt: number;
  indexEnd: number;
  entries: Entry[];
  chunks: { start: number; dataAt: number; end: number }[];
}

/** @throws RangeError if the file is too damaged to be taken apart. */
export function partsOf(file: Uint8Array): FileParts {
  const layout = layoutOf(file);
  if (!layout) throw new RangeError('the file has no parts');
  return {
    version: layout.version,
    header: file.slice(layout.headerAt, layout.netsAt),
    nets: file.slice(layout.netsAt, layout.indexAt),
    segments: layout.entries.map(({ frames, start, end, nets }) => ({
      ...{ frames, bytes: file.slice(start, end) },
      ...(nets && { nets: file.slice(nets.start, nets.end) }),
    })),
    chunks: layout.chunks.map(({ start, dataAt, end }) => ({
      name: file.slice(start, start + CHUNK_NAME_BYTES),
      bytes: file.slice(dataAt, end),
    })),
  };
}

/** The file of these parts with right checksums. */
export function assemble(magic: Uint8Array, parts: FileParts, lies: Lies = {}): Uint8Array {
  const index = [varint(lies.segmentCount ?? parts.segments.length)];
  for (const [i, { frames, bytes, nets }] of parts.segments.entries()) {
    index.push(varint(lies.segmentBytes?.get(i) ?? bytes.length));
    if (nets) index.push(varint(frames + BRINGS_NETS), varint(nets.length), word(crc32c(nets)));
    else index.push(varint(frames));
    index.push(word(crc32c(bytes)));
  }
  const body = [
    parts.header,
    parts.nets,
    concatenate([...index, lies.indexTail ?? new Uint8Array(0)]),
  ] as const;
  const prelude = concatenate([
    magic,
    varint(parts.version),
    varint(lies.headerBytes ?? body[0].length),
    varint(lies.netBytes ?? body[1].length),
    varint(lies.indexBytes ?? body[2].length),
  ]);
  const checksum = word(crc32c(concatenate(body), crc32c(prelude)));
  const chunks = parts.chunks.map((chunk, i) => packChunk(chunk, lies.chunkBytes?.get(i)));
  const segments = parts.segments.flatMap(({ bytes, nets }) => (nets ? [nets, bytes] : [bytes]));
  return concatenate([prelude, checksum, ...body, ...segments, ...chunks]);
}

/** Makes the checksums right of all parts that can be found, in place. */
export function repairChecksums(file: Uint8Array): void {
  const layout = layoutOf(file);
  if (!layout) return;
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const places = layout.entries.flatMap((entry) => (entry.nets ? [entry.nets, entry] : [entry]));
  for (const { checksumAt, start, end } of places) {
    view.setUint32(checksumAt, crc32c(file.subarray(start, end)), true);
  }
  const before = crc32c(file.subarray(0, layout.checksumAt));
  const body = file.subarray(layout.headerAt, layout.indexEnd);
  view.setUint32(layout.checksumAt, crc32c(body, before), true);
  for (const { start, end } of layout.chunks) view.setUint32(end, crc32c(file.subarray(start, end)), true);
}

/** Parts as far as they lie inside of the file; undefined if the index does not. */
function layoutOf(file: Uint8Array): Layout | undefined {
  const reader = new Reader(file, MAGIC_BYTES);
  const [version, headerBytes, netBytes, indexBytes] = [0, 1, 2, 3].map(() => reader.varint());
  const checksumAt = reader.at;
  const headerAt = checksumAt + CHECKSUM_BYTES;
  const netsAt = headerAt + headerBytes!;
  const indexAt = netsAt + netBytes!;
  const indexEnd = indexAt + indexBytes!;
  if (!(indexEnd <= file.length)) return undefined;
  const layout = { version: version!, checksumAt, headerAt, netsAt, indexAt, indexEnd };
  return { ...layout, ...bodyOf(file, indexAt, indexEnd) };
}

function bodyOf(file: Uint8Array, indexAt: number, indexEnd: number): Pick<Layout, 'entries' | 'chunks'> {
  const index = new Reader(file.subarray(0, indexEnd), indexAt);
  const entries: Layout['entries'] = [];
  let start = indexEnd;
  for (let left = index.varint(); left > 0; left--) {
    const bytes = index.varint();
    const coded = index.varint();
    const entry: Entry = { frames: coded, checksumAt: 0, start, end: 0 };
    if (coded >= BRINGS_NETS) {
      entry.frames -= BRINGS_NETS;
      entry.start += index.varint();
      entry.nets = { checksumAt: index.at, start, end: entry.start };
      index.at += CHECKSUM_BYTES;
    }
    entry.checksumAt = index.at;
    entry.end = entry.start + bytes;
    index.at += CHECKSUM_BYTES;
    if (!(index.at <= indexEnd && entry.end <= file.length)) return { entries, chunks: [] };
    entries.push(entry);
    start = entry.end;
  }
  return { entries, chunks: chunksFrom(file, start) };
}

function chunksFrom(file: Uint8Array, from: number): Layout['chunks'] {
  const chunks: Layout['chunks'] = [];
  for (let start = from; start < file.length; ) {
    const reader = new Reader(file, start + CHUNK_NAME_BYTES);
    const length = reader.varint();
    const dataAt = reader.at;
    const end = dataAt + length;
    if (!(end + CHECKSUM_BYTES <= file.length)) break;
    chunks.push({ start, dataAt, end });
    start = end + CHECKSUM_BYTES;
  }
  return chunks;
}

function packChunk({ name, bytes }: ChunkPart, claimed = bytes.length): Uint8Array {
  const covered = concatenate([name, varint(claimed), bytes]);
  return concatenate([covered, word(crc32c(covered))]);
}

/** Reads varints; NaN, which no comparison lets pass, where there is none. */
class Reader {
  constructor(
    readonly bytes: Uint8Array,
    public at: number,
  ) {}

  varint(): number {
    let value = 0;
    for (let scale = 1; scale < 2 ** 35; scale *= 128) {
      const byte = this.bytes[this.at++];
      if (byte === undefined) return Number.NaN;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
    return Number.NaN;
  }
}

/** Unsigned LEB128 of any number up to 2^53, legal or not. */
export function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Uint8Array.of(...bytes, rest);
}

function word(value: number): Uint8Array {
  return Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24);
}

export function concatenate(list: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(list.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const bytes of list) {
    out.set(bytes, at);
    at += bytes.length;
  }
  return out;
}

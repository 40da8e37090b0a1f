/** Golden files with one thing wrong with each, and the code of the error with which they must be refused. */

import { Packr } from 'msgpackr';
import { RangeEncoder } from '../../runtime/entropy/rangeCoder.js';
import { assemble, type FileParts, type Lies, partsOf } from '../fuzz/fileParts.js';

/** A mistake in a file. */
export interface Refusal {
  /** Of FORMAT.md, section 14. */
  readonly code: string;
  readonly what: string;
  /** The file with the mistake. */
  readonly make: (golden: Uint8Array) => Uint8Array;
}

const MAGIC_BYTES = 8;
/** Frames of a golden file, all in one segment. */
const FRAMES = 6;

const headerPackr = new Packr({ useRecords: false, mapsAsObjects: false });

/** The file with other parts, whose checksums are right, and with what it wrongly says of them. */
function withParts(change: (parts: FileParts) => Partial<FileParts>, lies?: Lies): Refusal['make'] {
  return (golden) => {
    const parts = partsOf(golden);
    return assemble(golden.slice(0, MAGIC_BYTES), { ...parts, ...change(parts) }, lies);
  };
}

/** The file with other header fields, by key. */
function withFields(fields: readonly (readonly [key: number, value: unknown])[]): Refusal['make'] {
  return withParts(({ header }) => {
    const map = headerPackr.unpack(header) as Map<number, unknown>;
    for (const [key, value] of fields) map.set(key, value);
    return { header: Uint8Array.from(headerPackr.pack(map)) };
  });
}

/** The file with another segment. */
function withSegment(...bytes: number[]): Refusal['make'] {
  return withParts(() => ({ segments: [{ frames: FRAMES, bytes: Uint8Array.from(bytes) }] }));
}

/** The file with other bytes at a place; checksums stay as they are. */
function withBytes(place: number, ...bytes: number[]): Refusal['make'] {
  return (golden) => {
    const changed = golden.slice();
    changed.set(bytes, place < 0 ? golden.length + place : place);
    return changed;
  };
}

function netsOf(...numbers: readonly (readonly [value: number, bits: number])[]): Uint8Array {
  const encoder = new RangeEncoder();
  for (const [value, bits] of numbers) encoder.bits(value, bits);
  return encoder.finish();
}

const KEY = { width: 0, height: 1, frames: 2, prior: 12, tick: 20 };
/** A head of one stream: anchor distance 4, no first anchor, base exponent 0. */
const PLAIN_HEAD = [4, 0, 1, FRAMES];

export const REFUSALS: readonly Refusal[] = [
  { code: 'NOT_WEFT', what: 'another magic', make: withBytes(0, 0x52, 0x49, 0x46, 0x46) },
  {
    code: 'NOT_WEFT',
    what: 'line ends of a text transfer',
    make: (golden) => golden.filter((byte) => byte !== 13),
  },
  { code: 'FORMAT_NEWER', what: 'version 2', make: withParts(() => ({ version: 2 })) },
  { code: 'FILE_TRUNCATED', what: 'no last byte', make: (golden) => golden.slice(0, -1) },
  {
    code: 'FILE_LIMIT',
    what: 'nets beyond 65536 bytes',
    make: withParts(() => ({ nets: new Uint8Array(65537) })),
  },
  { code: 'VARINT_INVALID', what: 'a size of 35 bits', make: withBytes(9, 255, 255, 255, 255, 127) },
  {
    code: 'PRELUDE_DAMAGED',
    what: 'a header that its checksum does not fit',
    make: (golden) => {
      const { nets, segments } = partsOf(golden);
      const behind = nets.length + segments[0]!.bytes.length;
      return withBytes(-1 - behind, 0x7f)(golden);
    },
  },
  {
    code: 'HEADER_INVALID',
    what: 'a list for a header',
    make: withParts(() => ({ header: Uint8Array.of(0x92, 40, 33) })),
  },
  { code: 'HEADER_FIELD', what: 'a width of 15', make: withFields([[KEY.width, 15]]) },
  { code: 'INDEX_INVALID', what: 'frames that do not add up', make: withFields([[KEY.frames, FRAMES + 1]]) },
  {
    code: 'INDEX_INVALID',
    what: 'a byte behind the index',
    make: withParts(() => ({}), { indexTail: Uint8Array.of(0) }),
  },
  { code: 'FILE_TRUNCATED', what: 'a tick, and no durations', make: withFields([[KEY.tick, [1, 1000]]]) },
  ...(
    [
      ['a frame of no ticks', [2, 80, 4, 79]],
      ['durations of a frame too many', [FRAMES + 1, 80]],
      ['a run of no frames', [0, 80, FRAMES, 0]],
    ] as const
  ).map(([what, durations]) => ({
    code: 'INDEX_INVALID',
    what,
    make: (golden: Uint8Array) =>
      withParts(() => ({}), { indexTail: Uint8Array.from(durations) })(
        withFields([[KEY.tick, [1, 1000]]])(golden),
      ),
  })),
  {
    code: 'CHUNK_DAMAGED',
    what: 'a chunk with a wrong checksum',
    make: (golden) => Uint8Array.of(...golden, 65, 85, 68, 73, 1, 7, 0, 0, 0, 0),
  },
  { code: 'PRIOR_UNKNOWN', what: 'prior 9', make: withFields([[KEY.prior, 9]]) },
  {
    code: 'NETS_INVALID',
    what: 'steps of 2^-9 in a context net',
    make: withParts(() => ({ nets: netsOf([9, 4]) })),
  },
  {
    code: 'FILM_TOO_LARGE',
    what: 'six frames of 16384 x 16384',
    make: withFields([
      [KEY.width, 16384],
      [KEY.height, 16384],
    ]),
  },
  { code: 'SEGMENT_DAMAGED', what: 'a last byte that the checksum does not fit', make: withBytes(-1, 0) },
  {
    code: 'SEGMENT_FIELD',
    what: 'an anchor distance of 3',
    make: withSegment(3, 0, 1, FRAMES),
  },
  {
    code: 'SEGMENT_FIELD',
    what: 'a base exponent of 97',
    make: withSegment(4, 0xc2, 1, 1, FRAMES),
  },
  { code: 'SEGMENT_FIELD', what: 'no streams', make: withSegment(4, 0, 0) },
  {
    code: 'SEGMENT_FIELD',
    what: 'nodes that do not add up',
    make: withSegment(4, 0, 1, FRAMES - 1),
  },
  {
    code: 'LATENT_RANGE',
    what: 'an endless prefix in a stream',
    make: withSegment(...PLAIN_HEAD),
  },
];

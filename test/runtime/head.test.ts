import { describe, expect, it } from 'vitest';
import { packChunk } from '../../runtime/format/chunks.js';
import { fileChunks, readWeft, segmentBytes, writeWeft } from '../../runtime/format/container.js';
import { type HeadReading, packHead, readHead, type WeftHead } from '../../runtime/format/head.js';
import { verifySegment } from '../../runtime/format/segments.js';
import { bytesSource } from '../../runtime/source/byteSource.js';
import { GOLDEN_FILES, goldenBytes } from './goldenFiles.js';
import { randomTensors, sampleFilm } from './sampleSegments.js';

const code = (name: string) => expect.objectContaining({ code: name });

/** The shortest header: what a caller must give, in the fewest bytes. */
const header = { width: 16, height: 16, rate: [1, 1] as [number, number] };
const nets = new Uint8Array(0);

/** Films with heads of many shapes: the golden files, the shortest head of all, a long index, chunks behind. */
const films: [string, Uint8Array][] = [
  ...GOLDEN_FILES.map(({ name }): [string, Uint8Array] => [name, goldenBytes(name)]),
  ['the shortest head', writeWeft({ header, nets, segments: [{ frames: 1, bytes: nets }] })],
  [
    'an index of 300 segments',
    writeWeft({
      header,
      nets: Uint8Array.of(1, 2, 3),
      segments: Array.from({ length: 300 }, (_, i) => ({
        frames: 1 + (i % 256),
        bytes: new Uint8Array(i % 3),
      })),
      chunks: [{ name: 'AUDI', bytes: Uint8Array.of(4, 5) }],
    }),
  ],
];

const neededOf = (reading: HeadReading): number => ('needed' in reading ? reading.needed : 0);

/** The head of a film, of which at least so many bytes are at hand at first; and the readings that it took. */
function fetchHead(bytes: Uint8Array, first: number): { head: WeftHead; readings: number } {
  let reading = readHead(bytes.subarray(0, first));
  let readings = 1;
  for (; 'needed' in reading; readings++) reading = readHead(bytes.subarray(0, reading.needed));
  return { head: reading.head, readings };
}

describe.each(films)('the head of %s', async (_, bytes) => {
  const file = await readWeft(bytesSource(bytes));
  const { source: _source, ...whole } = file;

  it('is read from every prefix that holds it, and from no shorter one', () => {
    for (let length = 0; length < whole.headBytes; length++) {
      const needed = neededOf(readHead(bytes.subarray(0, length)));
      expect(needed).toBeGreaterThan(length);
      expect([32, whole.headBytes]).toContain(needed);
    }
    for (const more of [0, 1, 2, 9, bytes.length - whole.headBytes]) {
      expect(readHead(bytes.subarray(0, whole.headBytes + more))).toEqual({ head: whole });
    }
  });

  it('says exactly how long it is as soon as it can, within 32 bytes', () => {
    const exact = Array.from({ length: whole.headBytes }, (_, length) => length).filter(
      (length) => neededOf(readHead(bytes.subarray(0, length))) === whole.headBytes,
    );
    const first = exact[0] ?? 0;
    expect(first).toBeLessThan(32);
    expect(whole.headBytes).toBeGreaterThan(32);
    expect(exact).toEqual(Array.from({ length: whole.headBytes - first }, (_, i) => first + i));
  });

  it('takes three readings at most, two from 32 bytes on, one where the prefix holds it', () => {
    for (const [first, most] of [
      [0, 3],
      [20, 3],
      [32, 2],
      [whole.headBytes, 1],
    ] as const) {
      const { head, readings } = fetchHead(bytes, first);
      expect(head).toEqual(whole);
      expect(readings).toBeLessThanOrEqual(most);
    }
  });

  it('says where segments and chunks are, so that each can be had by its own bytes', async () => {
    const { head } = fetchHead(bytes, 0);
    let end = head.headBytes;
    for (const [index, entry] of head.segments.entries()) {
      expect(entry.offset).toBe(end);
      end += entry.bytes;
      const range = bytes.slice(entry.offset, end);
      expect(verifySegment(range, entry, index)).toEqual(await segmentBytes(file, index));
    }
    expect(head.segmentsEnd).toBe(end);
    const chunks = (await fileChunks(file)).map(packChunk);
    expect(Buffer.concat(chunks)).toEqual(Buffer.from(bytes.slice(head.segmentsEnd)));
  });
});

describe('a head', () => {
  it('is a part of the file that the whole file has', async () => {
    const { bytes } = sampleFilm(
      { width: 20, height: 17, chroma: '420', frames: [3, 2], anchorDistance: 2, drawing: 'sparse' },
      1,
      randomTensors(4),
    );
    const file = await readWeft(bytesSource(bytes));
    expect(packHead(file)).toEqual(bytes.slice(0, file.headBytes));
  });

  it('places segments beyond 2^32', () => {
    const most = 2 ** 32 - 1;
    const segments = [most, most, 5].map((size, i) => ({ frames: 256, bytes: size, checksum: most - i }));
    const bytes = packHead({ header: { ...header, frames: 768 }, nets, segments });
    const { head } = fetchHead(bytes, 0);
    expect(head.segments).toEqual([
      { ...segments[0], startFrame: 0, offset: head.headBytes },
      { ...segments[1], startFrame: 256, offset: head.headBytes + most },
      { ...segments[2], startFrame: 512, offset: head.headBytes + 2 * most },
    ]);
    expect(head.segmentsEnd).toBe(bytes.length + 2 * most + 5);
    expect(readHead(bytes, head.segmentsEnd)).toEqual({ head });
    for (const short of [head.segmentsEnd - 1, bytes.length]) {
      expect(() => readHead(bytes, short)).toThrow(code('FILE_TRUNCATED'));
    }
  });

  it('is refused as soon as its bytes say so', () => {
    const [, good] = films[0]!;
    const damaged = (at: number, ...values: number[]): Uint8Array => {
      const bytes = good.slice();
      bytes.set(values, at);
      return bytes;
    };
    const { head } = fetchHead(good, 0);
    const cases: [Uint8Array, string, number][] = [
      [damaged(0, 0x8e), 'NOT_WEFT', 1],
      [damaged(7, 0x1b), 'NOT_WEFT', 8],
      [damaged(8, 2), 'FORMAT_NEWER', 9],
      [damaged(8, 0x81, 0x80, 0x80, 0x80, 0x80), 'VARINT_INVALID', 13],
      [damaged(9, 0x81, 0x80, 4), 'FILE_LIMIT', 12],
      [damaged(head.headBytes - 1, good[head.headBytes - 1]! ^ 1), 'PRELUDE_DAMAGED', head.headBytes],
    ];
    for (const [bytes, name, from] of cases) {
      for (let length = 0; length <= head.headBytes; length++) {
        const read = () => readHead(bytes.subarray(0, length));
        if (length < from) expect(neededOf(read())).toBeGreaterThan(length);
        else expect(read).toThrow(code(name));
      }
    }
  });
});

describe('the bytes of a segment', () => {
  it('are held against the index', async () => {
    const file = await readWeft(bytesSource(films[0]![1]));
    const entry = file.segments[0]!;
    const bytes = (await segmentBytes(file, 0)).slice();
    expect(() => verifySegment(bytes.subarray(1), entry, 0)).toThrow(
      expect.objectContaining({ code: 'FILE_TRUNCATED', path: 'segments.0' }),
    );
    expect(() => verifySegment(Uint8Array.of(...bytes, 0), entry, 0)).toThrow(code('SEGMENT_DAMAGED'));
    bytes[bytes.length >> 1]! ^= 4;
    expect(() => verifySegment(bytes, entry, 3)).toThrow(
      expect.objectContaining({ code: 'SEGMENT_DAMAGED', path: 'segments.3' }),
    );
  });
});

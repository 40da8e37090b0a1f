import { Packr } from 'msgpackr';
import { describe, expect, it } from 'vitest';
import { readNets, writeNets } from '../../runtime/entropy/netCoder.js';
import { WeftError } from '../../runtime/errors.js';
import { open } from '../../runtime/film/film.js';
import { ByteReader } from '../../runtime/format/byteReader.js';
import { ByteWriter } from '../../runtime/format/byteWriter.js';
import { fileChunks, readWeft as readWeftFrom, writeWeft } from '../../runtime/format/container.js';
import { crc32c } from '../../runtime/format/crc32c.js';
import { MAGIC, packHead } from '../../runtime/format/head.js';
import { HEADER_FIELDS, packHeader, unpackHeader } from '../../runtime/format/header.js';
import { packSegment, unpackSegment } from '../../runtime/format/segmentHead.js';
import { unpackIndex } from '../../runtime/format/segments.js';
import { readVarint, writeVarint } from '../../runtime/format/varint.js';
import { bytesSource } from '../../runtime/source/byteSource.js';
import { randomNumbers } from './randomNumbers.js';
import { randomTensors, type SampleFilm, sampleFilm } from './sampleSegments.js';

/** The head of a file that is in memory. */
const readWeft = (bytes: Uint8Array) => readWeftFrom(bytesSource(bytes));
/** Its chunks. */
const chunksOf = async (bytes: Uint8Array) => fileChunks(await readWeft(bytes));
const small: SampleFilm = {
  width: 20,
  height: 17,
  chroma: '420',
  frames: [3, 2],
  anchorDistance: 2,
  drawing: 'sparse',
  streams: 2,
};

const code = (name: string) => expect.objectContaining({ code: name });

/** Where the parts of a file begin. */
function layout(bytes: Uint8Array): {
  checksum: number;
  header: number;
  nets: number;
  index: number;
  end: number;
} {
  const reader = new ByteReader(bytes, 'file');
  reader.position = MAGIC.length;
  readVarint(reader);
  const [header, nets, index] = [readVarint(reader), readVarint(reader), readVarint(reader)];
  const start = reader.position + 4;
  return {
    checksum: reader.position,
    header: start,
    nets: start + header,
    index: start + header + nets,
    end: start + header + nets + index,
  };
}

/** Makes the checksum of the prelude right again. */
function repair(bytes: Uint8Array): Uint8Array {
  const { checksum, header, end } = layout(bytes);
  const crc = crc32c(bytes.subarray(header, end), crc32c(bytes.subarray(0, checksum)));
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(checksum, crc, true);
  return bytes;
}

describe('varints and checksums', () => {
  it('refuse numbers above 32 bits, but not codes that are longer than needed', () => {
    const read =
      (...bytes: number[]) =>
      () =>
        readVarint(new ByteReader(Uint8Array.from(bytes), 'test'));
    expect(read(133, 128, 128, 128, 0)()).toBe(5);
    expect(read(255, 255, 255, 255, 31)).toThrow(code('VARINT_INVALID'));
    expect(read(128, 128, 128, 128, 128, 0)).toThrow(code('VARINT_INVALID'));
    expect(read(128)).toThrow(code('FILE_TRUNCATED'));
  });

  it('agree with RFC 3720', () => {
    expect(crc32c(new TextEncoder().encode('123456789'))).toBe(0xe3069283);
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    const halves = crc32c(Uint8Array.of(3, 4), crc32c(Uint8Array.of(1, 2)));
    expect(halves).toBe(crc32c(Uint8Array.of(1, 2, 3, 4)));
  });
});

describe('header', () => {
  const required = { width: 352, height: 288, frames: 7, rate: [30000, 1001] as [number, number] };
  const requiredMap: [number, unknown][] = [
    [0, 352],
    [1, 288],
    [2, 7],
    [3, [25, 1]],
  ];

  it('leaves defaults out and puts them back', () => {
    const bytes = packHeader(required);
    expect(bytes.length).toBeLessThan(30);
    const header = unpackHeader(bytes);
    expect(header).toMatchObject({ ...required, chroma: '420', prior: 1, psnr: null, sampleAspect: [1, 1] });
    expect(Object.keys(header)).toHaveLength(HEADER_FIELDS.length);
  });

  it('returns every field', () => {
    const full = {
      ...required,
      chroma: '444' as const,
      lumaRange: 'pc' as const,
      matrix: 'bt709',
      primaries: 'bt709',
      transfer: 'bt709',
      chromaLocation: 'center',
      sampleAspect: [12, 11] as [number, number],
      depthOffset: [0, 1, -2, 3, -32],
      prior: 1,
      encoder: 'weft 0.1.0',
      engine: 'native',
      preset: 'fast',
      crf: 27.5,
      seed: 4294967295,
      psnr: 3801,
      trainedKilomacsPerPixel: 1500,
      tick: [1, 90000] as [number, number],
      enlarger: Uint8Array.of(1, 2, 3),
    };
    expect(unpackHeader(packHeader(full))).toEqual(full);
  });

  it('stores a word of the list in a byte and any other text in full', () => {
    const size = (matrix: string): number => packHeader({ ...required, matrix }).length;
    expect(size('bt709') - packHeader(required).length).toBe(2);
    expect(size('odd-space') - packHeader(required).length).toBe(11);
    const map = new Map<number, unknown>([...requiredMap, [6, 99]]);
    expect(() => unpackHeader(new Packr({ useRecords: false }).pack(map))).toThrow(code('HEADER_FIELD'));
  });

  it('has distinct names and keys of one byte', () => {
    expect(new Set(HEADER_FIELDS.map((f) => f.key)).size).toBe(HEADER_FIELDS.length);
    expect(new Set(HEADER_FIELDS.map((f) => f.name)).size).toBe(HEADER_FIELDS.length);
    for (const field of HEADER_FIELDS) expect(field.key).toBeLessThan(128);
  });

  it.each([
    ['width', 15],
    ['width', 16385],
    ['height', 16.5],
    ['frames', 0],
    ['rate', [25, 0]],
    ['rate', [25]],
    ['depthOffset', [0, 0, 0, 0, 99]],
    ['chroma', '422'],
    ['matrix', 'x'.repeat(33)],
    ['seed', -1],
    ['crf', Number.NaN],
  ])('refuses %s = %s', (name, value) => {
    const input = { ...required, [name]: value };
    expect(() => packHeader(input as typeof required)).toThrow(code('HEADER_FIELD'));
    const field = HEADER_FIELDS.find((f) => f.name === name)!;
    const map = new Map<number, unknown>([...requiredMap, [field.key, value]]);
    const bytes = new Packr({ useRecords: false }).pack(map);
    expect(() => unpackHeader(bytes)).toThrow(
      expect.objectContaining({ code: 'HEADER_FIELD', path: `header.${name}` }),
    );
  });

  it('refuses unknown names, missing fields, and what is not a plain map', () => {
    expect(() => packHeader({ ...required, colour: 1 } as typeof required)).toThrow(code('HEADER_FIELD'));
    const pack = (value: unknown) => new Packr({ useRecords: false }).pack(value);
    expect(() => unpackHeader(pack(new Map(requiredMap.slice(1))))).toThrow(code('HEADER_FIELD'));
    for (const value of [[1, 2], 'text', 3, null, new Date(0)]) {
      expect(() => unpackHeader(pack(value))).toThrow(WeftError);
    }
    const hugeArray = Uint8Array.of(0xdd, 0xff, 0xff, 0xff, 0xff);
    const deep = new Uint8Array(1000).fill(0x91);
    for (const bytes of [hugeArray, deep, new Uint8Array(0)]) {
      expect(() => unpackHeader(bytes)).toThrow(code('HEADER_INVALID'));
    }
  });

  it('skips keys that it does not know', () => {
    const map = new Map<unknown, unknown>([...requiredMap, [90, { later: [1] }], ['later', 2], ['1', 17]]);
    map.set([1], 18);
    expect(unpackHeader(new Packr({ useRecords: false }).pack(map)).height).toBe(288);
  });

  /** A map of the required fields and, behind them, of entries given as bytes: a key and a value each. */
  const withEntries = (...entries: number[][]): Uint8Array => {
    const size = [0, 0xcd, 1, 0x60, 1, 0xcd, 1, 0x20];
    const all = [...size, 2, 7, 3, 0x92, 25, 1, ...entries.flat()];
    return Uint8Array.of(0x84 + entries.length, ...all);
  };

  it.each([
    ['uint 8', [0xcc, 40]],
    ['uint 16', [0xcd, 0, 40]],
    ['uint 32', [0xce, 0, 0, 0, 40]],
    ['uint 64', [0xcf, 0, 0, 0, 0, 0, 0, 0, 40]],
    ['int 8', [0xd0, 40]],
    ['int 16', [0xd1, 0, 40]],
    ['int 32', [0xd2, 0, 0, 0, 40]],
    ['int 64', [0xd3, 0, 0, 0, 0, 0, 0, 0, 40]],
    ['float 32', [0xca, 0x42, 0x20, 0, 0]],
    ['float 64', [0xcb, 0x40, 0x44, 0, 0, 0, 0, 0, 0]],
  ])('takes an integer as %s, in a list and as a key too', (_, forty) => {
    const zero = [...forty.slice(0, 1), ...forty.slice(1).map(() => 0)];
    const bytes = withEntries([...zero, ...forty], [3, 0x92, ...forty, 1]);
    expect(unpackHeader(bytes)).toMatchObject({ width: 40, rate: [40, 1] });
  });

  it('takes integers above 32 bits and below 0 in 64 bits', () => {
    const fiveBillion = [0xcf, 0, 0, 0, 1, 0x2a, 0x05, 0xf2, 0];
    const minusEight = [0xd3, 255, 255, 255, 255, 255, 255, 255, 248];
    const bytes = withEntries(
      [19, ...fiveBillion],
      [11, 0x95, ...minusEight, 0, 0, 0, 0],
      [16, ...minusEight],
    );
    const fields = { trainedKilomacsPerPixel: 5e9, depthOffset: [-8, 0, 0, 0, 0], crf: -8 };
    expect(unpackHeader(bytes)).toMatchObject(fields);
    const packed = packHeader({ ...required, trainedKilomacsPerPixel: 5e9 });
    expect(unpackHeader(packed).trainedKilomacsPerPixel).toBe(5e9);
    const largest = [0xcf, 255, 255, 255, 255, 255, 255, 255, 255];
    expect(() => unpackHeader(withEntries([19, ...largest]))).toThrow(code('HEADER_FIELD'));
  });

  it('takes the last of equal keys, and keys in any order', () => {
    expect(unpackHeader(withEntries([12, 2], [1, 17], [12, 3]))).toMatchObject({ height: 17, prior: 3 });
    expect(() => unpackHeader(withEntries([1, 17], [1, 15]))).toThrow(code('HEADER_FIELD'));
  });

  it.each([
    ['null', [16, 0xc0]],
    ['a number for a word that is always text', [4, 0]],
    ['a word behind the list', [6, 33]],
    ['a word before the list', [6, 0xff]],
  ])('refuses %s', (_, entry) => {
    expect(() => unpackHeader(withEntries(entry))).toThrow(code('HEADER_FIELD'));
  });

  it('looks 8 levels deep and not behind the map', () => {
    const nested = (arrays: number): number[] => [90, ...new Array<number>(arrays).fill(0x91), 7];
    expect(unpackHeader(withEntries(nested(7))).width).toBe(352);
    expect(() => unpackHeader(withEntries(nested(8)))).toThrow(code('HEADER_INVALID'));
    expect(() => unpackHeader(Uint8Array.of(...withEntries(), 0))).toThrow(code('HEADER_INVALID'));
  });

  it('counts the characters of a text in UTF-16 units', () => {
    expect(packHeader({ ...required, preset: '\u{1f9f6}'.repeat(16) }).length).toBeGreaterThan(64);
    const long = { ...required, preset: '\u{1f9f6}'.repeat(17) };
    expect(() => packHeader(long)).toThrow(code('HEADER_FIELD'));
  });
});

describe('segment head', () => {
  it('takes a first anchor that is the anchor distance, not one beyond', () => {
    const head = (...anchors: number[]) => unpackSegment(Uint8Array.of(...anchors, 0, 1, 1), 1);
    for (const anchors of [[2], [0x82, 1]]) {
      expect(head(...anchors)).toMatchObject({ anchorDistance: 2, firstAnchor: 2 });
    }
    expect(() => head(0xc2, 1)).toThrow(code('SEGMENT_FIELD'));
  });

  it('keeps the distances of later stretches and the refinement', () => {
    const streams = [{ nodes: 70, bytes: Uint8Array.of(1, 2) }];
    const segment = {
      ...{ frames: 70, anchorDistance: 16, firstAnchor: 5, laterDistances: [8, 32] },
      ...{ baseExponent: 12, refinement: 7, streams },
    };
    expect(unpackSegment(packSegment(segment), 70)).toEqual(segment);
    const uniform = packSegment({ ...segment, laterDistances: [16, 16], refinement: 0 });
    expect(uniform).toEqual(packSegment({ ...segment, laterDistances: undefined, refinement: undefined }));
    // Two distances, and one more byte of the streams.
    expect(uniform.length).toBe(packSegment(segment).length - 3);
    for (const wrong of [{ refinement: 8 }, { laterDistances: [8, 3] }, { laterDistances: [8] }]) {
      expect(() => packSegment({ ...segment, ...wrong })).toThrow(code('SEGMENT_FIELD'));
    }
  });

  it('refuses distances that do not exist, and refinements beyond 7', () => {
    expect(unpackSegment(Uint8Array.of(0x82, 0x20, 4, 0, 1, 40), 40)).toMatchObject({
      ...{ anchorDistance: 2, firstAnchor: 2, laterDistances: [4] },
    });
    expect(() => unpackSegment(Uint8Array.of(0x82, 0x20, 5, 0, 1, 40), 40)).toThrow(code('SEGMENT_FIELD'));
    expect(() => unpackSegment(Uint8Array.of(0x82, 0x40, 4, 0, 1, 40), 40)).toThrow(code('SEGMENT_FIELD'));
    expect(() => unpackSegment(Uint8Array.of(2, 0, 0x81, 2, 40), 40)).toThrow(code('SEGMENT_FIELD'));
  });
});

describe('stream', () => {
  it('may be empty, and bytes that nothing asks for are ignored', () => {
    expect(readNets(new Uint8Array(0))).toEqual(readNets(new Uint8Array(100)));
    const tensors = randomTensors(5);
    const stream = writeNets(tensors);
    expect(readNets(Uint8Array.of(...stream, 0, 0, 0, 0, 255, 255))).toEqual(tensors);
  });
});

describe('file', () => {
  it('returns its latents, nets and chunks', async () => {
    const tensors = randomTensors(4);
    const { bytes, latents, nets } = sampleFilm(small, 1, tensors);
    const film = await open(bytes, { engine: 'reference' });
    expect(film.header.frames).toBe(5);
    expect(film.segments.map((s) => [s.startFrame, s.frames])).toEqual([
      [0, 3],
      [3, 2],
    ]);
    expect(film.nets).toEqual(nets);
    expect(await film.decodeSegmentLatents(0)).toEqual(latents[0]);
    expect(await film.decodeSegmentLatents(1)).toEqual(latents[1]);
    film.close();
  });

  it('has nets of its own from any segment on', async () => {
    const several = { ...small, frames: [2, 1, 2, 3], laterNets: [1, 3] };
    const { bytes, latents, nets } = sampleFilm(several, 1, randomTensors(4));
    const file = await readWeft(bytes);
    const [none, first, same, second] = file.segments.map((segment) => segment.nets);
    expect(none).toBeUndefined();
    expect(same).toBe(first);
    expect(second).not.toEqual(first);
    const film = await open(bytes, { engine: 'reference' });
    for (const [index, expected] of latents.entries()) {
      expect(await film.decodeSegmentLatents(index)).toEqual(expected);
    }
    const [head, own, shared] = await Promise.all([0, 1, 2].map((index) => film.segmentTask(index)));
    expect(head!.nets).toEqual(nets);
    expect(shared!.nets).toBe(own!.nets);
    expect(own!.nets).not.toEqual(film.nets);
    expect(film.netBytes).toBe(file.nets.length + first!.bytes + second!.bytes);
    film.close();
    const packed = packHead(file);
    expect(packed).toEqual(bytes.slice(0, file.headBytes));
  });

  it('is read up to nets that are damaged, and behind them', async () => {
    const several = { ...small, frames: [2, 1, 2, 3], laterNets: [1, 3] };
    const { bytes, latents } = sampleFilm(several);
    bytes[(await readWeft(bytes)).segments[1]!.nets!.offset]! ^= 1;
    const film = await open(bytes, { engine: 'reference' });
    expect(await film.decodeSegmentLatents(0)).toEqual(latents[0]);
    expect(await film.decodeSegmentLatents(3)).toEqual(latents[3]);
    for (const index of [1, 2]) {
      await expect(film.decodeSegmentLatents(index)).rejects.toMatchObject({
        ...{ code: 'SEGMENT_DAMAGED', path: `segments.${index}.nets` },
      });
    }
    film.close();
  });

  it('has no nets that are too large, and none that go back to the first', () => {
    const { header } = sampleFilm(small);
    const nets = new Uint8Array(0);
    const segment = { frames: 1, bytes: Uint8Array.of(9) };
    const large = { ...segment, nets: new Uint8Array(65537) };
    expect(() => writeWeft({ header, nets, segments: [large] })).toThrow(code('FILE_LIMIT'));
    const own = { ...segment, nets: Uint8Array.of(1) };
    expect(() => writeWeft({ header, nets, segments: [own, segment] })).toThrow(RangeError);
    const entry = [...[1, 0x81, 0x04], ...[0x81, 0x80, 0x04], ...[0, 0, 0, 0], ...[0, 0, 0, 0]];
    expect(() =>
      unpackIndex(Uint8Array.of(1, ...entry), 0, { frames: 1, tick: null }, Number.POSITIVE_INFINITY),
    ).toThrow(code('INDEX_INVALID'));
  });

  it('carries chunks', async () => {
    const { header } = sampleFilm(small);
    const chunk = { name: 'AUDI', bytes: Uint8Array.of(1, 2, 3) };
    const segments = [{ frames: 1, bytes: Uint8Array.of(9) }];
    const bytes = writeWeft({ header, nets: new Uint8Array(0), segments, chunks: [chunk, chunk] });
    expect(await chunksOf(bytes)).toEqual([chunk, chunk]);
    bytes[bytes.length - 5]! ^= 1;
    await expect(chunksOf(bytes)).rejects.toThrow(code('CHUNK_DAMAGED'));
    await expect(chunksOf(bytes.subarray(0, bytes.length - 1))).rejects.toThrow(code('FILE_TRUNCATED'));
    const bad = { header, nets: new Uint8Array(0), segments, chunks: [{ ...chunk, name: 'x1' }] };
    expect(() => writeWeft(bad)).toThrow(code('CHUNK_NAME'));
    const nameless = Uint8Array.of(0, 200, 32, 49, 0);
    const tail = new ByteWriter();
    tail.bytes(nameless);
    tail.word(crc32c(nameless));
    const plain = writeWeft({ header, nets: new Uint8Array(0), segments });
    expect(await chunksOf(Uint8Array.of(...plain, ...tail.finish()))).toEqual([
      { name: '\u0000\u00c8 1', bytes: new Uint8Array(0) },
    ]);
  });

  it('is refused when it is truncated anywhere', async () => {
    const { bytes } = sampleFilm(small);
    for (let length = 1; length < bytes.length; length++) {
      await expect(readWeft(bytes.subarray(0, length))).rejects.toThrow(code('FILE_TRUNCATED'));
    }
    await expect(readWeft(new Uint8Array(0))).rejects.toThrow(code('NOT_WEFT'));
  });

  it('is refused when it is foreign, mangled as text, or newer', async () => {
    const { bytes } = sampleFilm(small);
    await expect(readWeft(new TextEncoder().encode('RIFF....WEBP'))).rejects.toThrow(code('NOT_WEFT'));
    const unixLines = Uint8Array.from([...bytes].filter((byte) => byte !== 13));
    await expect(readWeft(unixLines)).rejects.toThrow(code('NOT_WEFT'));
    const newer = bytes.slice();
    newer[8] = 2;
    await expect(readWeft(newer)).rejects.toThrow(code('FORMAT_NEWER'));
  });

  it('is refused when its sizes or its index lie', async () => {
    const { bytes } = sampleFilm(small);
    const limit = new ByteWriter();
    limit.bytes(MAGIC);
    for (const n of [1, 2 ** 31, 0, 0, 0]) writeVarint(limit, n);
    await expect(readWeft(limit.finish())).rejects.toThrow(code('FILE_LIMIT'));
    const { index } = layout(bytes);
    const more = bytes.slice();
    more[index] = 3;
    await expect(readWeft(repair(more))).rejects.toThrow(WeftError);
    const fewer = bytes.slice();
    fewer[index] = 1;
    await expect(readWeft(repair(fewer))).rejects.toThrow(code('INDEX_INVALID'));
  });

  it('is refused by a decoder without its prior or its memory', async () => {
    const { header } = sampleFilm(small);
    const segments = [{ frames: 1, bytes: Uint8Array.of(1, 0, 1, 1) }];
    const other = writeWeft({ header: { ...header, prior: 9 }, nets: new Uint8Array(0), segments });
    await expect(open(other)).rejects.toMatchObject({ code: 'PRIOR_UNKNOWN' });
    const { bytes } = sampleFilm(small);
    await expect(open(bytes, { maxSegmentPixels: 1000 })).rejects.toMatchObject({ code: 'FILM_TOO_LARGE' });
    await expect(open(bytes, { engines: 1 } as object)).rejects.toMatchObject({ code: 'OPTION_UNKNOWN' });
  });

  it('never does worse than a WeftError when single bits are flipped', async () => {
    const { bytes } = sampleFilm(small, 3, randomTensors(8));
    const next = randomNumbers(17);
    for (let run = 0; run < 400; run++) {
      const damaged = bytes.slice();
      damaged[next() % bytes.length]! ^= 1 << (next() % 8);
      await expect(decodeAll(damaged)).rejects.toBeInstanceOf(WeftError);
    }
  });

  it('decodes or throws a WeftError when the damage has the right checksums', async () => {
    const film = sampleFilm({ ...small, drawing: 'dense' }, 3, randomTensors(8));
    const { header, end } = layout(film.bytes);
    const next = randomNumbers(23);
    let refused = 0;
    for (let run = 0; run < 300; run++) {
      const damaged = film.bytes.slice();
      for (let flips = 1 + (next() % 3); flips > 0; flips--) {
        damaged[header + (next() % (end - header))]! ^= 1 << (next() % 8);
      }
      refused += await outcome(repair(damaged));
    }
    expect(refused).toBeGreaterThan(10);
    for (let run = 0; run < 100; run++) refused += await outcome(await withDamagedSegment(film, next));
  });
});

async function withDamagedSegment(
  film: ReturnType<typeof sampleFilm>,
  next: () => number,
): Promise<Uint8Array> {
  const file = await readWeft(film.bytes);
  const segments = file.segments.map((entry) => {
    const bytes = film.bytes.slice(entry.offset, entry.offset + entry.bytes);
    const reach = next() % 2 ? 8 : bytes.length;
    bytes[next() % reach]! ^= 1 << (next() % 8);
    return { frames: entry.frames, bytes: next() % 4 ? bytes : bytes.slice(0, next() % bytes.length) };
  });
  return writeWeft({ header: film.header, nets: file.nets, segments });
}

/** 1 if the file is refused, 0 if it decodes; anything but a WeftError fails the test. */
async function outcome(bytes: Uint8Array): Promise<number> {
  try {
    await decodeAll(bytes);
    return 0;
  } catch (error) {
    if (!(error instanceof WeftError)) throw error;
    expect(error.code).toMatch(/^[A-Z_]+$/);
    return 1;
  }
}

async function decodeAll(bytes: Uint8Array): Promise<void> {
  const film = await open(bytes, { engine: 'reference', maxSegmentPixels: 20000 });
  await film.chunks();
  for (let i = 0; i < film.segments.length; i++) await film.decodeSegmentLatents(i);
  film.close();
}

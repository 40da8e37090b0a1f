import { mkdtemp, open as openFile, rm, truncate, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { open } from '../../runtime/film/film.js';
import { type Chunk, packChunk } from '../../runtime/format/chunks.js';
import { writeWeft } from '../../runtime/format/container.js';
import { crc32c } from '../../runtime/format/crc32c.js';
import { unpackHeader } from '../../runtime/format/header.js';
import type { ByteSource } from '../../runtime/source/byteSource.js';
import { type FilmInput, openSource } from '../../runtime/source/openSource.js';
import { partsOf } from '../fuzz/fileParts.js';
import { FileServer, patterned, until } from './fileServer.js';
import { randomTensors, sampleFilm } from './sampleSegments.js';
import { show } from './shownPictures.js';

const bytes = patterned(5000);
const code = (name: string) => expect.objectContaining({ code: name });

let folder: string;
let file: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'weft-source-'));
  file = path.join(folder, 'file');
  await writeFile(file, bytes);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const base64 = Buffer.from(bytes).toString('base64');
const inputs: [string, () => FilmInput | Promise<FilmInput>][] = [
  ['a Uint8Array', () => bytes],
  ['a Buffer within another', () => Buffer.concat([Buffer.alloc(3), bytes]).subarray(3)],
  ['an ArrayBuffer', () => bytes.slice().buffer],
  ['a Blob', () => new Blob([bytes.slice(0, 100), bytes.slice(100)])],
  ['a FileHandle', () => openFile(file)],
  ['a data: address', () => `data:application/octet-stream;base64,${base64}`],
  ['a blob: address', () => URL.createObjectURL(new Blob([bytes.slice()]))],
  [
    'a source',
    () => ({ size: 5000, read: async (at: number, count: number) => bytes.slice(at, at + count) }),
  ],
];

describe.each(inputs)('%s', (_, input) => {
  it('is read where it is wanted, and not beyond its end', async () => {
    const source = await openSource(await input());
    expect(source.size).toBe(5000);
    for (const [start, end] of [
      [0, 10],
      [1000, 3000],
      [0, 5000],
      [4990, 5010],
      [5000, 5010],
    ] as const)
      expect(Buffer.compare(await source.read(start, end - start), bytes.subarray(start, end))).toBe(0);
    source.close?.();
  });
});

describe('an address', () => {
  it('is one of a server, as text or as URL', async () => {
    const server = await new FileServer(bytes).start();
    for (const address of [server.url, new URL(server.url)]) {
      const source = await openSource(address);
      expect(Buffer.compare(await source.read(4000, 500), bytes.subarray(4000, 4500))).toBe(0);
      source.close?.();
    }
    await server.stop();
  });

  it('is relative to the document in a page', async () => {
    const server = await new FileServer(bytes).start();
    const page = globalThis as { document?: { baseURI: string } };
    page.document = { baseURI: new URL('pages/index.html', server.url).href };
    try {
      const source = await openSource('../film.weft');
      expect(source.size).toBe(5000);
      source.close?.();
    } finally {
      delete page.document;
      await server.stop();
    }
  });

  it('that is none, or leads nowhere, is refused', async () => {
    await expect(openSource('film.weft')).rejects.toMatchObject({
      code: 'SOURCE_UNKNOWN',
      hint: expect.stringContaining('FileHandle'),
    });
    await expect(openSource('blob:nodedata:none')).rejects.toThrow(code('SOURCE_UNREADABLE'));
    await expect(openSource('data:')).rejects.toThrow(code('SOURCE_UNREADABLE'));
  });
});

describe('what is no source', () => {
  it.each([[undefined], [null], [5], [{}], [{ size: 3 }], [[]]])('%j is refused', async (input) => {
    await expect(openSource(input as unknown as FilmInput)).rejects.toThrow(code('SOURCE_UNKNOWN'));
  });
});

describe('a FileHandle', () => {
  it('is closed with its source, which then reads no more', async () => {
    const handle = await openFile(file);
    const source = await openSource(handle);
    source.close?.();
    source.close?.();
    await expect(source.read(0, 1)).rejects.toThrow(code('SOURCE_CLOSED'));
    await until(() => handle.fd === -1);
  });

  it('is closed when there is no film in it', async () => {
    const handle = await openFile(file);
    await expect(open(handle, { engine: 'reference' })).rejects.toThrow(code('NOT_WEFT'));
    await until(() => handle.fd === -1);
  });

  it('that cannot be read says so', async () => {
    const handle = await openFile(path.join(folder, 'written'), 'w');
    await handle.write('something');
    const source = await openSource(handle);
    await expect(source.read(0, 1)).rejects.toThrow(code('SOURCE_UNREADABLE'));
    source.close?.();
  });
});

it('a reading that is stopped before it begins reads nothing', async () => {
  for (const [name, input] of inputs.slice(0, 7)) {
    const source = await openSource(await input());
    await expect(source.read(0, 5, AbortSignal.abort()), name).rejects.toThrow(code('INTERRUPTED'));
    source.close?.();
  }
  await expect(openSource(bytes, AbortSignal.abort())).rejects.toThrow(code('INTERRUPTED'));
});

describe('a film on a server', () => {
  const sample = { width: 36, height: 22, chroma: '420', anchorDistance: 4, drawing: 'dense' } as const;
  const film = sampleFilm({ ...sample, frames: [6, 6, 5, 3], laterNets: [1, 3] }, 5, randomTensors(2)).bytes;
  const parts = partsOf(film);
  /** Segments so long that only the head comes with the first request: the last stream of each has bytes left over. */
  const long = writeWeft({
    ...{ header: unpackHeader(parts.header), nets: parts.nets },
    segments: parts.segments.map((segment, i, all) => ({
      ...segment,
      nets: i === 2 ? all[1]!.nets : segment.nets,
      bytes: Uint8Array.from(Buffer.concat([segment.bytes, Buffer.alloc(300_000)])),
    })),
  });

  it('shows the same pictures, and reads no segment that is not shown', async () => {
    const server = await new FileServer(long).start();
    const remote = await open(server.url, { engine: 'reference' });
    const local = await open(film, { engine: 'reference' });
    expect(await show(remote, { start: 0.28, end: 0.44 })).toEqual(
      await show(local, { start: 0.28, end: 0.44 }),
    );
    const { nets, offset, bytes } = remote.segments[1]!;
    expect(server.ranges).toEqual(['bytes=0-65535', `bytes=${nets!.offset}-${offset + bytes - 1}`]);
    remote.prefetchAfter(11);
    await until(() => server.asked.length === 3 && server.under === 0);
    const third = { start: 0.48, end: 0.52 };
    expect(await show(remote, third)).toEqual(await show(local, third));
    expect(server.asked).toHaveLength(3);
    expect(server.served).toBeLessThan(0.6 * long.length);
    remote.close();
    await server.stop();
  });

  it('fetches the segment behind a frame, with its nets, when it is told to', async () => {
    const read: [offset: number, length: number][] = [];
    const fetched: typeof read = [];
    const source: ByteSource = {
      size: film.length,
      read: async (offset, length) => {
        read.push([offset, length]);
        return film.subarray(offset, offset + length);
      },
      prefetch: (offset, length) => fetched.push([offset, length]),
    };
    const opened = await open(source, { engine: 'reference' });
    const [, second, third, fourth] = opened.segments;
    opened.prefetchAfter(5);
    opened.prefetchAfter(6);
    opened.prefetchAfter(16);
    opened.prefetchAfter(17);
    opened.prefetchAfter(19);
    expect(fetched).toEqual([
      [second!.nets!.offset, second!.nets!.bytes],
      [second!.offset, second!.bytes],
      [second!.nets!.offset, second!.nets!.bytes],
      [third!.offset, third!.bytes],
      [fourth!.nets!.offset, fourth!.nets!.bytes],
      [fourth!.offset, fourth!.bytes],
    ]);
    expect(read).toHaveLength(1);
    opened.close();
  });

  it('hands its signals down to what is read', async () => {
    const signals: (AbortSignal | undefined)[] = [];
    const stop = new AbortController();
    const source: ByteSource = {
      size: film.length,
      async read(offset, length, signal) {
        signals.push(signal);
        if (offset > 0)
          await new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
        return film.subarray(offset, offset + length);
      },
    };
    const opening = new AbortController();
    const opened = await open(source, { engine: 'reference', signal: opening.signal });
    const picture = show(opened, { signal: stop.signal, end: 0.04 });
    await until(() => signals.length === 2);
    expect(signals).toEqual([opening.signal, stop.signal]);
    stop.abort();
    await expect(picture).rejects.toThrow();
    const reading = opened.segmentTask(2, stop.signal);
    reading.catch(() => undefined);
    expect(signals[2]).toBe(stop.signal);
    opened.close();
  });

  it('can be stopped while it is opened, and is closed then', async () => {
    const server = await new FileServer(film).start();
    server.answer = () => undefined;
    const stop = new AbortController();
    const opening = open(server.url, { signal: stop.signal });
    await until(() => server.asked.length === 1);
    stop.abort();
    await expect(opening).rejects.toThrow(code('INTERRUPTED'));
    await until(() => server.left === 1);
    await server.stop();
  });
});

describe('chunks', () => {
  const sample = { width: 20, height: 17, chroma: '420', anchorDistance: 2, drawing: 'sparse' } as const;
  const film = sampleFilm({ ...sample, frames: [2] }).bytes;
  const sound = { name: 'AUDI', bytes: patterned(2_500_000) };
  const others = [
    { name: 'ABCD', bytes: new Uint8Array(0) },
    { name: 'META', bytes: patterned(3) },
  ];
  const behind = [sound, ...others].map(packChunk);
  const whole = Uint8Array.from(Buffer.concat([film, ...behind]));

  /** A film, and how many bytes of it were read behind the segments. */
  async function counted(file: Uint8Array) {
    const count = { bytes: 0 };
    const read = async (offset: number, length: number) => {
      if (offset >= film.length) count.bytes += length;
      return file.subarray(offset, offset + length);
    };
    return { count, film: await open({ size: file.length, read }, { engine: 'reference' }) };
  }

  const same = (a: Chunk, b: Chunk) => a.name === b.name && Buffer.compare(a.bytes, b.bytes) === 0;

  it('are found without being read', async () => {
    const { count, film: opened } = await counted(whole);
    const outlines = await opened.chunkOutlines();
    expect(outlines.map(({ name, bytes }) => [name, bytes])).toEqual([
      ['AUDI', 2_500_000],
      ['ABCD', 0],
      ['META', 3],
    ]);
    expect(count.bytes).toBeLessThan(10_000);
    expect(outlines[0]).toMatchObject({ start: film.length, offset: film.length + 8 });
    for (const [i, outline] of outlines.entries())
      expect(same(await opened.chunk(outline), [sound, ...others][i]!)).toBe(true);
    const chunks = await opened.chunks();
    expect(chunks.map((chunk, i) => same(chunk, [sound, ...others][i]!))).toEqual([true, true, true]);
  });

  it('come by pieces of a MiB, and say at the end if they are damaged', async () => {
    const pieces = async (file: Uint8Array) => {
      const { film: opened } = await counted(file);
      const [outline, ...rest] = await opened.chunkOutlines();
      for (const outline of rest)
        for await (const piece of opened.chunkPieces(outline)) expect(piece.length).toBeLessThan(4);
      const got: Uint8Array[] = [];
      let failure: unknown;
      try {
        for await (const piece of opened.chunkPieces(outline!)) got.push(piece);
      } catch (error) {
        failure = error;
      }
      return { got, failure };
    };
    const good = await pieces(whole);
    expect(good.failure).toBeUndefined();
    expect(good.got.map(({ length }) => length)).toEqual([2 ** 20 - 8, 2 ** 20, 2_500_000 + 8 - 2 ** 21]);
    expect(crc32c(Buffer.concat(good.got))).toBe(crc32c(sound.bytes));
    for (const at of [2, 8, 2_000_000, 2_500_008]) {
      const damaged = Uint8Array.from(whole);
      damaged[film.length + at]! ^= 1;
      const { failure } = await pieces(damaged);
      expect(failure).toMatchObject({ code: 'CHUNK_DAMAGED', path: 'chunks' });
    }
  });

  it('that do not fit into the file are refused, as are lengths that are none', async () => {
    for (const length of [3, 7, 9, 2_500_008, 2_500_011]) {
      const { film: opened } = await counted(whole.subarray(0, film.length + length));
      await expect(opened.chunkOutlines(), String(length)).rejects.toThrow(code('FILE_TRUNCATED'));
      await expect(opened.chunks()).rejects.toThrow(code('FILE_TRUNCATED'));
    }
    const { film: opened } = await counted(Buffer.concat([film, Buffer.from('ABCD'), Buffer.alloc(9, 0xff)]));
    await expect(opened.chunkOutlines()).rejects.toThrow(code('VARINT_INVALID'));
  });

  it('may lie beyond 4 GiB', async () => {
    const size = 2 ** 32 - 1;
    const head = Uint8Array.of(...Buffer.from('AUDI'), 0xff, 0xff, 0xff, 0xff, 0x0f);
    const name = path.join(folder, 'large.weft');
    const meta = packChunk({ name: 'META', bytes: patterned(10) });
    await writeFile(name, Buffer.concat([film, head]));
    const place = film.length + head.length + size + 4;
    await truncate(name, place);
    const handle = await openFile(name, 'r+');
    await handle.write(meta, 0, meta.length, place);
    const opened = await open(handle, { engine: 'reference' });
    const outlines = await opened.chunkOutlines();
    expect(outlines.map(({ name, bytes }) => [name, bytes])).toEqual([
      ['AUDI', size],
      ['META', 10],
    ]);
    expect((await opened.chunk(outlines[1]!)).bytes).toEqual(patterned(10));
    expect(opened.bytes).toBe(place + meta.length);
    opened.close();
    await rm(name);
  });
});

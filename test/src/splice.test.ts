/** Parts of `.weft` files put together: the same pictures at the same times, whatever nets and files they come from. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { open } from '../../runtime/film/film.js';
import type { Chunk } from '../../runtime/format/chunks.js';
import { readWeft, segmentBytes, segmentNetBytes, writeWeft } from '../../runtime/format/container.js';
import type { WeftHeader } from '../../runtime/format/header.js';
import { bytesSource } from '../../runtime/source/byteSource.js';
import { collectPictures } from '../../src/media/filmInMemory.js';
import { planSplice, segmentsAround, timesOf, wholeFile } from '../../src/media/weftSplice.js';
import { sampleFilm } from '../runtime/sampleSegments.js';
import { MAIN } from './sceneFilm.js';

const shape = { width: 32, height: 24, chroma: '420', anchorDistance: 4, drawing: 'sparse' } as const;
const one = sampleFilm({ ...shape, frames: [5, 7, 3, 9], laterNets: [2, 3] }, 1).bytes;
const two = sampleFilm({ ...shape, frames: [4, 6], laterNets: [1] }, 50).bytes;

async function collected(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all);
}

async function pictures(bytes: Uint8Array) {
  const film = await open(bytes);
  const all = await collectPictures(film.frames());
  film.close();
  return all;
}

const read = (bytes: Uint8Array) => readWeft(bytesSource(bytes));

/** The film with other facts in its header, with times, with chunks. */
async function changed(
  bytes: Uint8Array,
  header: Partial<WeftHeader>,
  durations?: (frame: number) => number,
  chunks: readonly Chunk[] = [],
): Promise<Uint8Array> {
  const file = await read(bytes);
  const nets = new Map<unknown, Uint8Array | undefined>();
  const segments = [];
  for (const [index, { frames, startFrame, nets: entry }] of file.segments.entries()) {
    if (!nets.has(entry)) nets.set(entry, await segmentNetBytes(file, index));
    segments.push({
      ...{ frames, bytes: await segmentBytes(file, index), nets: nets.get(entry) },
      durations: durations && Array.from({ length: frames }, (_, k) => durations(startFrame + k)),
    });
  }
  return writeWeft({ header: { ...file.header, ...header }, nets: file.nets, segments, chunks });
}

describe('parts of a film', () => {
  test.each([
    ['within one segment', { start: 0.3, end: 0.4 }, 5, 12],
    ['over three, with two sets of nets', { start: 0.28, end: 0.56 }, 5, 15],
    ['up to a boundary', { start: 0.2, end: 0.48 }, 5, 12],
    ['from the middle on', { start: 0.5 }, 12, 24],
    ['to the middle', { end: 0.1 }, 0, 5],
    ['all', {}, 0, 24],
  ])('%s', async (_, stretch, from, until) => {
    const part = segmentsAround('one', await read(one), stretch);
    expect(timesOf(part)).toEqual({ start: from / 25, end: until / 25 });
    const bytes = await collected((await planSplice([part], [])).pieces());
    expect(await pictures(bytes)).toEqual((await pictures(one)).slice(from, until));
  });

  test('that are empty are refused', async () => {
    const file = await read(one);
    for (const stretch of [{ start: 0.96 }, { start: 2, end: 3 }, { start: 0.5, end: 0.5 }])
      expect(() => segmentsAround('one', file, stretch)).toThrow(
        expect.objectContaining({ code: 'EMPTY_RANGE' }),
      );
  });

  test('one behind the other are the film again, byte for byte', async () => {
    const file = await read(one);
    const parts = [{ end: 0.2 }, { start: 0.2, end: 0.6 }, { start: 0.6 }].map((stretch) =>
      segmentsAround('one', file, stretch),
    );
    expect(await collected((await planSplice(parts, [])).pieces())).toEqual(Buffer.from(one));
  });

  test('of films with times of their own keep these', async () => {
    const film = await changed(one, { tick: [1, 1000] }, (frame) => 10 + frame * frame);
    const file = await read(film);
    const part = segmentsAround('film', file, { start: 0.12, end: 0.5 });
    const { info } = await open(await collected((await planSplice([part], [])).pieces()));
    const first = file.segments[part.firstSegment]!.startFrame;
    const durations = info.times!.ticks.slice(1).map((tick, i) => tick - info.times!.ticks[i]!);
    expect(durations).toEqual(durations.map((_, i) => 10 + (first + i) ** 2));
    expect(timesOf(part).end - timesOf(part).start).toBeCloseTo(info.times!.ticks.at(-1)! / 1000, 9);
  });
});

describe('several films as one', () => {
  test('show the pictures of each in turn', async () => {
    const parts = [
      wholeFile('one', await read(one)),
      wholeFile('two', await read(two)),
      wholeFile('one', await read(one)),
    ];
    const plan = await planSplice(parts, []);
    const bytes = await collected(plan.pieces());
    expect(bytes.length).toBe(plan.size);
    expect(await pictures(bytes)).toEqual([
      ...(await pictures(one)),
      ...(await pictures(two)),
      ...(await pictures(one)),
    ]);
  });

  test('say of themselves what all of them say', async () => {
    const [a, b] = [
      await changed(one, { crf: 30, preset: 'fast', psnr: 4000 }),
      await changed(two, { crf: 24, preset: 'fast' }),
    ];
    const parts = [wholeFile('a', await read(a)), wholeFile('b', await read(b))];
    const { header } = await read(await collected((await planSplice(parts, [])).pieces()));
    expect(header).toMatchObject({ preset: 'fast', crf: null, psnr: null, frames: 34 });
  });

  test.each([
    ['rate', { rate: [24, 1] as [number, number] }],
    ['depthOffset', { depthOffset: [-8, -4, 0, 4, 7] }],
    ['lumaRange', { lumaRange: 'pc' as const }],
  ])('must agree on %s', async (field, header) => {
    const other = wholeFile('other', await read(await changed(two, header)));
    await expect(planSplice([wholeFile('one', await read(one)), other], [])).rejects.toMatchObject({
      code: 'FILMS_DIFFER',
      message: expect.stringContaining(`its ${field} is`),
    });
  });
});

describe('from the command line', () => {
  let folder: string;
  const file = (name: string): string => path.join(folder, name);
  const weft = (...args: string[]) =>
    spawnSync(process.execPath, [MAIN, ...args, '--progress', 'none'], { cwd: folder, encoding: 'utf8' });

  beforeAll(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'weft splice '));
    writeFileSync(file('one.weft'), one);
    writeFileSync(file('two.weft'), two);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('cut and join', () => {
    expect(weft('cut', 'one.weft', '--end', '0.2', '-o', 'a.weft')).toMatchObject({ status: 0 });
    const rest = weft('cut', 'one.weft', '--start', '0.21', '-o', 'b.weft');
    expect(rest.stderr).toContain('from 0.200 s to 0.960 s: whole segments are kept');
    const joined = weft('join', 'a.weft', 'b.weft', '-o', 'ab.weft', '--json');
    expect(JSON.parse(joined.stdout)).toMatchObject({ type: 'result', segments: 4, seconds: 0.96 });
    expect(readFileSync(file('ab.weft')).equals(Buffer.from(one))).toBe(true);
    expect(execFileSync(process.execPath, [MAIN, 'verify', file('ab.weft')], { stdio: 'pipe' }).length).toBe(
      0,
    );
  });

  test('a damaged file is named, and nothing is written', () => {
    const damaged = Uint8Array.from(two);
    damaged[damaged.length - 3]! ^= 1;
    writeFileSync(file('damaged.weft'), damaged);
    const { status, stderr } = weft('join', 'one.weft', 'damaged.weft', '-o', 'never.weft');
    expect({ status, stderr }).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('damaged.weft: '),
    });
    expect(existsSync(file('never.weft'))).toBe(false);
    for (const name of ['one.weft', 'two.weft'])
      expect(weft('join', 'one.weft', 'two.weft', '-y', '-o', name).stderr).toContain(
        `${name} is the film that is read`,
      );
    expect(weft('join', 'one.weft', 'two.weft').stderr).toContain('Give one: -o film.weft');
  });
});

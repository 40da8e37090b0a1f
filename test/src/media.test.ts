import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Readable, Writable } from 'node:stream';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { InterruptedError, MediaError } from '../../runtime/errors.js';
import { createPicture, type FilmInfo, type Picture } from '../../runtime/picture/picture.js';
import { psnr } from '../../src/measure/psnr.js';
import { findFfmpeg } from '../../src/media/ffmpeg.js';
import { openFilm, type ReadOptions } from '../../src/media/filmReader.js';
import { writeFilm } from '../../src/media/filmWriter.js';
import { nearestRate, parseRate } from '../../src/media/rational.js';
import { timingOf } from '../../src/media/timing.js';
import { parseY4mHeader, readY4m, writeY4m } from '../../src/media/y4m.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'weft media '));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const file = (name: string) => path.join(folder, name);

function ffmpeg(...options: string[]): void {
  execFileSync(findFfmpeg().ffmpeg, ['-v', 'error', '-y', ...options]);
}

const baseInfo: FilmInfo = {
  ...{ width: 33, height: 19, chroma: '420', rate: [30000, 1001], lumaRange: 'tv', sampleAspect: [4, 3] },
  ...{ matrix: 'bt709', primaries: 'bt709', transfer: 'bt709', chromaLocation: 'left' },
};

/** Smooth pictures that move and use all codes, so that a conversion of range would show. */
function pictures(info: FilmInfo, count: number): Picture[] {
  return Array.from({ length: count }, (_, frame) => {
    const picture = createPicture(info.width, info.height, info.chroma);
    for (const [index, plane] of picture.planes.entries()) {
      const width = index === 0 || info.chroma === '444' ? info.width : (info.width + 1) >> 1;
      for (let i = 0; i < plane.length; i++) {
        const phase = ((i % width) + Math.floor(i / width) + 2 * frame + 30 * index) / 9;
        plane[i] = Math.round(127.5 + 127.5 * Math.sin(phase));
      }
    }
    return picture;
  });
}

async function* each<T>(items: T[]) {
  yield* items;
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

async function read(name: string, options?: ReadOptions) {
  const lines: string[] = [];
  const film = await openFilm(file(name), { ...options, log: (line) => lines.push(line) });
  return { info: film.info, lines, pictures: await collect(film.pictures()) };
}

describe('y4m', () => {
  test('comes back as it went, at any size, in any pieces', async () => {
    const shapes = fc.record({
      width: fc.integer({ min: 1, max: 20 }),
      height: fc.integer({ min: 1, max: 20 }),
      chroma: fc.constantFrom('420' as const, '444' as const),
      lumaRange: fc.constantFrom('tv' as const, 'pc' as const),
    });
    await fc.assert(
      fc.asyncProperty(shapes, fc.integer({ min: 1, max: 50 }), async (shape, piece) => {
        const info = { ...baseInfo, ...shape };
        const film = pictures(info, 2);
        const bytes = Buffer.concat(await collect(writeY4m(each(film), info)));
        const pieces = Array.from({ length: Math.ceil(bytes.length / piece) }, (_, i) =>
          bytes.subarray(i * piece, (i + 1) * piece),
        );
        expect(await collect(readY4m(each(pieces)))).toEqual(film);
        const header = parseY4mHeader(bytes.toString('latin1').split('\n')[0]!).info;
        expect(header).toEqual({ ...info, matrix: 'unknown', primaries: 'unknown', transfer: 'unknown' });
      }),
      { numRuns: 30 },
    );
  });

  test('what is malformed or cut off is said', async () => {
    const parse = (text: string) => collect(readY4m(each([Buffer.from(text, 'latin1')])));
    await expect(parse('RIFF')).rejects.toMatchObject({ code: 'BAD_Y4M' });
    await expect(parse('YUV4MPEG2 W4 H4 F25:1 C420\nFRAME\nabc')).rejects.toMatchObject({
      code: 'Y4M_TRUNCATED',
    });
    await expect(parse('YUV4MPEG2 W4 H4 F25:1 C422\n')).rejects.toMatchObject({ code: 'BAD_Y4M' });
  });

  test('standard input is set aside and read as often as wanted', async () => {
    const film = pictures(baseInfo, 3);
    const stdin = Readable.from(writeY4m(each(film), baseInfo));
    const source = await openFilm('-', { start: 1001 / 30000 }, stdin);
    expect(source.info.frames).toBe(2);
    for (let pass = 0; pass < 2; pass++) expect(await collect(source.pictures())).toEqual(film.slice(1));
    await source.close();
  });
});

describe('reading through ffmpeg', () => {
  test.each([
    ['420', 'tv', 34, 20],
    ['420', 'pc', 34, 20],
    ['420', 'tv', 33, 19],
    ['420', 'pc', 33, 19],
    ['444', 'tv', 33, 19],
    ['444', 'pc', 34, 20],
  ] as const)('samples of %s %s %ix%i pass untouched', async (chroma, lumaRange, width, height) => {
    const info = { ...baseInfo, chroma, lumaRange, width, height };
    const film = pictures(info, 4);
    writeFileSync(file('exact.y4m'), Buffer.concat(await collect(writeY4m(each(film), info))));
    const raw = Buffer.concat(film.flatMap((picture) => picture.planes));
    writeFileSync(file('exact.yuv'), raw);
    ffmpeg(
      ...['-f', 'rawvideo', '-pix_fmt', `yuv${chroma}p`, '-s', `${width}x${height}`, '-r', '30000/1001'],
      ...[
        '-color_range',
        lumaRange,
        '-i',
        file('exact.yuv'),
        '-c:v',
        'ffv1',
        '-color_range',
        lumaRange,
        file('exact.mkv'),
      ],
    );
    const got = await read('exact.mkv');
    expect(got.pictures).toEqual(film);
    expect(got.info).toMatchObject({ width, height, chroma, lumaRange, rate: [30000, 1001], frames: 4 });
    expect((await read('exact.y4m')).pictures).toEqual(film);
  });

  test('start, end and frames count frames', async () => {
    const film = pictures({ ...baseInfo, rate: [25, 1] }, 20);
    await writeFilm(each(film), { ...baseInfo, rate: [25, 1] }, file('count.y4m'));
    ffmpeg('-i', file('count.y4m'), '-c:v', 'ffv1', '-g', '7', file('count.mkv'));
    for (const name of ['count.mkv', 'count.y4m']) {
      expect((await read(name, { start: 0.2, end: 0.4 })).pictures).toEqual(film.slice(5, 10));
      expect((await read(name, { start: 0.21 })).pictures).toEqual(film.slice(6));
      expect((await read(name, { frames: 3 })).pictures).toEqual(film.slice(0, 3));
      expect((await read(name, { fps: [25, 2] })).pictures).toHaveLength(10);
    }
    await expect(read('count.mkv', { start: 9 })).rejects.toMatchObject({ code: 'EMPTY_RANGE', exitCode: 2 });
  });

  test('resizing keeps the shape of the picture and the range', async () => {
    const info = {
      ...baseInfo,
      width: 64,
      height: 32,
      lumaRange: 'pc' as const,
      sampleAspect: [1, 1] as [number, number],
    };
    const white = createPicture(64, 32, '420');
    white.planes[0].fill(255);
    white.planes[1].fill(128);
    white.planes[2].fill(128);
    await writeFilm(each([white, white]), info, file('white.y4m'));
    const got = await read('white.y4m', { size: { width: 16, height: 16 } });
    expect(got.info).toMatchObject({ width: 16, height: 16, sampleAspect: [2, 1], lumaRange: 'pc' });
    expect(Math.min(...got.pictures[0]!.planes[0])).toBe(255);
  });

  test('deeper, other and RGB formats become 8-bit 4:2:0 or 4:4:4, and the log says what is lost', async () => {
    const convert = async (format: string, name: string) => {
      const made = file(`made${path.extname(name)}`);
      const codec = name.endsWith('png') ? ['-frames:v', '1'] : ['-c:v', 'ffv1'];
      ffmpeg('-f', 'lavfi', '-i', 'testsrc2=s=48x32:r=25:d=0.2', '-pix_fmt', format, ...codec, made);
      renameSync(made, file(name));
      const { info, lines } = await read(name);
      return [info.chroma, info.lumaRange, info.frames, lines.length];
    };
    expect(await convert('yuv420p10le', 'ten.mkv')).toEqual(['420', 'tv', 5, 1]);
    expect(await convert('yuv422p', 'half.mkv')).toEqual(['444', 'tv', 5, 0]);
    expect(await convert('gray', 'gray.mkv')).toEqual(['420', 'pc', 5, 0]);
    expect(await convert('rgb24', 'still 100%d.png')).toEqual(['444', 'tv', 1, 1]);
  });

  test('frames without a constant rate keep their times, in every container that has any', async () => {
    const times = {
      tick: [1, 90000] as [number, number],
      ticks: [0, 2999, 6010, 96010, 99013, 99100, 120000],
    };
    const rate: [number, number] = [30, 1];
    const info = { ...baseInfo, width: 34, height: 20, rate, times, frames: 6 };
    const film = pictures(info, 6);
    for (const name of ['times.mp4', 'times.mov', 'times.mkv', 'times.webm']) {
      await writeFilm(each(film), info, file(name));
      const got = await read(name);
      const { tick, ticks } = got.info.times!;
      const seconds = ticks.map((time) => (time * tick[0]) / tick[1]);
      // A container's own clock is all that may be lost; of the last frame not every one keeps the end.
      const error = seconds.slice(0, 6).map((time, i) => Math.abs(time - times.ticks[i]! / 90000));
      expect(Math.max(...error)).toBeLessThan(/mp4|mov/.test(name) ? 1e-6 : 0.0006);
      expect(got.pictures.map((picture, i) => psnr(film[i]!, picture).yuv > 30)).toEqual(Array(6).fill(true));
    }
  });

  test('the log and the errors name what is wrong', async () => {
    writeFileSync(file('text.mp4'), 'no film');
    await expect(read('text.mp4')).rejects.toMatchObject({ code: 'NOT_A_FILM', exitCode: 1 });
    await expect(read('none.mp4')).rejects.toMatchObject({ code: 'FILE_MISSING' });
    await expect(read('text.mp4', { ffmpeg: '/nowhere/ffmpeg' })).rejects.toMatchObject({
      code: 'FFMPEG_NOT_FOUND',
    });
  });

  test('a signal ends the reading', async () => {
    ffmpeg('-f', 'lavfi', '-i', 'testsrc2=s=48x32:r=25:d=4', '-c:v', 'ffv1', file('long.mkv'));
    const film = await openFilm(file('long.mkv'));
    const controller = new AbortController();
    const reading = (async () => {
      for await (const _ of film.pictures(controller.signal)) controller.abort();
    })();
    await expect(reading).rejects.toThrow(InterruptedError);
  });
});

describe('writing', () => {
  test.each(['mp4', 'mkv', 'mov', 'webm'])(
    '%s keeps size, rate, colour and aspect, and nearly the samples',
    async (extension) => {
      for (const lumaRange of ['tv', 'pc'] as const) {
        const info = { ...baseInfo, width: 48, height: 32, lumaRange };
        const film = pictures(info, 5);
        const name = `out-${lumaRange}.${extension}`;
        const written = await writeFilm(each(film), info, file(name));
        expect(written.frames).toBe(5);
        const got = await read(name);
        expect(got.info).toEqual({ ...info, frames: 5 });
        expect(psnr(film[3]!, got.pictures[3]!).yuv).toBeGreaterThan(35);
      }
    },
  );

  test('a pipe gets every byte at its own pace, with no listener for each picture, and may close early', async () => {
    const film = pictures(baseInfo, 20);
    const got: Buffer[] = [];
    const slow = new Writable({
      highWaterMark: 1,
      write(chunk: Buffer, _, done) {
        got.push(Buffer.from(chunk));
        setImmediate(done);
      },
    });
    const { frames } = await writeFilm(each(film), baseInfo, '-', { stdout: slow });
    expect(frames).toBe(20);
    expect(Buffer.concat(got)).toEqual(Buffer.concat(await collect(writeY4m(each(film), baseInfo))));
    expect(slow.eventNames().flatMap((name) => slow.listeners(name)).length).toBeLessThanOrEqual(1);
    expect(slow.writableEnded).toBe(false);
    const closed = new Writable({
      write: (_chunk, _, done) => done(Object.assign(new Error(), { code: 'EPIPE' })),
    });
    expect((await writeFilm(each(film), baseInfo, '-', { stdout: closed })).frames).toBeLessThan(20);
    const full = new Writable({
      write: (_chunk, _, done) => done(Object.assign(new Error(), { code: 'ENOSPC' })),
    });
    await expect(writeFilm(each(film), baseInfo, '-', { stdout: full })).rejects.toMatchObject({
      code: 'ENOSPC',
    });
  });

  test('odd sizes are written everywhere', async () => {
    const film = pictures(baseInfo, 2);
    await writeFilm(each(film), baseInfo, file('odd.mp4'));
    await writeFilm(each(film), baseInfo, file('odd.webm'));
    expect((await read('odd.mp4')).info).toMatchObject({ width: 33, height: 19, chroma: '444' });
    expect((await read('odd.webm')).info).toMatchObject({ width: 33, height: 19, chroma: '420' });
  });

  test('pictures are numbered from 1, a single name holds one, gif moves', async () => {
    const film = pictures(baseInfo, 3);
    await writeFilm(each(film), baseInfo, file('p-%05d.png'));
    const names = readdirSync(folder).filter((name) => name.startsWith('p-'));
    expect(names.sort()).toEqual(['p-00001.png', 'p-00002.png', 'p-00003.png']);
    await writeFilm(each(film.slice(1)), baseInfo, file('anim.gif'));
    expect((await read('anim.gif')).pictures.length).toBeGreaterThan(1);
    await expect(writeFilm(each(film), baseInfo, file('one.png'))).rejects.toMatchObject({
      code: 'ONE_PICTURE_OUTPUT',
    });
    await expect(writeFilm(each(film), baseInfo, file('p-%05d.png'))).rejects.toMatchObject({
      code: 'OUTPUT_EXISTS',
    });
  });

  test('gray of limited range is written to png as full-range RGB', async () => {
    const info = { ...baseInfo, width: 16, height: 16 };
    const picture = createPicture(16, 16, '420');
    for (const [index, code] of [235, 128, 128].entries()) picture.planes[index]!.fill(code);
    await writeFilm(each([picture]), info, file('white.png'));
    const rgb = execFileSync(findFfmpeg().ffmpeg, [
      '-v',
      'error',
      '-i',
      file('white.png'),
      '-f',
      'rawvideo',
      '-pix_fmt',
      'rgb24',
      '-',
    ]);
    expect(Math.min(...rgb)).toBeGreaterThanOrEqual(254);
  });

  test('no output is touched or left behind when something fails', async () => {
    const film = pictures(baseInfo, 2);
    writeFileSync(file('kept.y4m'), 'mine');
    await expect(writeFilm(each(film), baseInfo, file('kept.y4m'))).rejects.toMatchObject({
      code: 'OUTPUT_EXISTS',
    });
    async function* broken() {
      yield film[0]!;
      throw new MediaError('broken', { code: 'BROKEN', hint: '' });
    }
    for (const name of ['broken.y4m', 'broken.mp4', 'broken-%d.png']) {
      await expect(writeFilm(broken(), baseInfo, file(name))).rejects.toMatchObject({ code: 'BROKEN' });
    }
    await expect(writeFilm(each(film), baseInfo, file('no/such.mp4'))).rejects.toMatchObject({
      code: 'OUTPUT_FOLDER_MISSING',
    });
    await expect(writeFilm(each(film), baseInfo, file('a.txt'))).rejects.toMatchObject({
      code: 'UNKNOWN_OUTPUT',
      exitCode: 2,
    });
    expect(readFileSync(file('kept.y4m'), 'utf8')).toBe('mine');
    expect(readdirSync(folder).filter((name) => /broken|part/.test(name))).toEqual([]);
  });
});

describe('rates', () => {
  test('are read as numbers and fractions', () => {
    expect(parseRate('25')).toEqual([25, 1]);
    expect(parseRate('23.976')).toEqual([24000, 1001]);
    expect(parseRate('29.97')).toEqual([30000, 1001]);
    expect(parseRate('12.5')).toEqual([25, 2]);
    expect(parseRate('60000/1001')).toEqual([60000, 1001]);
    for (const bad of ['0', 'fast', '1/0', '-3']) expect(() => parseRate(bad)).toThrow('not a frame rate');
    expect(nearestRate(1000 / 67)).toEqual([1000, 67]);
  });

  test('constant in spite of times rounded to milliseconds', () => {
    const times = Array.from({ length: 50 }, (_, i) => Math.round((i * 1001000) / 30000) / 1000);
    const named = ['30000/1001', '0/0'];
    expect(timingOf(times, named)).toEqual({ rate: [30000, 1001], variable: false });
    expect(timingOf([...times, 2.5], named)).toEqual({ rate: [30000, 1001], variable: true });
    // An hour of a clock that is a thousandth slow: its named rate would drift by three seconds.
    const slow = Array.from({ length: 90_000 }, (_, i) => i * 0.04004);
    const { rate, variable } = timingOf(slow, ['25/1', '25/1']);
    expect(variable).toBe(false);
    expect(Math.abs((slow.length - 1) * (rate[1] / rate[0]) - slow.at(-1)!)).toBeLessThan(0.02);
    expect(timingOf([], ['25/1'])).toEqual({ rate: [25, 1], variable: false });
  });
});

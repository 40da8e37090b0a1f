/** Films whose containers say other sizes, numbers and times than their frames have. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { filmSeconds } from '../../runtime/picture/frameTimes.js';
import type { Picture } from '../../runtime/picture/picture.js';
import { psnr } from '../../src/measure/psnr.js';
import { findFfmpeg } from '../../src/media/ffmpeg.js';
import { openFilm, type ReadOptions } from '../../src/media/filmReader.js';
import { containerFacts } from '../../src/media/probe.js';
import { Timeline } from '../../src/media/timeline.js';

const SECONDS = 4;
const RATE = 25;
const source = `testsrc2=size=96x64:rate=${RATE}:duration=${SECONDS}`;

let folder: string;
/** Every frame of `source` as it was before any codec. */
let original: Picture[];

const file = (name: string): string => path.join(folder, name);

function ffmpeg(...options: string[]): void {
  execFileSync(findFfmpeg().ffmpeg, ['-v', 'error', '-y', ...options]);
}

/** Makes a film of `source`; options go to the output. */
function make(name: string, ...options: string[]): void {
  ffmpeg('-f', 'lavfi', '-i', source, '-pix_fmt', 'yuv420p', ...options, file(name));
}

/** Makes a film of another one's packets. */
function remux(from: string, name: string, ...options: string[]): void {
  ffmpeg('-i', file(from), '-c', 'copy', ...options, file(name));
}

function join(name: string, ...parts: string[]): void {
  writeFileSync(file(name), Buffer.concat(parts.map((part) => readFileSync(file(part)))));
}

async function read(name: string, options: ReadOptions = {}) {
  const lines: string[] = [];
  const film = await openFilm(file(name), { ...options, log: (line) => lines.push(line) });
  const pictures: Picture[] = [];
  for await (const picture of film.pictures()) pictures.push(picture);
  expect(pictures).toHaveLength(film.info.frames!);
  return { info: film.info, lines, pictures };
}

/** Number of the frame of `source` that a picture is most like. */
function numberOf(picture: Picture): number {
  const likeness = original.map((frame) => psnr(frame, picture).y);
  return likeness.indexOf(Math.max(...likeness));
}

beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'weft hard '));
  make('original.y4m');
  original = (await read('original.y4m')).pictures;
  make('film.mp4', '-c:v', 'libx264', '-g', '40');
  make('film.ts', '-c:v', 'libx264', '-g', '40');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the part that is asked for', () => {
  test.each<[string, () => void]>([
    ['film.ts', () => undefined],
    ['film.m2ts', () => remux('film.mp4', 'film.m2ts')],
    ['film.avi', () => remux('film.mp4', 'film.avi')],
    ['film.h264', () => remux('film.mp4', 'film.h264')],
    ['film.vob', () => make('film.vob', '-c:v', 'mpeg2video', '-b:v', '2M', '-bf', '2', '-g', '12')],
    ['film.mpg', () => make('film.mpg', '-c:v', 'mpeg2video', '-b:v', '2M', '-bf', '2', '-g', '12')],
    ['hevc.ts', () => make('hevc.ts', '-c:v', 'libx265', '-x265-params', 'log-level=none')],
  ])('begins at its frame in %s', async (name, prepare) => {
    prepare();
    const { info, pictures } = await read(name, { start: 2, end: 2.4 });
    expect(info).toMatchObject({ rate: [RATE, 1], frames: 10 });
    expect(pictures.map(numberOf)).toEqual(Array.from({ length: 10 }, (_, i) => 50 + i));
  });

  test('begins with the picture on display where the rate varies', async () => {
    make('varies.mp4', '-vf', "select='lt(t,0.5)+between(t,2,2.5)+gt(t,3.5)'", '-vsync', 'vfr');
    const { info, pictures } = await read('varies.mp4', { start: 1.8, end: 2.06 });
    expect(info).toMatchObject({ rate: [RATE, 1], times: { tick: [1, 50], ticks: [0, 10, 12, 13] } });
    expect(pictures.map(numberOf)).toEqual([12, 50, 51]);
    const constant = await read('varies.mp4', { start: 1.8, end: 2.08, fps: [RATE, 1] });
    expect(constant.pictures.map(numberOf)).toEqual([12, 12, 12, 12, 12, 50, 51]);
    const few = await read('varies.mp4', { start: 0.4, frames: 4 });
    expect(few.info.times).toEqual({ tick: [1, 25], ticks: [0, 1, 2, 40, 41] });
  });

  test('is refused behind the end, with the length of the film', async () => {
    await expect(read('film.ts', { start: 9 })).rejects.toMatchObject({
      code: 'EMPTY_RANGE',
      range: `0..${SECONDS}.000`,
    });
  });
});

describe('all frames, at their time', () => {
  test('of a film whose times begin anew', async () => {
    make('short.ts', '-c:v', 'libx264', '-t', '1');
    join('twice.ts', 'short.ts', 'short.ts');
    const { info, pictures } = await read('twice.ts');
    expect(info).toMatchObject({ rate: [RATE, 1], frames: 50 });
    expect(pictures.map(numberOf)).toEqual([...Array(50).keys()].map((i) => i % 25));
  });

  test('of fields that are packets of their own', async () => {
    make('fields.mkv', '-vf', 'setfield=tff', '-c:v', 'libx264', '-x264-params', 'tff=1', '-flags', '+ildct');
    const { info, lines } = await read('fields.mkv');
    expect(info).toMatchObject({ rate: [RATE, 1], frames: SECONDS * RATE });
    expect(lines.join()).toContain('interlaced');
  });

  test('of a film with an edit list', async () => {
    remux('film.mp4', 'whole.mov');
    ffmpeg('-ss', '1.3', '-i', file('film.mp4'), '-c', 'copy', file('edited.mp4'));
    const { info, pictures } = await read('edited.mp4');
    expect(info.rate).toEqual([RATE, 1]);
    expect(numberOf(pictures[0]!)).toBeGreaterThanOrEqual(32);
    expect(numberOf(pictures.at(-1)!)).toBe(99);
    expect(pictures).toHaveLength(100 - numberOf(pictures[0]!));
  });

  test('of VP9 with hidden frames', async () => {
    make('hidden.webm', '-c:v', 'libvpx-vp9', '-b:v', '200k', '-auto-alt-ref', '1', '-lag-in-frames', '16');
    ffmpeg('-i', file('hidden.webm'), '-c', 'copy', '-bsf:v', 'vp9_superframe_split', file('split.mkv'));
    expect((await read('split.mkv')).info).toMatchObject({ rate: [RATE, 1], frames: SECONDS * RATE });
  });

  test('of a film with damaged packets, and a warning', async () => {
    const bytes = readFileSync(file('film.mp4'));
    for (let at = 0.3 * bytes.length; at < 0.6 * bytes.length; at += 150) bytes[Math.round(at)]! ^= 0x55;
    writeFileSync(file('damaged.mp4'), bytes);
    const { info, lines, pictures } = await read('damaged.mp4');
    expect(info.rate).toEqual([RATE, 1]);
    expect(Math.abs(filmSeconds(info)! - SECONDS)).toBeLessThan(1.01 / RATE);
    expect(numberOf(pictures.at(-1)!)).toBe(99);
    expect(
      (await read('damaged.mp4')).pictures.every((picture, i) => psnr(picture, pictures[i]!).yuv === 100),
    ).toBe(true);
    expect(lines.join('\n')).toMatch(/damaged: ffmpeg complained \d+ times/);
    await expect(read('damaged.mp4', { strict: true })).rejects.toMatchObject({ code: 'FILM_LOSSY' });
  });

  test('of a film that was cut off, and a warning', async () => {
    remux('film.mp4', 'fast.mp4', '-movflags', '+faststart');
    const bytes = readFileSync(file('fast.mp4'));
    writeFileSync(file('cut.mp4'), bytes.subarray(0, Math.round(bytes.length / 2)));
    const { lines, info } = await read('cut.mp4');
    expect(info.frames).toBeLessThan(60);
    expect(lines.join('\n')).toMatch(/the film ends after \d\.\d+ s of 4\.00 s/);
  });

  test('of an animation whose name promises a still', async () => {
    make('moving.apng', '-f', 'apng', '-frames:v', '9');
    copyFileSync(file('moving.apng'), file('50% moving %d.png'));
    expect((await read('50% moving %d.png')).info).toMatchObject({ rate: [RATE, 1], frames: 9 });
  });

  test('of stills with another name', async () => {
    for (const [name, codec] of [
      ['still.webp', 'libwebp'],
      ['still.bmp', 'bmp'],
      ['still.tiff', 'tiff'],
      ['still.jpg', 'mjpeg'],
    ] as const) {
      ffmpeg('-f', 'lavfi', '-i', source, '-frames:v', '1', '-c:v', codec, file(name));
      copyFileSync(file(name), file(`renamed ${name}.jpg`));
      expect((await read(`renamed ${name}.jpg`)).info).toMatchObject({ width: 96, height: 64, frames: 1 });
    }
  });
});

/** What a conversion by ffmpeg alone shows. */
async function asFfmpegShows(name: string) {
  ffmpeg('-i', file(name), '-strict', '-1', file('shown.y4m'));
  return read('shown.y4m');
}

describe('the size of the first frame, as ffmpeg turns it', () => {
  test('of a JPEG that is turned by its EXIF', async () => {
    make('plain.jpg', '-frames:v', '1');
    const plain = readFileSync(file('plain.jpg'));
    const orientation = 'II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0';
    const turn = Buffer.from(`\xff\xe1\0\x22Exif\0\0${orientation}`, 'latin1');
    writeFileSync(file('turned.jpg'), Buffer.concat([plain.subarray(0, 2), turn, plain.subarray(2)]));
    const [turned, shown] = [await read('turned.jpg'), await asFfmpegShows('turned.jpg')];
    expect(turned.pictures).toEqual(shown.pictures);
  });

  test('of a film that is turned by messages in its stream', async () => {
    make('keys.ts', '-c:v', 'libx264', '-g', '1');
    remux('keys.ts', 'turned.ts', '-bsf:v', 'h264_metadata=display_orientation=insert:rotate=90');
    const [turned, shown] = [await read('turned.ts'), await asFfmpegShows('turned.ts')];
    expect(turned.info).toMatchObject({ width: shown.info.width, height: shown.info.height });
    // ffmpeg finds the message of one frame too late; that frame is scaled to the size of the others, by another filter than ours.
    const alike = turned.pictures.map((picture, i) => psnr(shown.pictures[i]!, picture).y);
    expect(alike.filter((db) => db > 24).length).toBeGreaterThanOrEqual(SECONDS * RATE - 1);
  });

  test('of a film whose container turns it', async () => {
    ffmpeg('-i', file('film.mp4'), '-c', 'copy', '-metadata:s:v', 'rotate=90', file('phone.mp4'));
    const [turned, shown] = [await read('phone.mp4'), await asFfmpegShows('phone.mp4')];
    expect(turned.info).toMatchObject({ width: 64, height: 96, frames: SECONDS * RATE });
    expect(turned.pictures).toEqual(shown.pictures);
  });

  test('where it changes in the middle, with a note', async () => {
    make('small.ts', '-vf', 'scale=48:32', '-c:v', 'libx264', '-t', '1', '-output_ts_offset', '4');
    join('changes.ts', 'film.ts', 'small.ts');
    const { info, lines, pictures } = await read('changes.ts');
    expect(info).toMatchObject({ width: 96, height: 64, rate: [RATE, 1], frames: 125 });
    expect(lines.join()).toContain('48x32 at frame 100');
    expect(psnr(original[12]!, pictures[112]!).y).toBeGreaterThan(18);
    const part = await read('changes.ts', { start: 3.96, end: 4.08 });
    expect(part.pictures).toEqual(pictures.slice(99, 102));
  });
});

describe('what is told', () => {
  test('streams that are not kept', async () => {
    remux('film.mp4', 'two.mkv', '-map', '0', '-map', '0');
    expect((await read('two.mkv')).lines).toEqual(['not kept: video (h264)']);
  });

  test('transparency of VP9, Dolby Vision without a base', () => {
    const film = { codec_type: 'video', codec_name: 'vp9', tags: { alpha_mode: '1' } };
    expect(containerFacts({ streams: [film] }, 'a').losses.join()).toContain('transparency');
    const vision = { codec_type: 'video', codec_name: 'hevc', side_data_list: [{}, { dv_profile: 5 }] };
    expect(containerFacts({ streams: [vision] }, 'a').losses.join()).toContain('Dolby Vision');
    const plain = { codec_type: 'video', codec_name: 'hevc', side_data_list: [{ dv_profile: 8 }] };
    expect(containerFacts({ streams: [plain] }, 'a').losses).toEqual([]);
  });

  test('the matrix of a film that names none and crosses 720 lines', async () => {
    ffmpeg(
      '-f',
      'lavfi',
      '-i',
      'testsrc2=s=1280x720:d=0.2',
      '-pix_fmt',
      'yuv420p',
      '-c:v',
      'libx264',
      file('hd.mp4'),
    );
    const small = await read('hd.mp4', { size: { width: 320, height: 180 } });
    expect(small.info.matrix).toBe('bt709');
    expect(small.lines.join()).toContain('bt709');
    expect((await read('hd.mp4')).info.matrix).toBe('unknown');
    expect((await read('film.mp4', { size: { width: 48, height: 32 } })).info.matrix).toBe('unknown');
  });

  test('why a file is no film, in ffmpeg’s words', async () => {
    const bytes = readFileSync(file('film.mp4'));
    writeFileSync(file('headless.mp4'), bytes.subarray(0, bytes.length - 3000));
    await expect(read('headless.mp4')).rejects.toMatchObject({
      code: 'NOT_A_FILM',
      message: expect.stringContaining('moov atom not found'),
    });
  });
});

describe('a timeline', () => {
  const timeline = (interval: number, ...ticks: number[]) => {
    const line = new Timeline(interval);
    for (const time of ticks) line.add(time);
    return line.times;
  };

  test('begins at nothing, keeps gaps, and goes on where a film begins anew', () => {
    expect(timeline(40, 1000, 1040, 1080, 5000, 5040)).toEqual([0, 40, 80, 4000, 4040]);
    expect(timeline(40, 0, 40, 80, 0, 40, 80, 0)).toEqual([0, 40, 80, 120, 160, 200, 240]);
  });

  test('stays on its clock where one frame is out of line or has no time', () => {
    expect(timeline(40, 0, 40, 80, 60, 160, 200)).toEqual([0, 40, 80, 120, 160, 200]);
    expect(timeline(40, 0, 40, 400, 120, 160)).toEqual([0, 40, 80, 120, 160]);
    expect(timeline(40, 0, 40, Number.NaN, 120)).toEqual([0, 40, 80, 120]);
    expect(timeline(40, Number.NaN, 40)).toEqual([0, 40]);
  });
});

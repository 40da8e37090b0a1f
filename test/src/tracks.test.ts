/** Sound, subtitles, chapters and names: into a `.weft` file and out of it, with the pictures. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Chunk, type StreamedChunk, streamed } from '../../runtime/format/chunks.js';
import type { FilmInfo, Picture } from '../../runtime/picture/picture.js';
import { findFfmpeg, probeJson } from '../../src/media/ffmpeg.js';
import { cutMetadata, formatMetadata, parseMetadata } from '../../src/media/filmMetadata.js';
import { type OpenedFilm, openFilm, type ReadOptions } from '../../src/media/filmReader.js';
import { writeFilm } from '../../src/media/filmWriter.js';
import { soundFilters } from '../../src/media/soundCoding.js';
import { type ChunkPart, spliceChunks } from '../../src/media/trackSplice.js';
import type { FilmTracks } from '../../src/media/trackWriter.js';
import { once } from '../once.js';

const SECONDS = 6;
/** Samples a second that sounds are compared at. */
const HZ = 8000;
/** Never the same twice, so that a shift shows. */
const noise = `anoisesrc=seed=7:color=pink:amplitude=0.5:r=48000:d=${SECONDS}`;

let folder: string;
const open: OpenedFilm[] = [];
const file = (name: string): string => path.join(folder, name);

function ffmpeg(...options: string[]): Buffer {
  return execFileSync(findFfmpeg().ffmpeg, ['-v', 'error', '-y', ...options], { maxBuffer: 1e9 });
}

/** What is heard, from the beginning of the pictures on. */
function heard(name: string, track = 0): Float32Array {
  const filters = `aresample=async=1:first_pts=0,aformat=sample_rates=${HZ}:channel_layouts=mono`;
  // Times as they are: ffmpeg would begin the file where its first stream begins.
  const bytes = ffmpeg(
    '-copyts',
    '-i',
    file(name),
    '-map',
    `0:a:${track}`,
    '-af',
    filters,
    '-f',
    'f32le',
    '-',
  );
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
}

/** How much later, in milliseconds, a quarter of a second of one sound is found in another. */
function delayMs(
  original: Float32Array,
  copy: Float32Array,
  originalSeconds: number,
  copySeconds: number,
): number {
  const [from, at] = [Math.round(originalSeconds * HZ), Math.round(copySeconds * HZ)];
  let [best, delay] = [Number.NEGATIVE_INFINITY, 0];
  for (let shift = -400; shift <= 400; shift++) {
    let sum = 0;
    for (let i = 0; i < HZ / 4; i++) sum += original[from + i]! * copy[at + shift + i]!;
    if (sum > best) [best, delay] = [sum, shift];
  }
  return (1000 * delay) / HZ;
}

async function streamsOf(name: string) {
  const options = ['-show_entries', 'stream=codec_type,codec_name:stream_tags=language:format_tags=title'];
  return (await probeJson(findFfmpeg(), file(name), [...options, '-show_chapters'])) as {
    streams: { codec_type: string; codec_name: string; tags?: { language?: string } }[];
    format: { tags?: { title?: string } };
    chapters: { start_time: string; end_time: string; tags: { title: string } }[];
  };
}

async function chunksOf(name: string, options: ReadOptions = {}) {
  const lines: string[] = [];
  const film = await openFilm(file(name), { ...options, log: (line) => lines.push(line) });
  open.push(film);
  const chunks = await Promise.all((await film.chunks!()).map(collected));
  return { info: film.info, chunks, lines, film };
}

/** A chunk with all of its bytes. */
async function collected(chunk: Chunk | StreamedChunk): Promise<Chunk> {
  const pieces: Uint8Array[] = [];
  for await (const piece of streamed(chunk).pieces()) pieces.push(piece);
  return { name: chunk.name, bytes: Uint8Array.from(Buffer.concat(pieces)) };
}

/** The film as it is read, and its sound as it was before: most tests compare with them. */
const whole = once(() => chunksOf('film.mkv'));
const originalSound = once(() => heard('noise.wav'));

/** Puts parts together as `weft join` does. */
function splice(parts: readonly ChunkPart[], lose: (line: string) => void = () => undefined) {
  return spliceChunks(findFfmpeg(), mkdtempSync(path.join(folder, 'splice')), parts, lose);
}

async function writeBack(name: string, pictures: AsyncIterable<Picture>, info: FilmInfo, tracks: FilmTracks) {
  const lines: string[] = [];
  await writeFilm(pictures, info, file(name), { overwrite: true, tracks, log: (line) => lines.push(line) });
  return lines;
}

const all = (chunks: readonly (Chunk | StreamedChunk)[]): FilmTracks => ({
  chunks,
  start: 0,
  end: SECONDS,
  speed: 1,
  whole: true,
});

beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'weft tracks '));
  writeFileSync(
    file('words.srt'),
    '1\n00:00:01,000 --> 00:00:02,000\nfirst words\n\n2\n00:00:03,500 --> 00:00:04,500\nlast words\n',
  );
  writeFileSync(
    file('names.txt'),
    ';FFMETADATA1\ntitle=A film\\; its \\= name\nencoder=someone\n' +
      '[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=2500\ntitle=one\n' +
      '[CHAPTER]\nTIMEBASE=1/1000\nSTART=2500\nEND=6000\ntitle=two\n',
  );
  const pictures = ['-f', 'lavfi', '-i', `testsrc2=s=48x32:r=25:d=${SECONDS}`];
  const sound = ['-f', 'lavfi', '-i', noise, '-itsoffset', '1.5', '-f', 'lavfi', '-i', noise];
  const others = ['-i', file('words.srt'), '-f', 'ffmetadata', '-i', file('names.txt')];
  const maps = [
    '-map',
    '0',
    '-map',
    '1',
    '-map',
    '2',
    '-map',
    '3',
    '-map_metadata',
    '4',
    '-map_chapters',
    '4',
  ];
  const coding = [
    '-c:v',
    'libx264',
    '-pix_fmt',
    'yuv420p',
    '-c:a:0',
    'pcm_s16le',
    '-c:a:1',
    'flac',
    '-c:s',
    'srt',
  ];
  const languages = [
    '-metadata:s:a:0',
    'language=eng',
    '-metadata:s:a:1',
    'language=fra',
    '-metadata:s:s:0',
    'language=spa',
  ];
  ffmpeg(
    ...pictures,
    ...sound,
    ...others,
    ...maps,
    ...coding,
    ...languages,
    '-t',
    String(SECONDS),
    file('film.mkv'),
  );
  ffmpeg('-f', 'lavfi', '-i', noise, file('noise.wav'));
});
afterAll(async () => {
  for (const film of open) await film.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('into the file', () => {
  test('every track and what the film says of itself, the same each time', async () => {
    const { chunks, lines } = await whole();
    expect(chunks.map(({ name }) => name)).toEqual(['AUDI', 'AUDI', 'SUBT', 'META']);
    expect(lines).toEqual([]);
    expect(new TextDecoder().decode(chunks[3]!.bytes)).toMatch(
      /^;FFMETADATA1\ntitle=A film\\; its \\= name\n\[CHAPTER\]/,
    );
    expect((await chunksOf('film.mkv')).chunks).toEqual(chunks);
  });

  test('sound from the first picture on, to the millisecond, also of a track that begins late', async () => {
    const { chunks } = await chunksOf('film.mkv', { start: 2, end: 5 });
    const original = originalSound();
    for (const [track, begins] of [
      [0, 0],
      [1, 1.5],
    ] as const) {
      writeFileSync(file('part.webm'), chunks[track]!.bytes);
      const part = heard('part.webm');
      expect(part.length / HZ).toBeCloseTo(3, 1);
      for (const at of [0.2, 2.5]) expect(delayMs(original, part, 2 - begins + at, at)).toBeLessThan(1);
    }
  });

  test('nothing of what was not asked for; sound as it is coded on request', async () => {
    const none = await chunksOf('film.mkv', { audio: 'none' });
    expect(none.chunks.map(({ name }) => name)).toEqual(['SUBT', 'META']);
    const copy = await chunksOf('film.mkv', { audio: 'copy' });
    const codecs = copy.chunks.slice(0, 2).map(async ({ bytes }, i) => {
      writeFileSync(file(`copy${i}`), bytes);
      return (await streamsOf(`copy${i}`)).streams[0];
    });
    expect(await Promise.all(codecs)).toMatchObject([
      { codec_name: 'pcm_s16le', tags: { language: 'eng' } },
      { codec_name: 'flac', tags: { language: 'fra' } },
    ]);
    const small = await chunksOf('film.mkv', { audioBitrate: 12000 });
    expect(small.chunks[0]!.bytes.length).toBeLessThan(0.6 * (await whole()).chunks[0]!.bytes.length);
  });

  test('by pieces, from files that are removed when the film is closed', async () => {
    const film = await openFilm(file('film.mkv'), { audio: 'copy' });
    const usual = process.env.TMPDIR;
    process.env.TMPDIR = mkdtempSync(path.join(folder, 'temporary'));
    const [sound] = (await film.chunks!()) as StreamedChunk[];
    const made = readdirSync(os.tmpdir());
    const sizes: number[] = [];
    for await (const { length } of sound!.pieces()) sizes.push(length);
    expect(sizes.reduce((sum, size) => sum + size)).toBe(sound!.size);
    expect(sound!.size).toBeGreaterThan(2 * 48_000 * SECONDS);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(2 ** 20);
    await film.close();
    expect([made.length, readdirSync(os.tmpdir())]).toEqual([1, []]);
    if (usual === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = usual;
  });

  test('no track that has nothing in the part that is read', async () => {
    const { chunks } = await chunksOf('film.mkv', { end: 0.8 });
    expect(chunks.map(({ name }) => name)).toEqual(['AUDI', 'META']);
  });
});

describe('out of the file', () => {
  test.each(['mp4', 'mkv', 'webm', 'mov'])('into .%s, in time', async (extension) => {
    const { film, info, chunks } = await whole();
    const name = `back.${extension}`;
    expect(await writeBack(name, film.pictures(), info, all(chunks))).toEqual([]);
    const { streams, format, chapters } = await streamsOf(name);
    const mp4 = /mp4|mov/.test(extension);
    const text = mp4 ? 'mov_text' : extension === 'webm' ? 'webvtt' : 'subrip';
    const sound = mp4 ? 'aac' : 'opus';
    // MP4 keeps chapters as a track of text besides.
    expect(streams.filter(({ codec_type }) => codec_type !== 'data').slice(0, 4)).toMatchObject([
      { codec_type: 'video' },
      { codec_name: sound, tags: { language: 'eng' } },
      { codec_name: sound, tags: { language: 'fra' } },
      { codec_name: text, tags: { language: 'spa' } },
    ]);
    expect(format.tags).toMatchObject({ title: 'A film; its = name' });
    expect(chapters.map(({ start_time, tags }) => [Number(start_time), tags.title])).toEqual([
      [0, 'one'],
      [2.5, 'two'],
    ]);
    const original = originalSound();
    for (const [track, begins] of [
      [0, 0],
      [1, 1.5],
    ] as const) {
      const copy = heard(name, track);
      for (const at of [1.8, 5.3]) expect(Math.abs(delayMs(original, copy, at - begins, at))).toBeLessThan(1);
    }
    expect((await openFilm(file(name))).info).toMatchObject({ frames: 25 * SECONDS, rate: [25, 1] });
  });

  test('a part of it: sound, words and chapters of that part', async () => {
    const { film, info, chunks } = await whole();
    const part: FilmTracks = { chunks, start: 1.5, end: 4.1, speed: 1, whole: false };
    for (const name of ['part.mkv', 'part.mp4']) {
      expect(await writeBack(name, film.pictures(), info, part)).toEqual([]);
      const copy = heard(name);
      for (const at of [0.2, 2.2])
        expect(Math.abs(delayMs(originalSound(), copy, 1.5 + at, at))).toBeLessThan(1);
      expect((await streamsOf(name)).chapters.map(({ end_time }) => Number(end_time))).toEqual([1, 2.6]);
      const words = ffmpeg('-copyts', '-i', file(name), '-f', 'srt', '-').toString();
      expect(words).toContain('00:00:02,000 --> 00:00:03,000\nlast words');
    }
  });

  test.each([0.25, 0.5, 1.7, 4])(
    'at %f times the speed the sound lasts as long as the pictures',
    async (speed) => {
      const { film, info, chunks } = await whole();
      const shown = { ...info, rate: [25, 1] as [number, number] };
      const lines = await writeBack('speed.mkv', film.pictures(), shown, { ...all(chunks), speed });
      expect(lines.join()).toContain('no subtitles');
      const copy = heard('speed.mkv');
      expect(copy.length / HZ).toBeGreaterThan((SECONDS - 0.05) / speed - 0.05);
      expect(copy.length / HZ).toBeLessThan(SECONDS / speed + 0.1);
    },
  );

  test.each(['mp4', 'mkv'])(
    'at several speeds, with a picture that stands, it stays in time: .%s',
    async (extension) => {
      const { film, info, chunks } = await whole();
      const pieces = [
        { from: 1, to: 2.5, seconds: 1.5 },
        { from: 2.5, to: 2.5, seconds: 1 },
        { from: 2.5, to: 3.5, seconds: 2 },
        { from: 3.5, to: 3.6, seconds: 0.5 },
        { from: 3.6, to: 6, seconds: 2.4 },
      ];
      const part: FilmTracks = { chunks, start: 1, end: 6, speed: 1, pieces, whole: false };
      const name = `pieces.${extension}`;
      const lines = await writeBack(name, film.pictures(), info, part);
      expect(lines.join()).toMatch(/no sound where the speed is below 0.25.*no subtitles/);
      const [original, copy] = [originalSound(), heard(name)];
      expect(copy.length / HZ).toBeCloseTo(7.4, 1);
      for (const [at, film] of [
        [0.3, 1.3],
        [1.1, 2.1],
        [5.2, 3.8],
        [6.8, 5.4],
      ] as const)
        expect(Math.abs(delayMs(original, copy, film, at)), String(at)).toBeLessThan(1);
      const loudest = (from: number, to: number) =>
        copy.subarray(from * HZ, to * HZ).reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
      for (const [from, to] of [
        [1.55, 2.45],
        [4.55, 4.95],
      ] as const)
        expect(loudest(from, to)).toBeLessThan(0.01);
      for (const from of [1, 2.7, 3.9, 5.2]) expect(loudest(from, from + 0.3)).toBeGreaterThan(0.1);
      // The first chapter ends where the picture begins to stand.
      const { chapters } = await streamsOf(name);
      expect(chapters.map(({ end_time }) => Number(end_time))).toEqual([1.5, 7.4]);
    },
  );

  test('pieces do not click where they meet', () => {
    // The second begins in the middle of a wave, the third is silent.
    const pieces = [
      { from: 0, to: 1.0004, seconds: 0.8 },
      { from: 1.5007, to: 2.5, seconds: 1.1 },
      { from: 2.5, to: 2.5, seconds: 0.3 },
      { from: 3.0003, to: 4, seconds: 1 },
    ];
    const filters = soundFilters({ start: 0, end: 4, pieces });
    const tone = 'aevalsrc=0.5*sin(2*PI*440*t):s=48000:d=4';
    const bytes = ffmpeg('-f', 'lavfi', '-i', tone, '-af', filters.join(), '-f', 'f32le', '-');
    const copy = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
    expect(copy.length).toBe(3.2 * 48000);
    let step = 0;
    for (let i = 480; i < copy.length - 480; i++) step = Math.max(step, Math.abs(copy[i]! - copy[i - 1]!));
    expect(step).toBeLessThan((1.5 * (0.5 * 2 * Math.PI * 440)) / 48000);
  });

  test('no filter is asked for a tempo beyond 0.5 or 2, also where rounding is in the way', () => {
    const pieces = [2, 0.5, 4, 0.25].map((pace, i) => ({ from: i, to: i + 1, seconds: pace * (1 + 1e-12) }));
    for (const list of [pieces, pieces.map((piece) => ({ ...piece, seconds: piece.seconds - 4e-12 }))]) {
      const filters = soundFilters({ start: 0, end: 4, pieces: list }).join();
      const tempos = [...filters.matchAll(/atempo=([\d.]+)/g)].map(([, tempo]) => Number(tempo));
      expect(tempos).toHaveLength(6);
      for (const tempo of tempos) expect(tempo >= 0.5 && tempo <= 2, String(tempo)).toBe(true);
    }
  });

  test('beyond what can be heard there is no sound, and a note', async () => {
    const { film, info, chunks } = await whole();
    const lines = await writeBack('fast.mkv', film.pictures(), info, { ...all(chunks), speed: 8 });
    expect(lines.join()).toContain('no sound at 8 times the speed');
    expect((await streamsOf('fast.mkv')).streams).toHaveLength(1);
  });
});

describe('from one file into another', () => {
  /** A part of the film that was read by itself. */
  async function read(start: number, end: number): Promise<ChunkPart> {
    const { chunks } = await chunksOf('film.mkv', { start, end });
    return { name: 'part.weft', chunks: chunks.map(streamed), start: 0, end: end - start, whole: true };
  }
  async function checkInTime(
    chunks: readonly StreamedChunk[],
    from: number,
    places: readonly number[],
  ): Promise<void> {
    const { film, info } = await whole();
    const original = originalSound();
    for (const name of ['splice.mp4', 'splice.mkv']) {
      await writeBack(name, film.pictures(), info, all(chunks));
      for (const [track, begins] of [
        [0, 0],
        [1, 1.5],
      ] as const) {
        const copy = heard(name, track);
        for (const at of places.filter((at) => from + at > begins))
          expect(Math.abs(delayMs(original, copy, from - begins + at, at))).toBeLessThan(15);
      }
    }
  }

  test('parts that are joined: sound, words and chapters go on in time', async () => {
    const parts = [await read(0, 1.88), await read(1.88, 3.04), await read(3.04, 6)];
    const chunks = await splice(parts);
    expect(chunks.map(({ name }) => name)).toEqual(['AUDI', 'AUDI', 'SUBT', 'META']);
    await checkInTime(chunks, 0, [0.3, 1.6, 2, 2.9, 3.2, 5.5]);
    const words = ffmpeg('-copyts', '-i', file('splice.mkv'), '-f', 'srt', '-').toString();
    expect(words).toContain('00:00:03,500 --> 00:00:04,500\nlast words');
    const { chapters, streams } = await streamsOf('splice.mkv');
    expect(streams[1]).toMatchObject({ tags: { language: 'eng' } });
    // A chapter that lay over a boundary goes on as two.
    expect(chapters.map(({ end_time, tags }) => [Number(end_time), tags.title])).toEqual([
      [1.88, 'one'],
      [2.5, 'one'],
      [3.04, 'two'],
      [6, 'two'],
    ]);
  });

  test('a part without sound leaves a hole', async () => {
    const silent = { name: 'silent.weft', chunks: [], start: 0, end: 1, whole: true };
    const parts = [await read(0, 1.6), silent, await read(2.6, 6)];
    await checkInTime(await splice(parts), 0, [0.3, 1, 3, 5.5]);
    const hole = heard('splice.mkv').subarray(1.75 * HZ, 2.5 * HZ);
    expect(hole.every((sample) => Math.abs(sample) < 0.001)).toBe(true);
  });

  test('a part that is cut out', async () => {
    const { chunks } = await whole();
    const part = { name: 'film.weft', chunks: chunks.map(streamed), start: 1.36, end: 4.6, whole: false };
    const kept = await splice([part]);
    await checkInTime(kept, 1.36, [0.3, 1, 2.7]);
    expect((await streamsOf('splice.mkv')).chapters.map(({ end_time }) => Number(end_time))).toEqual([
      1.14, 3.24,
    ]);
  });

  test('whole, as it is; without the same tracks, not at all; unknown chunks are told of', async () => {
    const part = await read(0, 2);
    expect(await splice([part])).toEqual(part.chunks);
    const silent = { ...part, name: 'silent.weft', chunks: [] };
    const other = await chunksOf('film.mkv', { start: 2, end: 4, audio: 'copy' });
    const copied = { ...part, name: 'copied.weft', chunks: other.chunks.map(streamed) };
    await expect(splice([part, copied])).rejects.toMatchObject({
      code: 'TRACKS_DIFFER',
      message: expect.stringContaining('copied.weft'),
    });
    const lines: string[] = [];
    const strange = { ...silent, chunks: [streamed({ name: 'ABCD', bytes: new Uint8Array(3) })] };
    expect(await splice([strange, strange], (line) => lines.push(line))).toEqual([]);
    expect(lines[0]).toBe('not kept: ABCD of silent.weft');
  });
});

describe('names and chapters', () => {
  const text =
    ';FFMETADATA1\ntitle=two\\\nlines\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=1000\nEND=3000\ntitle=a\n';

  test('come back as they were, also over several lines', () => {
    expect(formatMetadata(parseMetadata(text))).toBe(text);
    expect(formatMetadata(parseMetadata(';FFMETADATA1\nencoder=x\nmajor_brand=isom\n'))).toBe('');
  });

  test('are cut and stretched with the film', () => {
    const seconds = (part: Parameters<typeof cutMetadata>[1]) =>
      cutMetadata(parseMetadata(text), part).chapters.map(({ seconds }) => seconds);
    expect(seconds({ start: 2, end: 9, speed: 0.5 })).toEqual([{ start: 0, end: 2 }]);
    expect(seconds({ start: 4, end: 9 })).toEqual([]);
    const pieces = [
      { from: 0, to: 2, seconds: 4 },
      { from: 2, to: 2, seconds: 5 },
      { from: 2, to: 9, seconds: 7 },
    ];
    expect(seconds({ start: 0, end: 9, pieces })).toEqual([{ start: 2, end: 10 }]);
  });
});

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { anchorPictures, encodeAnchor } from '../../src/measure/anchorEncode.js';
import { type Anchor, anchorNamed, anchors, x264Medium } from '../../src/measure/anchors.js';
import { filmQuality } from '../../src/measure/filmQuality.js';
import { x264AtBytes } from '../../src/measure/x264.js';
import { findFfmpeg } from '../../src/media/ffmpeg.js';
import { ffmpegBuild } from '../../src/media/ffmpegBuild.js';
import { movingTexture, syntheticFilm } from '../trainers/syntheticFilm.js';

const slow = syntheticFilm({ width: 96, height: 64, frames: 3 }, movingTexture);
/** Bare streams hold no rate, and ffmpeg's guess is 25 Hz. */
const film = { ...slow, info: { ...slow.info, rate: [50, 1] as [number, number] } };
const still = syntheticFilm({ width: 96, height: 64, frames: 1 }, movingTexture);
const { encoders, version } = await ffmpegBuild(findFfmpeg());

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'weft anchors '));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const fileOf = ({ name, format }: Anchor) => path.join(folder, `${name}.${format}`);

function has({ encoder, name }: Anchor): boolean {
  if (encoders.has(encoder)) return true;
  console.info(`skipped: ${name}, for ffmpeg ${version} has no encoder ${encoder}`);
  return false;
}

/** What a setting of an anchor gives. */
async function measured(anchor: Anchor, setting: number) {
  const source = anchor.still ? still : film;
  const file = fileOf(anchor);
  const bytes = await encodeAnchor(source, anchor, setting, file);
  const quality = await filmQuality(source.pictures(), anchorPictures(source.info, file));
  return { bytes, file, quality };
}

describe.each(anchors.filter(has))('$name', (anchor) => {
  test('gives a file that shows every frame, better for more bytes', async () => {
    const [a, b] = [anchor.settings[0]!, anchor.settings.at(-1)!];
    const ends = [await measured(anchor, a), await measured(anchor, b)];
    const [coarse, fine] = ends.sort((x, y) => x.bytes - y.bytes) as [(typeof ends)[0], (typeof ends)[0]];
    expect(coarse.quality.frames).toBe(anchor.still ? 1 : 3);
    expect(fine.bytes).toBeGreaterThan(coarse.bytes);
    expect(fine.quality.psnrDb.yuv).toBeGreaterThan(coarse.quality.psnrDb.yuv);
    expect(coarse.quality.psnrDb.yuv).toBeGreaterThan(20);
    expect(fine.quality.ssim).toBeGreaterThan(coarse.quality.ssim);
  });
});

/** Types of the units of an H.264 or HEVC stream: what `type` reads from the byte behind each start code. */
function unitTypes(file: string, type: (header: number) => number): number[] {
  const bytes = readFileSync(file);
  const types: number[] = [];
  for (let at = bytes.indexOf('000001', 0, 'hex'); at >= 0; at = bytes.indexOf('000001', at + 3, 'hex'))
    types.push(type(bytes[at + 3]!));
  return types;
}

describe('bytes that no decoder needs', () => {
  test('x264 writes no SEI', async () => {
    const { bytes, file } = await measured(x264Medium, 32);
    const types = unitTypes(file, (header) => header & 31);
    expect(types).toContain(7); // its parameters are there
    expect(types).not.toContain(6);
    const plain = { ...x264Medium, options: ['-preset', 'medium'] };
    expect((await measured(plain, 32)).bytes).toBeGreaterThan(bytes + 500);
  });

  test.runIf(has(anchorNamed('x265-medium')))('x265 writes no SEI of its settings', async () => {
    const anchor = anchorNamed('x265-medium');
    const { bytes, file } = await measured(anchor, 32);
    const types = unitTypes(file, (header) => (header >> 1) & 63);
    expect(types).toContain(33); // its parameters are there
    expect(types).not.toContain(39);
    const plain = { ...anchor, options: ['-preset', 'medium', '-x265-params', 'log-level=none'] };
    expect((await measured(plain, 32)).bytes).toBeGreaterThan(bytes + 500);
  });
});

test('x264 stays below a number of bytes, and just below', async () => {
  const { bytes, crf, pictures } = await x264AtBytes(film, 700, [1]);
  expect(bytes).toBeLessThanOrEqual(700);
  expect([...pictures.keys()]).toEqual([1]);
  expect(await encodeAnchor(film, x264Medium, crf - 1, fileOf(x264Medium))).toBeGreaterThan(700);
});

test('an unknown anchor is refused with the names of the known ones', () => {
  expect(() => anchorNamed('x266')).toThrow(
    expect.objectContaining({ code: 'ANCHOR_UNKNOWN', hint: expect.stringContaining('x264-veryslow') }),
  );
});

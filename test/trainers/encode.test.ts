/** Whole encodes of small films: what is written is what was trained, and nothing falls over. */

import { describe, expect, it } from 'vitest';
import { open } from '../../runtime/film/film.js';
import type { Chroma, Picture } from '../../runtime/picture/picture.js';
import { addError, noError, psnrOf, squaredError } from '../../src/measure/psnr.js';
import { encode } from '../../trainers/encode.js';
import type { EncodeOptions } from '../../trainers/options.js';
import { usualRefinement } from '../../trainers/rateControl.js';
import { TRAINING_CONSTANTS } from '../../trainers/trainingConstants.js';
import { canEncode } from '../nativeEngine.js';
import { movingTexture, type Sample, seededNumbers, syntheticFilm } from './syntheticFilm.js';

const QUICK: Partial<EncodeOptions> = { preset: 'draft', crf: 27, threads: 2 };

async function roundTrip(source: ReturnType<typeof syntheticFilm>, options = QUICK) {
  const result = await encode(source, options);
  const film = await open(result.bytes, { engine: 'reference' });
  const decoded: Picture[] = [];
  for await (const picture of film.frames()) decoded.push(picture);
  await film.close();
  const error = noError();
  for (const [index, picture] of decoded.entries())
    addError(error, squaredError(picture, source.all[index]!));
  return { result, film, decoded, quality: psnrOf(error) };
}

const noise = seededNumbers(5);
const CLIPS: Record<string, { frames: number; sample: Sample; leastDb: number }> = {
  flat: { frames: 5, sample: () => 100, leastDb: 38 },
  black: { frames: 5, sample: (_x, _y, _t, plane) => (plane ? 128 : 16), leastDb: 38 },
  white: { frames: 5, sample: (_x, _y, _t, plane) => (plane ? 128 : 255), leastDb: 38 },
  noisy: { frames: 5, sample: () => Math.floor(noise() * 256), leastDb: 22 },
  'of one frame': { frames: 1, sample: movingTexture, leastDb: 30 },
  'of two frames': { frames: 2, sample: movingTexture, leastDb: 30 },
  still: { frames: 9, sample: (x, y, _t, plane) => movingTexture(x, y, 0, plane), leastDb: 30 },
  moving: { frames: 9, sample: movingTexture, leastDb: 30 },
  flashing: {
    frames: 7,
    sample: (x, y, t, plane) => (t === 3 ? 235 : movingTexture(x, y, 0, plane)),
    leastDb: 28,
  },
};

describe.runIf(canEncode()).each(['420', '444'] as const)('a film in %s', (chroma: Chroma) => {
  it.each(Object.keys(CLIPS))('%s trains without collapse', async (name) => {
    const { frames, sample, leastDb } = CLIPS[name]!;
    const source = syntheticFilm({ width: 50, height: 39, frames, chroma }, sample);
    const { result, decoded, quality } = await roundTrip(source);
    expect(decoded.length).toBe(frames);
    expect(quality.yuv).toBeGreaterThan(leastDb);
    if (quality.yuv < 60) expect(Math.abs(result.psnrDb.yuv - quality.yuv)).toBeLessThan(0.02);
  });
});

describe.runIf(canEncode())('an encode', () => {
  it('gives the same bytes for the same seed, and others for another', async () => {
    const source = syntheticFilm({ width: 48, height: 32, frames: 5 }, movingTexture);
    const [a, b, c] = [
      await encode(source, { ...QUICK, seed: 7 }),
      await encode(source, { ...QUICK, seed: 7 }),
      await encode(source, { ...QUICK, seed: 8 }),
    ];
    expect(b.bytes).toEqual(a.bytes);
    expect(c.bytes).not.toEqual(a.bytes);
  });

  it('estimates the size that it writes', async () => {
    const source = syntheticFilm({ width: 112, height: 80, frames: 5 }, (x, y, t, p) => {
      const texture = movingTexture(x, y, t, p);
      return texture + 20 * Math.sin(x * y * 0.05);
    });
    const { bytes, estimatedBytes } = await encode(source, QUICK);
    expect(Math.abs(estimatedBytes / bytes.length - 1)).toBeLessThan(0.01);
  });

  it('spends more bytes at a lower crf, for a better picture', async () => {
    const source = syntheticFilm({ width: 64, height: 48, frames: 5 }, movingTexture);
    const fine = await roundTrip(source, { ...QUICK, crf: 18 });
    const coarse = await roundTrip(source, { ...QUICK, crf: 38 });
    expect(fine.result.bytes.length).toBeGreaterThan(1.5 * coarse.result.bytes.length);
    expect(fine.quality.yuv).toBeGreaterThan(coarse.quality.yuv + 4);
  });

  it('keeps a scene cut out of its segments', async () => {
    const source = syntheticFilm({ width: 64, height: 48, frames: 12 }, (x, y, t, plane) =>
      t < 5 ? movingTexture(x, y, t, plane) : plane === 0 ? (40 + x * 3 + ((y * 37) % 64)) & 255 : 90,
    );
    const { film, result } = await roundTrip(source);
    expect(result.frames).toBe(12);
    expect(film.segments.map(({ frames }) => frames)).toEqual([5, 7]);
  });

  it('places anchors closer where motion is fast', async () => {
    const hash = (x: number, y: number): number =>
      (Math.imul(x * 374761393 + y * 668265263, 1274126177) >>> 8) % 97;
    const source = syntheticFilm({ width: 64, height: 48, frames: 65 }, (x, y, t, plane) => {
      const moved = x + Math.min(t, 32) * (plane === 0 ? 4 : 2);
      return 80 + hash(moved >> 2, y >> 2) + (hash(x + 64 * t, y) % 8);
    });
    const { bytes } = await encode(source, { ...QUICK, preset: 'fast' });
    const { segment } = await (await open(bytes)).segmentTask(0);
    expect(segment.laterDistances).toHaveLength(1);
    expect(segment.laterDistances![0]).toBeGreaterThan(segment.anchorDistance);
    const { least, most } = TRAINING_CONSTANTS.refinement;
    expect(segment.refinement! - usualRefinement(65)).toBeGreaterThanOrEqual(least);
    expect(segment.refinement! - usualRefinement(65)).toBeLessThanOrEqual(most);
  });

  it('stops at once when aborted, and early but whole when asked to finish', async () => {
    const source = syntheticFilm({ width: 64, height: 48, frames: 9 }, movingTexture);
    await expect(encode(source, QUICK, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'INTERRUPTED',
    });
    const finish = new AbortController();
    const { bytes } = await encode(
      source,
      { ...QUICK, preset: 'overnight' },
      { finish: finish.signal, onProgress: ({ stage }) => stage === 'training' && finish.abort() },
    );
    expect((await open(bytes)).header.frames).toBe(9);
  });

  it('refuses what it cannot do', async () => {
    const source = syntheticFilm({ width: 32, height: 32, frames: 1 }, movingTexture);
    await expect(encode(source, { crf: 99 })).rejects.toMatchObject({ code: 'OPTION_RANGE' });
    await expect(encode(source, { crf: 20, bitrate: 1000 })).rejects.toMatchObject({
      code: 'OPTION_CONFLICT',
    });
    await expect(encode(source, { colour: 1 } as object)).rejects.toMatchObject({ code: 'OPTION_UNKNOWN' });
    const tiny = syntheticFilm({ width: 12, height: 32, frames: 1 }, movingTexture);
    await expect(encode(tiny, QUICK)).rejects.toMatchObject({ code: 'FILM_SIZE' });
    const empty = { ...source, async *pictures() {} };
    await expect(encode(empty, QUICK)).rejects.toMatchObject({ code: 'FILM_EMPTY' });
  });

  it('meets a size and never exceeds it', async () => {
    const source = syntheticFilm(
      { width: 48, height: 48, frames: 3 },
      (x, y, t, p) => movingTexture(x, y, t, p) + ((x * y) % 17),
    );
    const { bytes } = await encode(source, { preset: 'draft', targetBytes: 1500, threads: 2 });
    expect(bytes.length).toBeLessThanOrEqual(1500);
    expect(bytes.length).toBeGreaterThan(1350);
  });
});

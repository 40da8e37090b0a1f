import { describe, expect, it } from 'vitest';
import type { Picture } from '../../runtime/picture/picture.js';
import { longestSegment, segments } from '../../trainers/scenes/segmentation.js';
import { grain, movingTexture, type Sample, syntheticFilm } from './syntheticFilm.js';

async function lengths(frames: number, sample: Sample, width = 128, height = 96): Promise<number[]> {
  const film = syntheticFilm({ width, height, frames }, sample);
  const out: number[] = [];
  for await (const segment of segments(film.pictures() as AsyncIterable<Picture>)) out.push(segment.length);
  return out;
}

const otherScene: Sample = (x, y, t, plane) =>
  plane ? 100 : Math.round(110 + 90 * Math.sin((x * x) / 900 - y / 6 + t / 9) * Math.cos(y / 5));

/** Patches of many codes and no period. */
function patches(x: number, y: number): number {
  const hash = Math.imul((x >> 3) * 374761393 + (y >> 3) * 668265263, 1274126177) >>> 12;
  return 40 + (hash % 180);
}

describe('segments', () => {
  it('end at a cut', async () => {
    expect(await lengths(20, (x, y, t, p) => (t < 13 ? movingTexture : otherScene)(x, y, t, p))).toEqual([
      13, 7,
    ]);
  });

  it('do not end at motion, at a fade or at a still', async () => {
    expect(await lengths(12, (x, y, t, p) => movingTexture(x, y, 3 * t, p))).toEqual([12]);
    expect(await lengths(12, (x, y, t, p) => Math.round(movingTexture(x, y, t, p) * (1 - t / 14)))).toEqual([
      12,
    ]);
    expect(await lengths(12, (x, y, _t, p) => movingTexture(x, y, 0, p))).toEqual([12]);
  });

  it('do not end at a pan, be it by a fifth of the picture a frame, nor in the light of a fade', async () => {
    const pan: Sample = (x, y, t, p) => (p ? 128 : patches(x + 26 * t, y + 5 * t));
    expect(await lengths(12, pan)).toEqual([12]);
    expect(await lengths(12, (x, y, t, p) => Math.round(pan(x, y, t, p) * (1 - t / 14)))).toEqual([12]);
    expect(await lengths(12, (x, y, t, p) => (t < 6 ? pan : otherScene)(x, y, t, p))).toEqual([6, 6]);
  });

  it('do not end at flashes, be they brighter, white or another picture', async () => {
    const flashes: Sample[] = [
      (x, y, t, p) => Math.min(235, movingTexture(x, y, t, p) + 70),
      (_x, _y, _t, p) => (p ? 128 : 235),
      otherScene,
    ];
    for (const flash of flashes) {
      const sample: Sample = (x, y, t, p) => (t % 9 === 5 ? flash : movingTexture)(x, y, t, p);
      expect(await lengths(22, sample)).toEqual([22]);
    }
  });

  it('end in the dark between two scenes, or at any one tone', async () => {
    /** One scene fades out over eight frames, one to three frames have one tone, the next fades in. */
    const through =
      (tone: number, dark: number): Sample =>
      (x, y, t, p) => {
        if (p) return 128;
        const into = t < 9 ? 1 - t / 8 : Math.max(0, (t - 8 - dark) / 8);
        const code = (t < 9 ? movingTexture : otherScene)(x, y, t, p);
        return Math.round(tone + into * (code - tone));
      };
    for (const tone of [16, 235]) {
      for (const dark of [1, 3]) expect(await lengths(20, through(tone, dark))).toEqual([8, 12]);
    }
  });

  it('end in a darkness that stays, and not in one as short as a flash', async () => {
    const black =
      (frames: number): Sample =>
      (x, y, t, p) =>
        t >= 6 && t < 6 + frames ? (p ? 128 : 16) : movingTexture(x, y, t, p);
    expect(await lengths(20, black(3))).toEqual([20]);
    expect((await lengths(20, black(8))).length).toBeGreaterThan(1);
  });

  it('end at a scene that stays, however short the one before it', async () => {
    expect(
      await lengths(20, (x, y, t, p) => (t < 10 ? movingTexture : t < 15 ? otherScene : grain)(x, y, t, p)),
    ).toEqual([10, 5, 5]);
    expect(await lengths(12, (x, y, t, p) => (t < 10 ? movingTexture : otherScene)(x, y, t, p))).toEqual([
      10, 2,
    ]);
  });

  it('share a long scene evenly and keep every frame', async () => {
    const found = await lengths(600, movingTexture, 16, 16);
    expect(found.reduce((a, b) => a + b)).toBe(600);
    expect(Math.max(...found)).toBeLessThanOrEqual(longestSegment(16, 16));
    expect(Math.min(...found)).toBeGreaterThan(128);
  });
});

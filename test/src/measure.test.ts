import { expect, test } from 'vitest';
import { createPicture, type Picture } from '../../runtime/picture/picture.js';
import { bdRate } from '../../src/measure/bdRate.js';
import { compareFilms } from '../../src/measure/compareFilms.js';
import { losslessDb, psnr } from '../../src/measure/psnr.js';
import { ssim, ssimDecibels } from '../../src/measure/ssim.js';

function filled(y: number, u: number, v: number, width = 16, height = 12): Picture {
  const picture = createPicture(width, height, '420');
  for (const [plane, value] of [y, u, v].entries()) picture.planes[plane]!.fill(value);
  return picture;
}

async function* film(...pictures: Picture[]) {
  yield* pictures;
}

test('PSNR of a constant difference is 20 log10(255 / difference)', () => {
  const { y, u, v, yuv } = psnr(filled(100, 50, 50), filled(101, 52, 50));
  expect(y).toBeCloseTo(48.1308, 4);
  expect(u).toBeCloseTo(48.1308 - 6.0206, 4);
  expect(v).toBe(losslessDb);
  expect(yuv).toBeCloseTo((6 * y + u + v) / 8, 9);
});

test('PSNR of a film is that of its mean squared error', async () => {
  const reference = film(filled(10, 0, 0), filled(10, 0, 0));
  const seen: number[] = [];
  const { frames, psnrDb } = await compareFilms(
    reference,
    film(filled(10, 0, 0), filled(12, 0, 0)),
    (_, db) => seen.push(db.y),
  );
  expect(frames).toBe(2);
  expect(seen[0]).toBe(losslessDb);
  expect(psnrDb.y).toBeCloseTo(10 * Math.log10(255 ** 2 / 2), 9); // mean of 0 and 4
});

test('films of different length or size are refused', async () => {
  await expect(compareFilms(film(filled(1, 1, 1)), film())).rejects.toThrow(RangeError);
  expect(() => psnr(filled(1, 1, 1), filled(1, 1, 1, 18))).toThrow(RangeError);
});

test('SSIM is 1 of a picture with itself, and of flat pictures the luminance term alone', () => {
  expect(ssim(filled(80, 0, 0), filled(80, 0, 0))).toBeCloseTo(1, 12);
  const c1 = 2.55 ** 2;
  const expected = (2 * 100 * 120 + c1) / (100 ** 2 + 120 ** 2 + c1);
  expect(ssim(filled(100, 0, 0), filled(120, 0, 0))).toBeCloseTo(expected, 9);
});

test('SSIM falls with noise', () => {
  const clean = filled(128, 0, 0, 32, 32);
  const noisy = (amount: number) => {
    const picture = filled(128, 0, 0, 32, 32);
    picture.planes[0] = picture.planes[0].map((value, i) => value + (i % 3) * amount);
    return picture;
  };
  expect(ssim(clean, noisy(2))).toBeLessThan(1);
  expect(ssim(clean, noisy(20))).toBeLessThan(ssim(clean, noisy(2)));
});

test('BD-rate of a curve scaled in rate is the scale, and of a curve with itself 0', () => {
  const anchor = [
    { rate: 100, quality: 30 },
    { rate: 190, quality: 33.1 },
    { rate: 420, quality: 36 },
    { rate: 1000, quality: 39.2 },
  ];
  expect(bdRate(anchor, anchor)).toBeCloseTo(0, 12);
  expect(
    bdRate(
      anchor,
      anchor.map((point) => ({ ...point, rate: 0.8 * point.rate })),
    ),
  ).toBeCloseTo(-0.2, 9);
});

test('BD-rate of straight lines in log rate follows from their distance', () => {
  const line = (offset: number) =>
    [30, 34, 38].map((quality) => ({ rate: 2 ** ((quality + offset) / 6), quality }));
  expect(bdRate(line(0), line(3))).toBeCloseTo(Math.SQRT2 - 1, 9);
  expect(() => bdRate(line(0), [])).toThrow(RangeError);
});

test('BD-rate takes any measure, and is undefined where curves share no quality', () => {
  const curve = (from: number) => [0, 1, 2].map((i) => ({ rate: 100 * 2 ** i, quality: from + 0.01 * i }));
  expect(bdRate(curve(0.9), curve(0.91))).toBeCloseTo(-0.5, 9); // one step of 0.01 is worth half the rate
  expect(bdRate(curve(0.9), curve(0.95))).toBeUndefined();
});

test('SSIM in decibels', () => {
  expect(ssimDecibels(0.9)).toBeCloseTo(10, 9);
  expect(ssimDecibels(0.99)).toBeCloseTo(20, 9);
  expect(ssimDecibels(1)).toBe(losslessDb);
});

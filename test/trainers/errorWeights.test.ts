import { describe, expect, it } from 'vitest';
import { open } from '../../runtime/film/film.js';
import { encode } from '../../trainers/encode.js';
import { errorWeights } from '../../trainers/errorWeights.js';
import { TUNES } from '../../trainers/rateControl.js';
import { canEncode } from '../nativeEngine.js';
import { type Sample, seededNumbers, syntheticFilm } from './syntheticFilm.js';

/** A slope at the left, coarse grains at the right. */
const halves: Sample = (x, y, _t, plane) => {
  if (plane > 0) return 128;
  if (x < 32) return 60 + x + y;
  const random = seededNumbers(((x >> 1) + 64 * (y >> 1)) * 7919);
  random();
  return 60 + Math.floor(120 * random());
};
const film = syntheticFilm({ width: 64, height: 48, frames: 2 }, halves);

/** Squared error of the left half and of the right one, over all frames. */
async function errors(tune: keyof typeof TUNES): Promise<[left: number, right: number]> {
  const { bytes } = await encode(film, { crf: 27, preset: 'draft', threads: 1, tune });
  const decoded = await open(bytes);
  const sums: [number, number] = [0, 0];
  let frame = 0;
  for await (const { planes, width } of decoded.frames()) {
    const source = film.all[frame++]!.planes[0];
    for (const [i, code] of planes[0].entries()) sums[i % width < 32 ? 0 : 1] += (code - source[i]!) ** 2;
  }
  decoded.close();
  return sums;
}

describe('weights of errors', () => {
  it('are none where errors weigh alike', () => {
    expect(errorWeights(film.all, TUNES.psnr)).toBeUndefined();
  });

  it('are by cells, higher where errors show, by the power that is asked for', () => {
    const across = 16;
    const [weights, steeper] = [0.4, 0.8].map(
      (masking) => errorWeights(film.all, { ...TUNES.ssim, masking })!,
    );
    expect(weights).toHaveLength(2);
    expect(weights![0]).toHaveLength(across * 12);
    const [flat, busy] = [5 * across + 3, 5 * across + 12];
    const ratio = weights![1]![flat]! / weights![1]![busy]!;
    expect(ratio).toBeGreaterThan(1.3);
    expect(steeper![1]![flat]! / steeper![1]![busy]!).toBeCloseTo(ratio ** 2, 3);
    expect(weights![0]![busy]).toBeLessThan(1);
    expect(weights![0]![flat]).toBeGreaterThan(1);
  });

  it('fit pictures of any size', () => {
    const odd = syntheticFilm({ width: 33, height: 19, frames: 1, chroma: '444' }, halves);
    const [weights] = errorWeights(odd.all, TUNES.ssim)!;
    expect(weights).toHaveLength(9 * 5);
    expect(weights!.every((weight) => weight > 0.05 && weight < 20)).toBe(true);
  });

  it.runIf(canEncode())('move errors to where they show less', async () => {
    const [flat, busy] = await errors('psnr');
    const [flatBySsim, busyBySsim] = await errors('ssim');
    expect(flatBySsim / busyBySsim).toBeLessThan(0.9 * (flat / busy));
  });
});

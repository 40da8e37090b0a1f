/** Scenes that change into each other: a transition costs little more than the scenes themselves. */

import { describe, expect, it } from 'vitest';
import { encode } from '../../trainers/encode.js';
import { lambdaOfCrf } from '../../trainers/rateControl.js';
import { canEncode } from '../nativeEngine.js';
import { type Sample, syntheticFilm } from './syntheticFilm.js';

const CRF = 27;
const SIZE = { width: 96, height: 64, frames: 24 };
const BLACK = 16;
const WHITE = 235;

/** Light and dark patches under grains, panned by `speed` samples a frame. */
function scene(salt: number, speed: number): Sample {
  const hash = (a: number, b: number, range: number): number =>
    (Math.imul(Math.imul(a, 374761393) + Math.imul(b, 668265263) + salt, 1274126177) >>> 12) % range;
  return (x, y, t, plane) => {
    if (plane > 0) return 128;
    const column = x + speed * t + 512;
    return 60 + hash(column >> 4, y >> 4, 90) + hash((column >> 2) + 1000, y >> 2, 40);
  };
}

const first = scene(1, 2);
const second = scene(7, -1);

/** A code in another light. */
function lit(light: number, code: number, plane: number): number {
  return plane > 0 ? code : Math.round(BLACK + light * (code - BLACK));
}

const fade: Sample = (x, y, t, p) => lit(Math.min(1, Math.abs(t - 12) / 8), first(x, y, t, p), p);
const dissolve: Sample = (x, y, t, p) => {
  const share = Math.min(Math.max((t - 7) / 10, 0), 1);
  return Math.round((1 - share) * first(x, y, t, p) + share * second(x, y, t, p));
};
const flash: Sample = (x, y, t, p) => {
  const code = first(x, y, t, p);
  return p === 0 && (t === 9 || t === 10) ? Math.min(WHITE, code + 70) : code;
};
const cut: Sample = (x, y, t, p) => (t < 12 ? first : second)(x, y, t, p);
const cutWithinFade: Sample = (x, y, t, p) => lit(Math.min(1, Math.max(0, 20 - t) / 14), cut(x, y, t, p), p);

/** Squared errors and lambda times the bits, a pixel. */
async function cost(sample: Sample): Promise<number> {
  const film = syntheticFilm(SIZE, sample);
  const { bytes, psnrDb } = await encode(film, { crf: CRF, preset: 'draft', threads: 2 });
  const pixels = SIZE.width * SIZE.height * SIZE.frames;
  return 0.75 * 255 ** 2 * 10 ** (-psnrDb.y / 10) + (lambdaOfCrf(CRF) * 8 * bytes.length) / pixels;
}

describe.runIf(canEncode())('transitions', () => {
  it.each([
    { name: 'a fade to black and back', sample: fade, without: first, most: 1 },
    { name: 'a flash', sample: flash, without: first, most: 1.2 },
    { name: 'a dissolve', sample: dissolve, without: cut, most: 1.5 },
    { name: 'a cut within a fade', sample: cutWithinFade, without: cut, most: 0.9 },
  ])('cost little more than the scenes: $name', async ({ sample, without, most }) => {
    expect((await cost(sample)) / (await cost(without))).toBeLessThan(most);
  });
});

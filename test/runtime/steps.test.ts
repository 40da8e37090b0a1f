import { describe, expect, it } from 'vitest';
import { refinedOffsets } from '../../runtime/field/steps.js';
import { open } from '../../runtime/film/film.js';
import type { Picture } from '../../runtime/picture/picture.js';
import { sampleFilm } from './sampleSegments.js';

describe('refinement', () => {
  it('makes the first depths finer than the film says, the first frame most', () => {
    const film = [-8, -4, 0, 4, 6];
    expect(refinedOffsets(film)).toEqual(film);
    expect(refinedOffsets(film, 2)).toEqual([-12, -6, -2, 2, 6]);
  });

  it('scales what is decoded by 2^(-1/4) in the first frame', async () => {
    const sample = { width: 32, height: 24, chroma: '420', frames: [1], anchorDistance: 1 } as const;
    const contrast = async (refinement: number): Promise<number> => {
      const { bytes } = sampleFilm({ ...sample, drawing: 'dense', baseExponent: 24, refinement });
      const film = await open(bytes, { engine: 'reference' });
      const { value } = await film.frames().next();
      const [luma] = (value as Picture).planes;
      return luma.reduce((sum, code) => sum + (code - 128) ** 2, 0) / luma.length;
    };
    const [coarse, fine] = [await contrast(0), await contrast(1)];
    expect(coarse).toBeGreaterThan(25);
    expect(Math.sqrt(fine / coarse)).toBeCloseTo(2 ** -0.25, 1);
  });
});

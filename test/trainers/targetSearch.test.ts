import { describe, expect, it } from 'vitest';
import type { EncodedFilm, FilmSource } from '../../trainers/encodeJob.js';
import { type EncodeOptions, resolveOptions } from '../../trainers/options.js';
import type { PresetName } from '../../trainers/presets.js';
import { searchCrf } from '../../trainers/targetSearch.js';
import { uniforms } from '../runtime/randomNumbers.js';
import { movingTexture, syntheticFilm } from './syntheticFilm.js';

/** An encoder whose sizes and qualities follow a curve, with the unevenness that training has. */
function curve(seed: number) {
  const random = uniforms(seed);
  const octave = 5 + 3 * random();
  const largest = 10 ** (5 + 2 * random());
  const slope = 0.4 + 0.5 * random();
  const encodes: PresetName[] = [];
  const encodeAt = async (crf: number, preset: PresetName): Promise<EncodedFilm> => {
    encodes.push(preset);
    const size =
      largest * 2 ** (-crf / octave) * (preset === 'draft' ? 1.5 : 1) * (1 + 0.008 * (random() - 0.5));
    const yuv = 55 - slope * crf + 0.05 * (random() - 0.5);
    return { size: Math.round(size) + 100, frames: 10, psnrDb: { yuv } } as unknown as EncodedFilm;
  };
  const sizeAt = (crf: number): number => Math.round(largest * 2 ** (-crf / octave)) + 100;
  return { encodes, encodeAt, sizeAt, psnrAt: (crf: number) => 55 - slope * crf };
}

const film: FilmSource = syntheticFilm({ width: 16, height: 16, frames: 10 }, movingTexture);
const search = (given: Partial<EncodeOptions>, { encodeAt }: ReturnType<typeof curve>) =>
  searchCrf(film, resolveOptions(given), encodeAt, {});

describe('a search for crf', () => {
  it('comes within 3% below a size, wherever it lies', async () => {
    for (let seed = 1; seed <= 200; seed++) {
      const encoder = curve(seed);
      const targetBytes = Math.ceil(encoder.sizeAt(4 + (seed % 44)) * 1.01);
      const { size } = await search({ targetBytes, preset: 'fast' }, encoder);
      expect(size).toBeLessThanOrEqual(targetBytes);
      expect(size).toBeGreaterThanOrEqual(0.97 * targetBytes - 1);
      expect(encoder.encodes.length).toBeLessThanOrEqual(7);
    }
  });

  it('comes within 0.15 dB of a PSNR', async () => {
    for (let seed = 1; seed <= 100; seed++) {
      const encoder = curve(seed);
      const targetPsnr = encoder.psnrAt(5 + (seed % 40));
      const { psnrDb } = await search({ targetPsnr, preset: 'fast' }, encoder);
      expect(Math.abs(psnrDb.yuv - targetPsnr)).toBeLessThanOrEqual(0.15);
    }
  });

  it('scouts with drafts before long encodes', async () => {
    let long = 0;
    for (let seed = 1; seed <= 50; seed++) {
      const encoder = curve(seed);
      await search({ targetBytes: encoder.sizeAt(10 + (seed % 20)), preset: 'slow' }, encoder);
      expect(encoder.encodes.indexOf('slow')).toBeGreaterThan(0);
      long += encoder.encodes.filter((preset) => preset === 'slow').length;
    }
    expect(long / 50).toBeLessThan(2.5);
  });

  it('says when no quality is coarse enough', async () => {
    const encoder = curve(1);
    await expect(
      search({ targetBytes: 200 }, { ...encoder, encodeAt: (crf) => encoder.encodeAt(crf / 20, 'fast') }),
    ).rejects.toMatchObject({ code: 'TARGET_SIZE' });
  });
});

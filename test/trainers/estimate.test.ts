/** What an estimate says, beside the encode that it foretells. */

import { afterEach, describe, expect, it, vi } from 'vitest';
import { encode } from '../../trainers/encode.js';
import { estimate } from '../../trainers/estimate.js';
import type { EncodeOptions } from '../../trainers/options.js';
import { canEncode } from '../nativeEngine.js';
import { grain, syntheticFilm } from './syntheticFilm.js';

const DRAFT: Partial<EncodeOptions> = { preset: 'draft', crf: 27, threads: 1, engine: 'native' };

const film = (frames: number, width = 64, height = 48) => syntheticFilm({ width, height, frames }, grain);

/** A clock that goes on by a second whenever it is read: stages take the time of their reports, on every machine. */
function steadyClock(): void {
  let milliseconds = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => {
    milliseconds += 1000;
    return milliseconds;
  });
}

afterEach(() => void vi.restoreAllMocks());

describe.runIf(canEncode())('an estimate', () => {
  it.each([
    { preset: 'draft', frames: 9, factor: 1.02 },
    { preset: 'draft', frames: 33, factor: 1.3 },
    { preset: 'fast', frames: 33, factor: 1.5 },
  ] as const)(
    'tells the bytes of $frames frames with preset $preset within a factor of $factor',
    async ({ preset, frames, factor }) => {
      const options = { ...DRAFT, preset };
      const { bytes } = await estimate(film(frames), options);
      const encoded = await encode(film(frames), options);
      const ratio = bytes / encoded.bytes.length;
      expect(ratio).toBeGreaterThan(1 / factor);
      expect(ratio).toBeLessThan(factor);
    },
  );

  it('tells the bytes that were asked for', async () => {
    const { crf: _, ...others } = DRAFT;
    expect((await estimate(film(5), { ...others, targetBytes: 4321 })).bytes).toBe(4321);
  });

  it('needs more memory for larger pictures and longer segments', async () => {
    const base = await estimate(film(9), DRAFT);
    const larger = await estimate(film(9, 128, 48), DRAFT);
    const longer = await estimate(film(33), DRAFT);
    expect(base.memoryBytes).toBeGreaterThan(64 * 48 * 9 * 3);
    expect(larger.memoryBytes).toBeGreaterThan(base.memoryBytes);
    expect(longer.memoryBytes).toBeGreaterThan(larger.memoryBytes);
  });

  it('takes longer for more effort, more frames and a goal that is searched for', async () => {
    steadyClock();
    const { crf: _, ...others } = DRAFT;
    const draft = await estimate(film(9), DRAFT);
    expect(draft.seconds).toBeGreaterThan(0);
    const timesDraft = async (frames: number, options: Partial<EncodeOptions>) =>
      (await estimate(film(frames), options)).seconds / draft.seconds;
    // On film fast takes 1.9 to 2.1 times as long as draft, slow about 30 times.
    expect(await timesDraft(9, { ...DRAFT, preset: 'fast' })).toBeGreaterThan(1.7);
    expect(await timesDraft(9, { ...DRAFT, preset: 'fast' })).toBeLessThan(3);
    expect(await timesDraft(9, { ...DRAFT, preset: 'slow' })).toBeGreaterThan(25);
    expect(await timesDraft(9, { ...DRAFT, preset: 'slow' })).toBeLessThan(45);
    expect(await timesDraft(90, DRAFT)).toBeGreaterThan(3);
    expect(await timesDraft(90, DRAFT)).toBeLessThan(11);
    expect(await timesDraft(9, { ...others, targetPsnr: 30 })).toBeCloseTo(3, 1);
  });

  it('refuses what an encode refuses', async () => {
    await expect(estimate(film(2), { crf: 99 })).rejects.toMatchObject({ code: 'OPTION_RANGE' });
    await expect(estimate(film(2, 12, 12), DRAFT)).rejects.toMatchObject({ code: 'FILM_SIZE' });
  });
});

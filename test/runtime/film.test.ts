import { describe, expect, it } from 'vitest';
import { open, type WeftFilm } from '../../runtime/film/film.js';
import type { FrameOptions } from '../../runtime/film/frameOptions.js';
import { randomTensors, sampleFilm } from './sampleSegments.js';
import { show } from './shownPictures.js';

const openReference = (bytes: Uint8Array): Promise<WeftFilm> => open(bytes, { engine: 'reference' });

describe('a film', () => {
  const sample = { width: 36, height: 22, chroma: '420', anchorDistance: 4, drawing: 'sparse' } as const;

  it('shows every frame once, across segments, and the same frame on request', async () => {
    const { bytes } = sampleFilm({ ...sample, frames: [6, 1, 5] }, 5, randomTensors(2));
    const film = await openReference(bytes);
    const all = await show(film);
    expect(all).toHaveLength(12);
    expect(all[0]!.planes.map((p) => p.length)).toEqual([36 * 22, 18 * 11, 18 * 11]);
    const some = await show(film, { start: 7 / 25, end: 9 / 25 });
    expect(some).toEqual(all.slice(7, 9));
    const slow = await show(film, { speed: 0.5 });
    expect(slow).toHaveLength(24);
    expect(slow.filter((_, i) => i % 2 === 0)).toEqual(all);
    // Behind the last frame it stands still.
    expect(slow.at(-1)).toEqual(all[11]);
    // Between the last frame of a segment and the first of the next there is nothing to sample: the nearer is shown.
    const cut = await show(film, { start: 5 / 25, end: 6 / 25, fps: [100, 1] });
    expect(cut[1]).toEqual(all[5]);
    expect(cut[3]).toEqual(all[6]);
  });

  it('crops and scales', async () => {
    const { bytes } = sampleFilm({ ...sample, frames: [1] }, 6);
    const film = await openReference(bytes);
    const [full] = await show(film);
    const [part] = await show(film, { crop: { x: 4, y: 2, width: 20, height: 10 } });
    expect([part!.width, part!.height]).toEqual([20, 10]);
    for (let y = 0; y < 10; y++) {
      const from = (y + 2) * 36 + 4;
      expect(part!.planes[0].subarray(20 * y, 20 * y + 20)).toEqual(
        full!.planes[0].subarray(from, from + 20),
      );
    }
    const [large] = await show(film, { width: 72 });
    expect([large!.width, large!.height, large!.planes[1].length]).toEqual([72, 44, 36 * 22]);
    const [tiny] = await show(film, { width: 5, height: 3 });
    expect(tiny!.planes.map((p) => p.length)).toEqual([15, 6, 6]);
  });

  it('decodes 444 and odd sizes', async () => {
    for (const chroma of ['420', '444'] as const) {
      const { bytes } = sampleFilm(
        { ...sample, width: 19, height: 33, chroma, frames: [5] },
        7,
        randomTensors(9),
      );
      const pictures = await show(await openReference(bytes), { speed: 0.4 });
      expect(pictures).toHaveLength(13);
    }
  });

  it.each([
    [{ width: 0 }, 'OPTION_RANGE'],
    [{ fps: [25, 0] }, 'OPTION_RANGE'],
    [{ start: -1 }, 'OPTION_RANGE'],
    [{ start: 0.1, end: 0.05 }, 'OPTION_RANGE'],
    [{ speed: 0 }, 'OPTION_RANGE'],
    [{ crop: { x: 30, y: 0, width: 10, height: 10 } }, 'OPTION_RANGE'],
    [{ widht: 10 }, 'OPTION_UNKNOWN'],
  ])('refuses %j', async (options, code) => {
    const { bytes } = sampleFilm({ ...sample, frames: [6] });
    await expect(show(await openReference(bytes), options as FrameOptions)).rejects.toMatchObject({ code });
  });
});

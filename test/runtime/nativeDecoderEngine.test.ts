import { describe, expect, it } from 'vitest';
import { open, type WeftFilm } from '../../runtime/film/film.js';
import { crc32c } from '../../runtime/format/crc32c.js';
import { loadNativeRuntime } from '../../runtime/native/decoderAddon.js';
import { NativeDecoderEngine } from '../../runtime/native/nativeDecoderEngine.js';
import type { Picture } from '../../runtime/picture/picture.js';
import { builtInstructionSets } from '../nativeEngine.js';
import { filmOf } from './contractFilms.js';
import { show } from './shownPictures.js';

const sets = builtInstructionSets('runtime');
const openNative = (bytes: Uint8Array, set: string, threads: number): Promise<WeftFilm> =>
  open(bytes, { decoder: new NativeDecoderEngine(loadNativeRuntime(set), threads) });

const checksums = (pictures: Picture[]): number[][] =>
  pictures.map((p) => p.planes.map((plane) => crc32c(plane)));

/** Large enough for several threads to have work. */
const large = filmOf({ drawing: 'sparse', width: 200, height: 160, frames: [5, 3], streams: 2 }, 5);

/** What the native engine does beyond the contract (decoderContract.ts). */
describe.skipIf(sets.length === 0)('the native engine', () => {
  it.each(sets)('gives the same result on any number of threads: %s', async (set) => {
    const one = checksums(await show(await openNative(large, set, 1), { fps: [50, 1] }));
    for (const threads of [2, 3]) {
      expect(checksums(await show(await openNative(large, set, threads), { fps: [50, 1] }))).toEqual(one);
    }
  });

  it('bakes again what it has dropped', async () => {
    const bytes = filmOf({ drawing: 'sparse', frames: [33], anchorDistance: 8 }, 8);
    const all = await show(await openNative(bytes, sets[0]!, 2), { fps: [50, 1] });
    const decoder = new NativeDecoderEngine(loadNativeRuntime(sets[0]), 2, 0);
    const forgetful = await open(bytes, { decoder });
    expect(await show(forgetful, { fps: [50, 1] })).toEqual(all);
    expect(await show(forgetful, { start: 7 / 25, end: 12 / 25, fps: [50, 1] })).toEqual(all.slice(14, 24));
  });

  it('refuses work after it was closed', async () => {
    const closed = await openNative(filmOf({ drawing: 'sparse' }, 6), sets[0]!, 2);
    expect(await show(closed)).toHaveLength(9);
    closed.close();
    await expect(show(closed)).rejects.toMatchObject({ code: 'ENGINE_FAILED' });
  });

  it('stops a viewer of a film that takes long, and goes on for others', async () => {
    const bytes = filmOf({ drawing: 'sparse', width: 320, height: 200, frames: [33] }, 3);
    const opened = await openNative(bytes, sets[0]!, 2);
    const controller = new AbortController();
    const stopped = show(opened, { signal: controller.signal });
    const watched = show(opened);
    setTimeout(() => controller.abort(), 1);
    await expect(stopped).rejects.toMatchObject({ code: 'INTERRUPTED' });
    expect(await watched).toHaveLength(33);
  });
});

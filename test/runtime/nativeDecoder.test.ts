import { describe, expect, it } from 'vitest';
import { open, type WeftFilm } from '../../runtime/film/film.js';
import type { FrameOptions } from '../../runtime/film/frameOptions.js';
import { crc32c } from '../../runtime/format/crc32c.js';
import { loadNativeRuntime } from '../../runtime/native/decoderAddon.js';
import { NativeSegmentDecoder } from '../../runtime/native/segmentDecoder.js';
import type { Picture } from '../../runtime/picture/picture.js';
import { ReferenceSegmentDecoder } from '../../runtime/reference/segmentDecoder.js';
import { builtInstructionSets } from '../nativeEngine.js';
import { randomNumbers } from './randomNumbers.js';
import { type Drawing, randomTensors, type SampleFilm, sampleFilm } from './sampleSegments.js';

const sets = builtInstructionSets('runtime');
const openNative = (bytes: Uint8Array, set: string, threads: number): Promise<WeftFilm> =>
  open(bytes, { decoder: new NativeSegmentDecoder(loadNativeRuntime(set), threads) });
const openReference = (bytes: Uint8Array): Promise<WeftFilm> => open(bytes, { engine: 'reference' });

async function show(film: WeftFilm, options: FrameOptions = {}): Promise<Picture[]> {
  const pictures: Picture[] = [];
  for await (const picture of film.frames(options)) pictures.push(picture);
  return pictures;
}

/** Largest difference of two codes and the share of samples that differ by more than one. */
function compare(a: Picture[], b: Picture[]): { largest: number; shareAboveOne: number } {
  expect(b.length).toBe(a.length);
  let largest = 0;
  let above = 0;
  let samples = 0;
  for (const [i, picture] of a.entries()) {
    expect([b[i]!.width, b[i]!.height, b[i]!.chroma]).toEqual([
      picture.width,
      picture.height,
      picture.chroma,
    ]);
    for (const [c, plane] of picture.planes.entries()) {
      const other = b[i]!.planes[c]!;
      expect(other.length).toBe(plane.length);
      for (let k = 0; k < plane.length; k++) {
        const difference = Math.abs(plane[k]! - other[k]!);
        largest = Math.max(largest, difference);
        if (difference > 1) above++;
      }
      samples += plane.length;
    }
  }
  return { largest, shareAboveOne: above / samples };
}

/** Base steps that spread pictures over some tens of codes and seldom to 0 or 255, so that differences show. */
const CONTRAST = { sparse: 40, dense: 20, huge: -84, empty: 8 } as const;

function film(sample: Partial<SampleFilm> & { drawing: Drawing }, seed: number): Uint8Array {
  const full: SampleFilm = {
    width: 40,
    height: 24,
    chroma: '420',
    frames: [9],
    anchorDistance: 4,
    baseExponent: CONTRAST[sample.drawing],
    ...sample,
  };
  return sampleFilm(full, seed, randomTensors(seed, 0.1)).bytes;
}

const checksums = (pictures: Picture[]): number[][] =>
  pictures.map((p) => p.planes.map((plane) => crc32c(plane)));

/** Large enough for several threads to have work. */
const large = film({ drawing: 'sparse', width: 200, height: 160, frames: [5, 3], streams: 2 }, 5);

const CASES: (Partial<SampleFilm> & { drawing: Drawing })[] = [
  { drawing: 'sparse' },
  { drawing: 'dense', chroma: '444', streams: 3 },
  { drawing: 'huge', width: 33, height: 47, frames: [3, 2], streams: 2 },
  { drawing: 'empty', width: 16, height: 16 },
  { drawing: 'sparse', width: 131, height: 77, frames: [17], anchorDistance: 8, streams: 4 },
  { drawing: 'dense', width: 65, height: 129, chroma: '444', frames: [1, 5], anchorDistance: 1 },
  { drawing: 'sparse', width: 16, height: 201, frames: [33], anchorDistance: 32 },
  { drawing: 'sparse', width: 48, height: 16, frames: [40], anchorDistance: 16, laterDistances: [4] },
  { drawing: 'dense', refinement: 5 },
];

const VIEWS: FrameOptions[] = [
  {},
  { width: 80, height: 48 },
  { width: 20, height: 12 },
  { width: 37, height: 29, fps: [60, 1] },
  { crop: { x: 3, y: 2.5, width: 11, height: 9 }, width: 45, height: 31, speed: 0.3 },
];

describe.skipIf(sets.length === 0)('the native decoder', () => {
  for (const set of sets) {
    describe(set, () => {
      it.each(CASES)('agrees with the reference on %j', async (sample) => {
        const bytes = film(sample, 11 + CASES.indexOf(sample));
        const reference = await openReference(bytes);
        const native = await openNative(bytes, set, 1 + (CASES.indexOf(sample) & 1));
        expect(native.engine).toBe('native');
        for (let i = 0; i < reference.segments.length; i++) {
          expect(await native.decodeSegmentLatents(i)).toEqual(await reference.decodeSegmentLatents(i));
        }
        for (const view of VIEWS) {
          const { largest, shareAboveOne } = compare(await show(reference, view), await show(native, view));
          expect(largest).toBeLessThanOrEqual(2);
          expect(shareAboveOne).toBeLessThanOrEqual(0.001);
        }
        native.close();
      });

      it('gives the same result on any number of threads', async () => {
        const one = checksums(await show(await openNative(large, set, 1), { fps: [50, 1] }));
        for (const threads of [2, 3]) {
          expect(checksums(await show(await openNative(large, set, threads), { fps: [50, 1] }))).toEqual(one);
        }
      });
    });
  }

  it('gives the same latents or the same error as the reference on damaged streams', async () => {
    const next = randomNumbers(77);
    const reference = new ReferenceSegmentDecoder();
    const natives = sets.map((set) => new NativeSegmentDecoder(loadNativeRuntime(set), 2));
    const outcome = async (work: Promise<Int32Array[]>): Promise<unknown> =>
      work.catch((error: { name: string; code: string }) => `${error.name} ${error.code}`);
    let errors = 0;
    for (let round = 0; round < 60; round++) {
      const drawing = (['sparse', 'dense', 'huge'] as const)[round % 3]!;
      const bytes = film({ drawing, frames: [4], streams: 1 + (round % 2) }, 100 + round);
      const task = (await openReference(bytes)).segmentTask(0);
      const streams = task.segment.streams.map((stream) => ({
        ...stream,
        bytes: stream.bytes.slice(0, 1 + (next() % (stream.bytes.length + 1))),
      }));
      for (const stream of streams) {
        for (let hits = 1 + (next() % 4); hits > 0; hits--) {
          stream.bytes[next() % stream.bytes.length] = next() & 255;
        }
        if (round % 5 === 0) stream.bytes.fill(round % 10 === 0 ? 255 : 0);
      }
      const damaged = { ...task, segment: { ...task.segment, streams } };
      const expected = await outcome(reference.latents(damaged));
      if (typeof expected === 'string') errors++;
      for (const native of natives) expect(await outcome(native.latents(damaged))).toEqual(expected);
    }
    expect(errors).toBeGreaterThan(0);
    expect(errors).toBeLessThan(60);
  });

  it('stops on a signal and goes on for others', async () => {
    const bytes = film({ drawing: 'sparse', width: 320, height: 200, frames: [33] }, 3);
    const opened = await openNative(bytes, sets[0]!, 2);
    const controller = new AbortController();
    const stopped = show(opened, { signal: controller.signal });
    const watched = show(opened);
    setTimeout(() => controller.abort(), 1);
    await expect(stopped).rejects.toMatchObject({ code: 'INTERRUPTED' });
    expect(await watched).toHaveLength(33);
  });

  it('shows frames in any order and many at once', async () => {
    const bytes = film({ drawing: 'sparse', frames: [9, 9, 9, 9, 9] }, 4);
    const opened = await openNative(bytes, sets[0]!, 2);
    const all = await show(opened);
    const starts = [40, 3, 22, 31, 12, 0, 44];
    const parts = await Promise.all(
      starts.map((frame) => show(opened, { start: frame / 25, end: (frame + 1) / 25 })),
    );
    for (const [i, frame] of starts.entries()) expect(parts[i]).toEqual([all[frame]]);
  });

  it('bakes again what it has dropped', async () => {
    const bytes = film({ drawing: 'sparse', frames: [33], anchorDistance: 8 }, 8);
    const all = await show(await openNative(bytes, sets[0]!, 2), { fps: [50, 1] });
    const decoder = new NativeSegmentDecoder(loadNativeRuntime(sets[0]), 2, 0);
    const forgetful = await open(bytes, { decoder });
    expect(await show(forgetful, { fps: [50, 1] })).toEqual(all);
    expect(await show(forgetful, { start: 7 / 25, end: 12 / 25, fps: [50, 1] })).toEqual(all.slice(14, 24));
  });

  it('refuses work after it was closed', async () => {
    const closed = await openNative(film({ drawing: 'sparse' }, 6), sets[0]!, 2);
    expect(await show(closed)).toHaveLength(9);
    closed.close();
    await expect(show(closed)).rejects.toMatchObject({ code: 'ENGINE_FAILED' });
  });

  it('is what auto takes', async () => {
    const bytes = film({ drawing: 'sparse' }, 6);
    expect((await open(bytes)).engine).toBe('native');
    expect((await open(bytes, { engine: 'native', threads: 1 })).engine).toBe('native');
  });
});

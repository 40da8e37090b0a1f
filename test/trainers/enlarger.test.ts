/** Training an enlarger: its gradient, what it learns from, and what a film gets of it. */

import { describe, expect, it, vi } from 'vitest';
import {
  ENLARGER_TENSORS,
  ENLARGER_VALUE_COUNT,
  enlargerFromQuantized,
  enlargerFromValues,
} from '../../runtime/field/enlarger.js';
import { samplingKernels } from '../../runtime/field/samplingKernels.js';
import { fieldShape } from '../../runtime/field/shape.js';
import { open } from '../../runtime/film/film.js';
import { learntDetail } from '../../runtime/reference/enlarger.js';
import { encode } from '../../trainers/encode.js';
import { openEngine } from '../../trainers/engines.js';
import { trainEnlarger } from '../../trainers/enlarger/enlargerTrainer.js';
import { batchOf, type Example, exampleOf, meanSquare } from '../../trainers/enlarger/examples.js';
import { cutOut, PIECE_PX, SourcePieces } from '../../trainers/enlarger/sourcePieces.js';
import { loadNativeTrainer } from '../../trainers/native/trainerAddon.js';
import { randomSequence } from '../../trainers/schedule.js';
import { TRAINING_CONSTANTS } from '../../trainers/trainingConstants.js';
import { canEncode } from '../nativeEngine.js';
import { loudValues } from '../runtime/loudEnlarger.js';
import { uniforms } from '../runtime/randomNumbers.js';
import { type Sample, syntheticFilm } from './syntheticFilm.js';

/** Blobs with sharp edges at all angles: what Lanczos's kernel blurs and rings at. */
const shapes: Sample = (x, y, t, plane) => {
  if (plane > 0) return 128;
  const wave =
    Math.sin((x + t) / 5.3) + Math.sin(y / 4.1) + Math.sin((x + y) / 7.7) + Math.sin((x - y) / 6.1);
  return 128 + Math.round(90 * Math.max(-1, Math.min(1, 6 * wave)));
};

function examplesOf(frames: number): Example[] {
  const film = syntheticFilm({ width: 144, height: 112, frames }, shapes);
  const pieces = new SourcePieces(randomSequence(1));
  for (const picture of film.all) pieces.see(picture);
  return pieces.kept.flatMap(({ pieces }) => pieces.map(({ codes }) => exampleOf(codes, codes)));
}

/** Of lines of five values: their second differences against themselves, mean squares. */
function roughness(kernels: Float32Array): number {
  let [rough, all] = [0, 0];
  for (let line = 0; line < kernels.length; line += 5) {
    const at = (i: number): number => (i < 0 || i > 4 ? 0 : kernels[line + i]!);
    for (let i = -1; i <= 5; i++) {
      rough += (at(i - 1) - 2 * at(i) + at(i + 1)) ** 2;
      all += at(i) ** 2;
    }
  }
  return rough / all;
}

describe('what an enlarger learns from', () => {
  it('is every frame of a short film, and as likely the last as the first of a long one', () => {
    const { all } = syntheticFilm({ width: 80, height: 76, frames: 5 }, shapes);
    const short = new SourcePieces(randomSequence(1));
    for (const picture of all) short.see(picture);
    expect(short.kept.map(({ frame }) => frame)).toEqual([0, 1, 2, 3, 4]);
    for (const { frame, pieces } of short.kept)
      for (const { x, y, codes } of pieces)
        expect(codes).toEqual(cutOut(all[frame]!.planes[0], 80, 76, x, y));
    let late = 0;
    for (let seed = 0; seed < 20; seed++) {
      const long = new SourcePieces(uniforms(seed + 1));
      for (let i = 0; i < 640; i++) long.see(all[i % 5]!);
      expect(long.kept).toHaveLength(32);
      late += long.kept.filter(({ frame }) => frame >= 320).length;
    }
    expect(late / 640).toBeGreaterThan(0.4);
    expect(late / 640).toBeLessThan(0.6);
  });

  it('reaches over the border of small pictures, and leaves out those that are smaller than its middle', () => {
    const seen = (height: number) => {
      const pieces = new SourcePieces(randomSequence(1));
      for (const picture of syntheticFilm({ width: 200, height, frames: 2 }, shapes).all) pieces.see(picture);
      return pieces.kept.flatMap(({ pieces }) => pieces);
    };
    expect(new Set(seen(60).map(({ y }) => y))).toEqual(new Set([-6]));
    expect(seen(60).every(({ x }) => x >= 0 && x <= 200 - PIECE_PX)).toBe(true);
    expect(seen(47)).toEqual([]);
    expect([...cutOut(Uint8Array.of(1, 2, 3, 4), 2, 2, -1, 0).subarray(0, 4)]).toEqual([1, 1, 2, 2]);
  });
});

describe.runIf(canEncode())('training an enlarger', () => {
  const examples = examplesOf(2).slice(0, 6);
  const ways = [0, 1, 2, 3, 4, 7];

  it('has the gradient of its loss', async () => {
    const trainer = loadNativeTrainer('exact');
    const values = loudValues(9);
    const lossAt = (given: Float64Array, gradient = new Float64Array(ENLARGER_VALUE_COUNT)) =>
      trainer.enlargerGradient(batchOf(given, examples, ways), gradient);
    const gradient = new Float64Array(ENLARGER_VALUE_COUNT);
    await lossAt(values, gradient);
    const random = uniforms(4);
    const errors: number[] = [];
    for (const { offset, size } of ENLARGER_TENSORS) {
      for (let i = 0; i < 6; i++) {
        const at = offset + Math.floor(random() * size);
        const moved = (by: number) => values.map((value, index) => (index === at ? value + by : value));
        const numeric = ((await lossAt(moved(1e-6))) - (await lossAt(moved(-1e-6)))) / 2e-6;
        errors.push(Math.abs(numeric - gradient[at]!) / Math.max(1e-3, Math.abs(numeric)));
      }
    }
    errors.sort((a, b) => a - b);
    expect(errors[Math.floor(0.9 * errors.length)]).toBeLessThan(1e-4);
    expect(errors.at(-1)).toBeLessThan(1e-2);
  });

  it('has the loss of the definition', async () => {
    const values = loudValues(9);
    const enlarger = enlargerFromValues(values);
    const batch = batchOf(values, examples, ways);
    const gradient = new Float64Array(ENLARGER_VALUE_COUNT);
    const trainer = loadNativeTrainer('exact');
    const loss = await trainer.enlargerGradient(batch, gradient);
    // The definition reads the half film itself: a plane whose deviations are the inputs is not to be had, so a film is taken.
    const { all } = syntheticFilm({ width: 72, height: 72, frames: 1 }, shapes);
    const [luma] = all[0]!.planes;
    const one = exampleOf(luma, luma);
    const { enlargement } = samplingKernels(
      fieldShape(36, 36, '420'),
      { x: 0, y: 0, width: 36, height: 36 },
      ...([72, 72] as const),
      enlarger,
    );
    const small = { width: 36, height: 36, samples: new Float32Array(36 * 36) };
    for (let i = 0; i < small.samples.length; i++) {
      const from = 2 * Math.floor(i / 36) * 72 + 2 * (i % 36);
      small.samples[i] = (luma[from]! + luma[from + 1]! + luma[from + 72]! + luma[from + 73]!) / 4 - 128;
    }
    const added = learntDetail(small, enlargement!);
    let squares = 0;
    for (let y = 0; y < 48; y++)
      for (let x = 0; x < 48; x++)
        squares += (added.samples[(y + 12) * 72 + x + 12]! / 32 - one.missing.samples[y * 48 + x]!) ** 2;
    const single = await trainer.enlargerGradient(batchOf(values, [one], [0]), gradient);
    expect(single).toBeCloseTo(squares / 48 ** 2, 4);
    expect(loss).toBeGreaterThan(0);
  });

  it('is the same again and beside others, and in single precision nearly', async () => {
    const run = async (seed: number, build?: 'exact') => {
      const gradient = new Float64Array(ENLARGER_VALUE_COUNT);
      const batch = batchOf(loudValues(seed), examples, ways);
      const loss = await loadNativeTrainer(build).enlargerGradient(batch, gradient);
      return { loss, gradient };
    };
    const alone = await run(9);
    const beside = await Promise.all([9, 5, 9, 7, 9].map((seed) => run(seed)));
    for (const index of [0, 2, 4]) expect(beside[index]).toEqual(alone);
    expect(beside[1]).not.toEqual(alone);
    const [single, double] = [alone, await run(9, 'exact')];
    expect(Math.abs(single.loss / double.loss - 1)).toBeLessThan(1e-5);
  });

  it('gains on edges that it has not seen, turned and mirrored too', async () => {
    const engine = await openEngine('native');
    const training = { engine, random: randomSequence(2) };
    const { gainDb } = await trainEnlarger(examplesOf(8), training);
    expect(gainDb).toBeGreaterThan(0.5);
    expect(meanSquare(batchOf(loudValues(1), examples, ways))).toBeGreaterThan(0);
  });

  it('pays for rough kernels, which draw dots at four times the size', async () => {
    const engine = await openEngine('native');
    const trained = async (price: number): Promise<number> => {
      const constants = { ...TRAINING_CONSTANTS.enlarger, roughness: price };
      const spied = vi.spyOn(TRAINING_CONSTANTS, 'enlarger', 'get').mockReturnValue(constants);
      const training = { engine, random: randomSequence(2) };
      const { tensors } = await trainEnlarger(examplesOf(8), training);
      spied.mockRestore();
      return roughness(enlargerFromQuantized(tensors).kernels);
    };
    const free = await trained(0);
    expect(await trained(TRAINING_CONSTANTS.enlarger.roughness)).toBeLessThan(0.95 * free);
  });
});

describe.runIf(canEncode())('a film and its enlarger', () => {
  const film = syntheticFilm({ width: 144, height: 112, frames: 3 }, shapes);
  const quick = { preset: 'draft', crf: 24, threads: 2 } as const;
  const enlargerOf = async (enlarger: 'auto' | 'always' | 'never') => {
    const { bytes } = await encode(film, { ...quick, enlarger });
    const opened = await open(bytes);
    try {
      return { bytes, enlarger: opened.header.enlarger };
    } finally {
      opened.close();
    }
  };

  it('has one where it is asked for, the same every time, and else only if it is large', async () => {
    const asked = await enlargerOf('always');
    expect(asked.enlarger!.length).toBeGreaterThan(300);
    expect(asked.enlarger!.length).toBeLessThan(1200);
    expect((await enlargerOf('always')).bytes).toEqual(asked.bytes);
    const auto = await enlargerOf('auto');
    expect(auto.bytes.length).toBeLessThan(65536);
    expect([auto.enlarger, (await enlargerOf('never')).enlarger]).toEqual([null, null]);
  });
});

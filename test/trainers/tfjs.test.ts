/** The engine in TensorFlow.js against the native one: two definitions of the same loss, gradients and training. */

import { existsSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ENLARGER_TENSORS, ENLARGER_VALUE_COUNT } from '../../runtime/field/enlarger.js';
import { segmentStructure } from '../../runtime/field/structure.js';
import { NET_TENSORS, NET_VALUE_COUNT } from '../../runtime/field/tensors.js';
import { open } from '../../runtime/film/film.js';
import type { Chroma } from '../../runtime/picture/picture.js';
import { addError, noError, psnrOf, squaredError } from '../../src/measure/psnr.js';
import { encode } from '../../trainers/encode.js';
import type { EncodeHooks } from '../../trainers/encodeJob.js';
import { type EngineName, openEngine, reportEngines } from '../../trainers/engines.js';
import { batchOf, exampleOf } from '../../trainers/enlarger/examples.js';
import { PIECE_PX } from '../../trainers/enlarger/sourcePieces.js';
import { errorWeights } from '../../trainers/errorWeights.js';
import { loadNativeTrainer } from '../../trainers/native/trainerAddon.js';
import { createNetState } from '../../trainers/nets/netState.js';
import { DEPTH_OFFSET, lossWeights, TUNES } from '../../trainers/rateControl.js';
import { agesTogether, randomSequence, stepActivity, stepOptions } from '../../trainers/schedule.js';
import { type GpuAdapter, probeGpu } from '../../trainers/tfjs/gpu.js';
import { TfjsSegment } from '../../trainers/tfjs/segment.js';
import { TRAINING_CONSTANTS } from '../../trainers/trainingConstants.js';
import type { TrainingSegment } from '../../trainers/trainingEngine.js';
import { activityOfStep } from '../../trainers/trainingStep.js';
import { canEncode } from '../nativeEngine.js';
import { loudValues } from '../runtime/loudEnlarger.js';
import { uniforms } from '../runtime/randomNumbers.js';
import { busySegment, LAMBDA, SIZES, STEP } from './busySegment.js';
import { movingTexture, syntheticFilm } from './syntheticFilm.js';

const constants = TRAINING_CONSTANTS.engine;
const HOST = { seed: 1, threads: 2, constants, native: undefined, check: () => undefined };

/** A clip with motion of two levels, and how its segment is built: an anchor is predicted from an anchor. */
const SIZE = { width: 64, height: 64, frames: 5, chroma: '420' as const };
const clip = syntheticFilm(SIZE, movingTexture);
const description = {
  ...{ ...SIZE, anchorDistance: 2 },
  ...{ baseExponent: 36, depthOffset: DEPTH_OFFSET },
  lossWeights: lossWeights(SIZE, TUNES.ssim),
};
const nodes = segmentStructure(description);
const ALL_NODES = { first: 0, count: nodes.length };

/** A film with nodes of all depths, encoded as a whole. */
const deepFilm = syntheticFilm({ width: 32, height: 32, frames: 9 }, movingTexture);

const weights = errorWeights(clip.all, TUNES.ssim)!;

function setSources(segment: TrainingSegment): void {
  for (const [index, { frame }] of nodes.entries()) {
    segment.setSource(index, ...clip.all[frame]!.planes, weights[frame]);
  }
}

async function segmentOf(engine: EngineName): Promise<TrainingSegment> {
  const opened = await openEngine(engine);
  const segment = await opened.createSegment(description, nodes, { seed: 3, threads: 2, constants });
  setSources(segment);
  return segment;
}

/** Distortion + lambda * bits a pixel with rounded latents. */
async function cost(segment: TrainingSegment, nets: Float64Array): Promise<number> {
  let total = 0;
  for (const { distortion, innovationBits, motionBits } of await segment.evaluate(
    nets,
    nodes.length,
    'all',
  )) {
    total += distortion + LAMBDA * (innovationBits + motionBits);
  }
  return total / (SIZE.width * SIZE.height * SIZE.frames);
}

/** Length of the difference relative to that of the first. */
function relativeDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let difference = 0;
  let size = 0;
  for (let i = 0; i < a.length; i++) {
    difference += (a[i]! - b[i]!) ** 2;
    size += a[i]! ** 2;
  }
  return Math.sqrt(difference / Math.max(size, 1e-30));
}

/** Relative differences of the loss, of the gradient by every net tensor and by every latent plane. */
async function gradientDifferences(size: (typeof SIZES)[number], chroma: Chroma): Promise<number[]> {
  const { segment, film, weights: ofErrors, latents, nets } = busySegment(size, chroma);
  const mirror = new TfjsSegment(segment.description, segment.nodes, HOST);
  for (const [index, node] of segment.nodes.entries()) {
    mirror.setSource(index, ...film.all[node.frame]!.planes, ofErrors[node.frame]);
    mirror.setContinuousLatents(index, latents[index]!.values);
  }
  const [expected, found] = [new Float64Array(NET_VALUE_COUNT), new Float64Array(NET_VALUE_COUNT)];
  const expectedCost = segment.native.gradient(nets, STEP, expected);
  const foundCost = await mirror.gradient(nets, STEP, found);
  const differences = [
    Math.abs(foundCost.distortion / expectedCost.distortion - 1),
    Math.abs(foundCost.bits / expectedCost.bits - 1),
    ...NET_TENSORS.map(({ offset, size: count }) =>
      relativeDifference(expected.subarray(offset, offset + count), found.subarray(offset, offset + count)),
    ),
  ];
  for (const [index, { planes }] of latents.entries()) {
    const [a, b] = [segment.native.latentGradient(index), mirror.latentGradient(index)];
    for (const { offset, width, height } of planes) {
      const end = offset + width * height;
      differences.push(relativeDifference(a.subarray(offset, end), b.subarray(offset, end)));
    }
  }
  mirror.release();
  return differences;
}

function expectEqual(differences: readonly number[], tolerance: number): void {
  expect(differences.length).toBeGreaterThan(60);
  expect(Math.max(...differences)).toBeLessThan(tolerance);
}

/** Training steps of an encode, and of one on an emulated GPU, which takes seconds for every step even of a small film. */
const STEPS = 12;
const SOFTWARE_STEPS = 3;

/** Asks the encode to finish once it has taken so many training steps. */
function finishedAfter(steps: number): EncodeHooks {
  const finish = new AbortController();
  let taken = 0;
  return {
    finish: finish.signal,
    onProgress: ({ stage }) => {
      if (stage === 'training' && ++taken > steps) finish.abort();
    },
  };
}

/** Trains a film, and decodes it to the same symbols and to the quality that was reported. */
async function expectDecodable(
  engine: EngineName,
  film: ReturnType<typeof syntheticFilm>,
  steps: number,
): Promise<void> {
  const encoded = await encode(film, { engine, preset: 'draft', crf: 27 }, finishedAfter(steps));
  expect(encoded.engine).toBe(engine);
  const latents: Int32Array[][] = [];
  for (const decoder of ['native', 'reference'] as const) {
    const decoded = await open(encoded.bytes, { engine: decoder });
    expect(decoded.header.engine).toBe(engine);
    const error = noError();
    let index = 0;
    for await (const picture of decoded.frames()) addError(error, squaredError(picture, film.all[index++]!));
    expect(index).toBe(film.all.length);
    expect(Math.abs(psnrOf(error).yuv - encoded.psnrDb.yuv)).toBeLessThan(0.05);
    latents.push(await decoded.decodeSegmentLatents(0));
    decoded.close();
  }
  expect(latents[0]).toEqual(latents[1]);
}

describe.runIf(canEncode())('TensorFlow.js on the processor', () => {
  beforeAll(async () => {
    await openEngine('tfjs');
  });
  afterEach(() => tf.setBackend('wasm'));

  // The backend `cpu`, in JavaScript, is slow: one size of each chroma.
  const backends = [
    { backend: 'cpu', chroma: '420', sizes: SIZES.slice(0, 1) },
    { backend: 'cpu', chroma: '444', sizes: SIZES.slice(0, 1) },
    { backend: 'wasm', chroma: '420', sizes: SIZES },
    { backend: 'wasm', chroma: '444', sizes: SIZES },
  ] as const;
  it.each(backends)(
    'has the loss and the gradients of the native engine: $backend, $chroma',
    async (tried) => {
      await tf.setBackend(tried.backend);
      for (const size of tried.sizes) {
        expectEqual(await gradientDifferences(size, tried.chroma), 1e-4);
      }
    },
  );

  it('finds as good a start of its own as the native engine', async () => {
    const native = await segmentOf('native');
    const own = new TfjsSegment(description, nodes, HOST);
    setSources(own);
    const { values } = createNetState();
    await native.analyse(values, LAMBDA, ALL_NODES);
    await own.analyse(values, LAMBDA, ALL_NODES);
    expect((await cost(own, values)) / (await cost(native, values))).toBeCloseTo(1, 1);
    own.release();
  });

  it('trains like the native engine, and leaks nothing', async () => {
    const steps = 50;
    const results: number[] = [];
    for (const engine of ['native', 'tfjs'] as const) {
      const segment = await segmentOf(engine);
      const nets = createNetState();
      await segment.analyse(nets.values, LAMBDA, ALL_NODES);
      const start = await cost(segment, nets.values);
      const plan = { lambda: LAMBDA, netLambda: LAMBDA, steps, netSteps: steps };
      const options = stepOptions(plan, 0, steps);
      const depths = nodes.map((node) => node.depth);
      const ages = agesTogether(nodes.length, 0, steps);
      const activity = stepActivity(depths, ages, plan, 0.5, randomSequence(3));
      const tensors = new Set<number>();
      for (let step = 0; step < steps; step++) {
        await segment.train([options[step]!], activityOfStep(activity, step), nets);
        if (step > 0) tensors.add(tf.memory().numTensors);
      }
      expect(tensors.size).toBe(1);
      results.push(await cost(segment, nets.values));
      expect(results.at(-1)).toBeLessThan(0.9 * start);
      segment.release();
    }
    expect(Math.abs(results[1]! / results[0]! - 1)).toBeLessThan(0.02);
  });

  it('encodes a film that every decoder decodes', () => expectDecodable('tfjs', deepFilm, STEPS));
});

/** The emulated GPU of Debian's chromium, where there is no other. */
const SWIFTSHADER = '/usr/lib/chromium/vk_swiftshader_icd.json';
if (!process.env.VK_ICD_FILENAMES && existsSync(SWIFTSHADER)) process.env.VK_ICD_FILENAMES = SWIFTSHADER;

/** The adapter of WebGPU, if there is one; else says why not. In CI there must be. */
async function findGpu(): Promise<GpuAdapter | undefined> {
  try {
    return await probeGpu();
  } catch (error) {
    if (process.env.CI === 'true') throw error;
    console.info(
      `skipped: ${(error as Error).message} Its tests need a GPU, or Debian's chromium and libvulkan1.`,
    );
    return undefined;
  }
}

const gpu = canEncode() ? await findGpu() : undefined;

describe.runIf(gpu)('TensorFlow.js on WebGPU', () => {
  it.each(['420', '444'] as const)(
    'has the loss and the gradients of the native engine: %s',
    async (chroma) => {
      await openEngine('tfjs-webgpu');
      expectEqual(await gradientDifferences(SIZES[0]!, chroma), 1e-3);
    },
  );

  it('encodes a film that every decoder decodes', () => {
    if (!gpu?.software) return expectDecodable('tfjs-webgpu', deepFilm, STEPS);
    const small = syntheticFilm({ width: 16, height: 16, frames: 2 }, movingTexture);
    return expectDecodable('tfjs-webgpu', small, SOFTWARE_STEPS);
  });
});

describe('engines', () => {
  it('are reported with what they are, or why they are not there and what to do', async () => {
    const reports = await reportEngines();
    expect(reports.map(({ name }) => name)).toEqual(['native', 'tfjs', 'tfjs-gpu', 'tfjs-webgpu']);
    for (const { available, version, device, reason, hint } of reports) {
      for (const text of available ? [version, device] : [reason, hint]) expect(text).toMatch(/\w/);
    }
    expect(reports[1]!.available).toBe(true);
  });

  it('are refused where they are not there', async () => {
    for (const { name, available } of await reportEngines()) {
      const opened = openEngine(name);
      if (available) await expect(opened).resolves.toMatchObject({ name: expect.stringMatching(name) });
      else await expect(opened).rejects.toMatchObject({ code: 'ENGINE_MISSING' });
    }
  });

  it.runIf(canEncode())('are the native one, however good the GPU, if none is asked for', async () => {
    expect((await openEngine('auto')).name).toBe(`native-${loadNativeTrainer().instructionSet}`);
  });
});

describe.runIf(canEncode())('the gradient of an enlarger', () => {
  it('is that of the native engine', async () => {
    const random = uniforms(6);
    const noise = () => Uint8Array.from({ length: PIECE_PX ** 2 }, () => 256 * random());
    const examples = [0, 1, 2].map(() => exampleOf(noise(), noise()));
    const batch = batchOf(loudValues(9), examples, [0, 3, 6]);
    const [of, expected] = [0, 1].map(() => new Float64Array(ENLARGER_VALUE_COUNT));
    const tfjs = await openEngine('tfjs');
    const loss = await tfjs.enlargerGradient(batch, of!);
    const native = await loadNativeTrainer('exact').enlargerGradient(batch, expected!);
    expect(loss / native).toBeCloseTo(1, 4);
    for (const { name, offset, size } of ENLARGER_TENSORS) {
      const [a, b] = [of!, expected!].map((gradient) => gradient.subarray(offset, offset + size));
      const largest = Math.max(...b!.map(Math.abs));
      const error = Math.max(...a!.map((value, i) => Math.abs(value - b![i]!)));
      expect(error / largest, name).toBeLessThan(1e-3);
    }
  });
});

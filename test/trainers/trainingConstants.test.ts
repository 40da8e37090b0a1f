/** The record of training constants: every number of it reaches the engines, and a change of any one changes the training. */

import { describe, expect, it } from 'vitest';
import { segmentStructure } from '../../runtime/field/structure.js';
import { openEngine } from '../../trainers/engines.js';
import { errorWeights } from '../../trainers/errorWeights.js';
import { createNativeSegment } from '../../trainers/native/nativeEngine.js';
import { loadNativeTrainer } from '../../trainers/native/trainerAddon.js';
import { createNetState } from '../../trainers/nets/netState.js';
import { lossWeights, TUNES } from '../../trainers/rateControl.js';
import { agesTogether, randomSequence, stepActivity, stepOptions } from '../../trainers/schedule.js';
import { TfjsSegment } from '../../trainers/tfjs/segment.js';
import {
  type EngineConstants,
  TRAINING_CONSTANTS,
  type TrainingConstants,
} from '../../trainers/trainingConstants.js';
import type { TrainingSegment } from '../../trainers/trainingEngine.js';
import { canEncode } from '../nativeEngine.js';
import { type Sample, syntheticFilm } from './syntheticFilm.js';

const LAMBDA = 100;
const SIZE = { width: 48, height: 40, frames: 5, anchorDistance: 4 };
const description = {
  ...{ ...SIZE, chroma: '420' as const },
  ...{ baseExponent: 36, depthOffset: [-8, -4, 0, 4, 6] },
  lossWeights: lossWeights({ ...SIZE, chroma: '420' }, TUNES.ssim),
};

/** Grains of different speeds, in light that changes from frame to frame. */
const flicker: Sample = (x, y, t, plane) => {
  const column = x + t * (y < 16 ? 3 : 6);
  const hash = Math.imul((column >> 1) * 374761393 + (y >> 1) * 668265263, 1274126177) >>> 8;
  const light = [1, 0.5, 1.1, 0.8, 0.15][t]!;
  return plane === 0 ? Math.round(16 + light * (hash % 200)) : 118 + (hash % 20);
};

/** Other values of all numbers, far enough to be felt on this film. */
const OTHER: Omit<
  TrainingConstants,
  'prunedBelow' | 'waveIntervals' | 'anchors' | 'refinement' | 'enlarger'
> = {
  schedule: {
    latentRate: 0.21,
    motionRate: 0.21,
    netRate: 0.021,
    lastRate: 0.6,
    warmUpSteps: 5,
    noisySteps: 5,
    firstTemperature: 0.36,
    lastTemperature: 0.2,
    firstNoise: 0.13,
    lastNoise: 0.3,
    pulls: 1,
  },
  nets: {
    contextRate: 1.1,
    synthesisRate: 0.31,
    gainRate: 1.1,
    contextFirstBit: 2 ** -4,
    synthesisFirstBit: 2 ** -5,
  },
  engine: {
    latentAdam: { gradientShare: 0.21, squareShare: 0.02, epsilon: 1 },
    netAdam: { gradientShare: 0.11, squareShare: 0.02, epsilon: 1e3 },
    weightCellPx: 8,
    motionByLevel: 0.3,
    fit: { sweeps: 1, leastMagnitude: 1, coarsestMagnitude: 0.1, leastResponse: 0.2 },
    sparse: {
      rounds: 2,
      iterations: 14,
      powerIterations: 4,
      eigenvalueMargin: 1.2,
      leastDirection: -0.6,
      firstScale: 0.6,
      leastScale: 0.2,
      parentWeight: 2,
    },
    start: {
      motionPrice: 5,
      lightPrice: 10,
      motionThreshold: 25,
      anchorThreshold: 1.5,
      leafThreshold: 1.5,
      slopeWeight: 1 / 64,
      flatWeight: 20,
      anchorMatchShare: 0.01,
      leafMatchShare: 0.01,
      leastLimit: 50,
      lightNoise: 1,
      lightMeanShare: 1,
      lightLimit: 1,
      betaPrice: 0.05,
      largestBeta: 1,
      water: 1,
    },
    search: {
      windowPx: 32,
      levels: 1,
      levelsLeftOut: 1,
      rounds: 0,
      firstReachPx: 1,
      reachPx: 0,
      halvings: 1,
      wholeBonusPx: 8,
      smoothness: 640,
      smoothnessByRoot: 64,
      longestPenaltyPx: 1,
      predictionWeight: 4,
      largestLight: 1,
      flatDeviation: 100,
      unlitShare: 0.05,
    },
  },
};

/** Paths of all numbers of a record. */
function numbersOf(record: object, path = ''): string[] {
  return Object.entries(record).flatMap(([name, value]) =>
    typeof value === 'number' ? [`${path}${name}`] : numbersOf(value as object, `${path}${name}.`),
  );
}

/** The record with one number taken from the other. */
function changed<T extends object>(record: T, other: object, [name = '', ...rest]: string[]): T {
  const value = other[name as keyof object] as unknown;
  const part = record[name as keyof T] as object;
  return { ...record, [name]: rest.length > 0 ? changed(part, value as object, rest) : value };
}

/** The record, and the paths that somebody read in it. */
function watched(record: object, read: Set<string>, path = ''): object {
  return new Proxy(record, {
    get(target, name) {
      const value = Reflect.get(target, name) as unknown;
      const place = path + String(name);
      if (typeof value === 'object' && value !== null) return watched(value, read, `${place}.`);
      read.add(place);
      return value;
    },
  });
}

/** Trains a segment; losses a pixel by step. */
async function losses(
  segment: TrainingSegment,
  steps: number,
  constants: TrainingConstants = TRAINING_CONSTANTS,
  size = SIZE,
): Promise<number[]> {
  const nodes = segmentStructure({ ...description, ...size });
  const film = syntheticFilm(size, flicker);
  const weights = errorWeights(film.all, TUNES.ssim, constants.engine.weightCellPx)!;
  for (const [index, { frame }] of nodes.entries()) {
    segment.setSource(index, ...film.all[frame]!.planes, weights[frame]);
  }
  const nets = createNetState(constants.nets);
  await segment.analyse(nets.values, LAMBDA, { first: 0, count: nodes.length });
  const plan = { lambda: LAMBDA, netLambda: LAMBDA, steps, netSteps: steps };
  const depths = nodes.map((node) => node.depth);
  const random = randomSequence(5);
  const found: number[] = [];
  for (let step = 0; step < steps; step++) {
    const ages = agesTogether(nodes.length, step, 1);
    const activity = stepActivity(depths, ages, plan, 0.5, random, constants.schedule);
    const cost = await segment.train(stepOptions(plan, step, 1, constants.schedule), activity, nets);
    found.push((cost.distortion + LAMBDA * cost.bits) / (size.width * size.height * size.frames));
  }
  segment.release();
  return found;
}

/** In double precision, on one thread. */
function nativeSegment(constants: EngineConstants): TrainingSegment {
  const options = { threads: 1, seed: 3, constants };
  return createNativeSegment(loadNativeTrainer('exact'), description, options).native;
}

/** Losses of the first ten steps. They change only when the field, its start or its training does. */
const GOLDEN = [
  409.4576, 293.1485, 475.8593, 352.397, 377.4259, 352.4482, 201.6886, 209.6049, 198.6388, 355.3981,
];

describe.runIf(canEncode())('training constants', () => {
  it('make the golden trajectory in changing light, with nets that pay for their bits', async () => {
    const found = await losses(nativeSegment(TRAINING_CONSTANTS.engine), 10);
    expect(found).toHaveLength(GOLDEN.length);
    for (const [step, loss] of found.entries()) expect(loss / GOLDEN[step]!).toBeCloseTo(1, 4);
  });

  const felt = numbersOf(OTHER).filter((path) => path !== 'engine.search.windowPx');
  it.each(felt)('%s is felt', async (path) => {
    const constants = changed(TRAINING_CONSTANTS, OTHER, path.split('.'));
    const found = await losses(nativeSegment(constants.engine), 10, constants);
    const far = found.some((loss, step) => Math.abs(loss / GOLDEN[step]! - 1) > 1e-4);
    expect(far, found.join(', ')).toBe(true);
  });

  it('cannot ask for a window that the kernels do not have', () => {
    const { engine } = changed(TRAINING_CONSTANTS, OTHER, ['engine', 'search', 'windowPx']);
    expect(() => nativeSegment(engine)).toThrow('windowPx');
  });

  it('cannot lack a number', () => {
    const { engine } = TRAINING_CONSTANTS;
    const incomplete = { ...engine, start: { ...engine.start, motionPrice: undefined } };
    expect(() => nativeSegment(incomplete as unknown as EngineConstants)).toThrow('motionPrice');
  });

  it('are read by both engines, all of them', async () => {
    const all = numbersOf(TRAINING_CONSTANTS.engine).sort();
    const byNative = new Set<string>();
    nativeSegment(watched(TRAINING_CONSTANTS.engine, byNative) as EngineConstants).release();
    expect([...byNative].sort()).toEqual(all);
    await openEngine('tfjs');
    const byTfjs = new Set<string>();
    const constants = watched(TRAINING_CONSTANTS.engine, byTfjs) as EngineConstants;
    const host = { seed: 3, threads: 1, constants, native: undefined, check: () => undefined };
    const size = { width: 24, height: 16, frames: 3, anchorDistance: 2 };
    const small = { ...description, ...size };
    await losses(new TfjsSegment(small, segmentStructure(small), host), 1, TRAINING_CONSTANTS, size);
    expect([...byTfjs].sort()).toEqual(all);
  });
});

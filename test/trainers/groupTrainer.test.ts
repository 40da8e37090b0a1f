/** Groups of segments with nets of their own: what is written is what was trained, in whatever order. */

import { expect, it } from 'vitest';
import { writeNets } from '../../runtime/entropy/netCoder.js';
import { AT_PRIOR } from '../../runtime/field/nets.js';
import { open } from '../../runtime/film/film.js';
import { writeWeft } from '../../runtime/format/container.js';
import { squaredError } from '../../src/measure/psnr.js';
import { openEngine } from '../../trainers/engines.js';
import { type TrainedGroup, trainGroup } from '../../trainers/groupTrainer.js';
import { createNetState } from '../../trainers/nets/netState.js';
import { PRESETS } from '../../trainers/presets.js';
import { DEPTH_OFFSET, lambdaOfCrf, TUNES } from '../../trainers/rateControl.js';
import type { TrainingEngine, TrainingSegment } from '../../trainers/trainingEngine.js';
import { canEncode } from '../nativeEngine.js';
import { grain, movingTexture, type Sample, syntheticFilm } from './syntheticFilm.js';

const SIZE = { width: 64, height: 48, frames: 9 };
const WATCH = { progress() {}, check() {}, finishing: false };

const stripes: Sample = (x, y, t, plane) => (plane ? 128 : 60 + 90 * (((x + y + 3 * t) >> 2) & 1));
const films = [movingTexture, grain, stripes].map((sample) => syntheticFilm(SIZE, sample));

/** Trains films as the groups of one, in this order. */
async function trained(...order: number[]): Promise<TrainedGroup[]> {
  return trainedBy(await openEngine('native'), order);
}

async function trainedBy(engine: TrainingEngine, order: readonly number[]): Promise<TrainedGroup[]> {
  const settings = {
    ...{ engine, lambda: lambdaOfCrf(24), preset: PRESETS.draft },
    ...{ tune: TUNES.psnr, threads: 2, seed: 1 },
  };
  const groups: TrainedGroup[] = [];
  for (const film of order) groups.push(await trainGroup(settings, [films[film]!.all], WATCH));
  return groups;
}

it.runIf(canEncode())('every group is decoded with its own nets', async () => {
  const [first, ...later] = await trained(0, 1, 2);
  for (const { nets } of later) expect(nets.some(({ k }) => k !== AT_PRIOR)).toBe(true);
  const segments = later.flatMap((group) => {
    const nets = writeNets(group.nets);
    return group.segments.map((segment) => ({ ...segment, nets }));
  });
  const header = { ...films[0]!.info, depthOffset: [...DEPTH_OFFSET], frames: 27 };
  const bytes = writeWeft({
    ...{ header, nets: writeNets(first!.nets), segments: [...first!.segments, ...segments] },
  });
  const film = await open(bytes, { engine: 'reference' });
  const errors = films.map(() => 0);
  let frame = 0;
  for await (const picture of film.frames()) {
    const at = Math.floor(frame / SIZE.frames);
    errors[at]! += squaredError(picture, films[at]!.all[frame++ % SIZE.frames]!).sums[0]!;
  }
  film.close();
  for (const [i, { segments: parts }] of [first!, ...later].entries()) {
    const expected = parts.reduce((sum, { squaredErrors }) => sum + squaredErrors[0]!, 0);
    expect(Math.abs(errors[i]! / expected - 1)).toBeLessThan(0.01);
  }
});

it.runIf(canEncode())('a group comes out the same whatever was trained before it', async () => {
  const [, , last] = await trained(0, 1, 2);
  const [sole] = await trained(2);
  expect(sole!.segments.map(({ bytes }) => bytes)).toEqual(last!.segments.map(({ bytes }) => bytes));
  expect(sole!.nets).toEqual(last!.nets);
});

/** An engine whose segments are evaluated with the nets' prior too, each time that they are evaluated. */
function distracted(engine: TrainingEngine): TrainingEngine {
  const createSegment: TrainingEngine['createSegment'] = async (...given) => {
    const segment = await engine.createSegment(...given);
    const evaluate = segment.evaluate.bind(segment);
    const both: TrainingSegment['evaluate'] = async (nets, nodes, part) => {
      const costs = await evaluate(nets, nodes, part);
      await evaluate(createNetState().values, nodes, part);
      return costs;
    };
    Object.defineProperty(segment, 'evaluate', { value: both });
    return segment;
  };
  return { ...engine, createSegment };
}

it.runIf(canEncode())('a group comes out the same whatever its nets were compared with', async () => {
  const sole = await trained(0, 1, 2);
  const other = await trainedBy(distracted(await openEngine('native')), [0, 1, 2]);
  expect(other).toEqual(sole);
});

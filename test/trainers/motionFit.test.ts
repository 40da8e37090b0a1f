/** The start of motion: what moves together is said once, and what matches nothing is not said. */

import { describe, expect, it } from 'vitest';
import { fieldShape, latentPlanes } from '../../runtime/field/shape.js';
import { segmentStructure } from '../../runtime/field/structure.js';
import { openEngine } from '../../trainers/engines.js';
import { createNativeSegment } from '../../trainers/native/nativeEngine.js';
import { loadNativeTrainer } from '../../trainers/native/trainerAddon.js';
import { createNetState } from '../../trainers/nets/netState.js';
import { lossWeights, TUNES } from '../../trainers/rateControl.js';
import { TfjsSegment } from '../../trainers/tfjs/segment.js';
import { TRAINING_CONSTANTS } from '../../trainers/trainingConstants.js';
import type { TrainingSegment } from '../../trainers/trainingEngine.js';
import { canEncode } from '../nativeEngine.js';
import { type Sample, syntheticFilm } from './syntheticFilm.js';

const LAMBDA = 100;
const PAN_PX = 20;
const SIZE = { width: 128, height: 96, chroma: '420' as const };
const description = {
  ...{ ...SIZE, frames: 2, anchorDistance: 1 },
  ...{ baseExponent: 36, depthOffset: [-8, -4, 0, 4, 6] },
  lossWeights: lossWeights(SIZE, TUNES.psnr),
};
const nodes = segmentStructure(description);
const { engine: constants } = TRAINING_CONSTANTS;

/** Grains in light and dark patches of 16 samples, so that halved pictures have something to match too. */
function texture(x: number, y: number, salt: number): number {
  const hash = (a: number, b: number): number =>
    (Math.imul(Math.imul(a, 374761393) + Math.imul(b, 668265263) + salt, 1274126177) >>> 12) % 60;
  return 60 + hash(x >> 4, y >> 4) + hash((x >> 1) + 1000, y >> 1);
}

const pan: Sample = (x, y, t, plane) => (plane === 0 ? texture(x + PAN_PX * t, y, 1) : 128);
/** The same, but for a patch in the middle that is another one in each frame. */
const panBehindNoise: Sample = (x, y, t, plane) =>
  plane === 0 && x >= 48 && x < 80 && y >= 32 && y < 64 ? texture(x, y, 100 + t) : pan(x, y, t, plane);

/** Sums of magnitudes of frame 1's horizontal displacements by level, steps of 1/4 pixel; the last is the coarsest. */
async function displacementsOf(segment: TrainingSegment, sample: Sample): Promise<number[]> {
  const film = syntheticFilm(description, sample);
  for (const [index, node] of nodes.entries()) segment.setSource(index, ...film.all[node.frame]!.planes);
  await segment.analyse(createNetState().values, LAMBDA, { first: 0, count: nodes.length });
  const latents = await segment.latents(1);
  segment.release();
  const shape = fieldShape(description.width, description.height, description.chroma);
  const sums: number[] = [];
  for (const { kind, component, level, width, height, offset } of latentPlanes(shape, 1)) {
    if (kind !== 'motion' || component !== 0) continue;
    sums[level] = latents.slice(offset, offset + width * height).reduce((sum, q) => sum + Math.abs(q), 0);
  }
  return sums;
}

const native = (): TrainingSegment =>
  createNativeSegment(loadNativeTrainer(), description, { threads: 1, seed: 1, constants }).native;

async function tensorflow(): Promise<TrainingSegment> {
  await openEngine('tfjs');
  const host = { seed: 1, threads: 1, constants, native: undefined, check: () => undefined };
  return new TfjsSegment(description, nodes, host);
}

describe.runIf(canEncode())('the start of motion', () => {
  it('says a pan on the coarsest level', async () => {
    const sums = await displacementsOf(native(), pan);
    expect(sums).toHaveLength(5);
    expect(sums.at(-1)).toBeGreaterThan(0.8 * 4 * PAN_PX);
    const cells = 16 * 12;
    expect(sums[0]).toBeLessThan(cells);
  });

  it('spends next to nothing on what matches nothing', async () => {
    const [without, withNoise] = [
      await displacementsOf(native(), pan),
      await displacementsOf(native(), panBehindNoise),
    ];
    const total = (sums: readonly number[]): number => sums.reduce((sum, x) => sum + x, 0);
    expect(total(withNoise)).toBeLessThan(1.5 * total(without));
  });

  it('is the same with TensorFlow.js', async () => {
    const expected = await displacementsOf(native(), panBehindNoise);
    const found = await displacementsOf(await tensorflow(), panBehindNoise);
    expect(found).toEqual(expected);
  });
});

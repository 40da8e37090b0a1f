/** What residuals cost, and what follows for the start of training. */

import { describe, expect, it } from 'vitest';
import { BETA } from '../../runtime/field/constants.js';
import { fieldShape, latentPlanes } from '../../runtime/field/shape.js';
import { segmentStructure } from '../../runtime/field/structure.js';
import { createNativeSegment } from '../../trainers/native/nativeEngine.js';
import { loadNativeTrainer } from '../../trainers/native/trainerAddon.js';
import { createNetState } from '../../trainers/nets/netState.js';
import { lossWeights, TUNES } from '../../trainers/rateControl.js';
import { CellCosts, cellChoice, cellSpectrum, meanAlone } from '../../trainers/tfjs/residualCosts.js';
import { TRAINING_CONSTANTS } from '../../trainers/trainingConstants.js';
import { canEncode } from '../nativeEngine.js';
import { type Sample, syntheticFilm } from './syntheticFilm.js';

const grain =
  (seed: number) =>
  (x: number, y: number): number =>
    (Math.imul(x * 374761393 + y * 668265263 + seed * 97, 1274126177) >>> 8) % 200;

describe('costs of residuals', () => {
  const source = cellSpectrum(grain(1));
  const other = cellSpectrum(grain(2));

  it('come from a transform that keeps energy', () => {
    const energy = Array.from({ length: 64 }, (_, i) => grain(1)(i & 7, i >> 3) ** 2);
    const sum = (values: Iterable<number>): number => [...values].reduce((a, b) => a + b, 0);
    expect(sum(source.map((c) => c * c)) / sum(energy)).toBeCloseTo(1, 9);
    expect(source[0]! / 8).toBeCloseTo(
      sum(Array.from({ length: 64 }, (_, i) => grain(1)(i & 7, i >> 3))) / 64,
      9,
    );
  });

  it('are nothing for what is right, and for what is wrong no more than for its mean', () => {
    const costs = new CellCosts(source, [source, other, meanAlone(other)], 1, 50);
    expect(costs.cost([1, 0, 0])).toBeCloseTo(0, 3);
    expect(costs.cost([0, 1, 0])).toBeCloseTo(costs.cost([0, 0, 1]), 6);
    expect(costs.cost([0.5, 0.5, 0])).toBeGreaterThan(0);
  });

  it('choose what costs least, zero unless something is better', () => {
    expect(cellChoice((x) => (x - 2) ** 2, 4)).toEqual({ value: 2, weight: 1 });
    expect(cellChoice((x) => x ** 2 + 1, 2)).toEqual({ value: 0, weight: 1 });
  });
});

describe.runIf(canEncode())('the start of a node between two others', () => {
  it('believes the reference that has what it shows', async () => {
    const size = { width: 64, height: 32, frames: 3, anchorDistance: 2 };
    // What is on the left is on the first picture, what is on the right on the last.
    const wiped: Sample = (x, y, t, plane) =>
      plane === 0 ? 16 + grain(t === 0 || (t === 1 && x < 32) ? 1 : 2)(x, y) : 128;
    const chroma = '420' as const;
    const description = {
      ...{ ...size, chroma, baseExponent: 36, depthOffset: [-8, -4, 0, 4, 6] },
      lossWeights: lossWeights({ ...size, chroma }, TUNES.psnr),
    };
    const options = { threads: 2, seed: 3, constants: TRAINING_CONSTANTS.engine };
    const { native } = createNativeSegment(loadNativeTrainer(), description, options);
    const nodes = segmentStructure(size);
    const film = syntheticFilm(size, wiped);
    for (const [index, { frame }] of nodes.entries()) native.setSource(index, ...film.all[frame]!.planes);
    const nets = createNetState(TRAINING_CONSTANTS.nets);
    await native.analyse(nets.values, 100, { first: 0, count: nodes.length });
    const latents = await native.latents(2);
    const planes = latentPlanes(fieldShape(size.width, size.height, chroma), 2);
    const finest = planes.find(
      ({ kind, component, level }) => kind === 'motion' && component === BETA && level === 0,
    )!;
    const { width, height, offset } = finest;
    const sums = [0, 0];
    for (let i = 0; i < width * height; i++) sums[i % width < width / 2 ? 0 : 1]! += latents[offset + i]!;
    native.release();
    expect(sums[0]).toBeGreaterThan(0);
    expect(sums[1]).toBeLessThan(0);
  });
});

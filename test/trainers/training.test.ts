/** How training goes: a fixed trajectory, independence of threads, and a cost that falls. */

import { describe, expect, it } from 'vitest';
import { loadNativeTrainer } from '../../trainers/nativeAddon.js';
import { createNetState } from '../../trainers/netState.js';
import { stepActivity, stepOptions } from '../../trainers/schedule.js';
import { createSegment } from '../../trainers/segmentTrainer.js';
import { canEncode } from '../nativeEngine.js';
import { movingTexture, syntheticFilm } from './syntheticFilm.js';

const LAMBDA = 100;
const SIZE = { width: 64, height: 48, frames: 5 };

/** Loss of each of `steps` training steps, each on its own. */
async function trajectory(steps: number, options: { exact: boolean; threads: number }): Promise<number[]> {
  const film = syntheticFilm(SIZE, movingTexture);
  const description = {
    ...{ ...SIZE, chroma: '420' as const, anchorDistance: 4 },
    ...{ baseExponent: 36, depthOffset: [-8, -4, 0, 4, 6] },
  };
  const segment = createSegment(loadNativeTrainer(), description, { seed: 3, ...options });
  for (const [index, node] of segment.nodes.entries()) {
    segment.native.setSource(index, ...film.all[node.frame]!.planes);
  }
  const nets = createNetState();
  await segment.native.analyse(nets.values, LAMBDA);
  const plan = { lambda: LAMBDA, steps, netSteps: steps };
  const depths = segment.nodes.map((node) => node.depth);
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    const { values, firstMoment, secondMoment, rateScale, steps: count } = nets;
    const cost = await segment.native.train(
      ...([stepOptions(plan, step, 1), stepActivity(depths, 1, 1, Math.random), values] as const),
      ...([firstMoment, secondMoment, rateScale, count] as const),
    );
    losses.push((cost.distortion + LAMBDA * cost.bits) / (SIZE.width * SIZE.height * SIZE.frames));
  }
  return losses;
}

/** Loss of the first ten steps in double precision. It changes only when the field, its start or its training does. */
const GOLDEN = [
  61.73876, 63.12391, 51.18646, 46.38864, 40.65652, 37.70046, 36.34043, 35.60027, 35.24596, 35.06601,
];

describe.runIf(canEncode())('training', () => {
  it('follows the golden trajectory', async () => {
    const losses = await trajectory(10, { exact: true, threads: 1 });
    for (const [step, loss] of losses.entries()) expect(loss / GOLDEN[step]!).toBeCloseTo(1, 4);
  });

  it('does not depend on the number of threads beyond rounding', async () => {
    const one = await trajectory(5, { exact: true, threads: 1 });
    const three = await trajectory(5, { exact: true, threads: 3 });
    for (const [step, loss] of one.entries()) expect(three[step]! / loss).toBeCloseTo(1, 6);
  });

  it('lowers the cost', async () => {
    const losses = await trajectory(80, { exact: false, threads: 2 });
    expect(losses.at(-1)!).toBeLessThan(0.7 * losses[0]!);
  });
});

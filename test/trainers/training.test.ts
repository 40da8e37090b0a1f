/** How training goes: a fixed trajectory, independence of threads, and a cost that falls. */

import { describe, expect, it } from 'vitest';
import { NET_VALUE_COUNT, priorValues } from '../../runtime/field/tensors.js';
import { createNativeSegment } from '../../trainers/native/nativeEngine.js';
import { loadNativeTrainer } from '../../trainers/native/trainerAddon.js';
import { createNetState } from '../../trainers/nets/netState.js';
import { lossWeights, TUNES } from '../../trainers/rateControl.js';
import { agesTogether, stepActivity, stepOptions, type TrainingPlan } from '../../trainers/schedule.js';
import { canEncode } from '../nativeEngine.js';
import { grain, movingTexture, syntheticFilm } from './syntheticFilm.js';

const LAMBDA = 100;
const SIZE = { width: 64, height: 48, frames: 5 };
const LOSS_WEIGHTS = lossWeights({ ...SIZE, chroma: '420' }, TUNES.psnr);

/** Loss of each of `steps` training steps, each on its own, by a build of the trainer. */
async function trajectory(steps: number, threads: number, build?: 'exact'): Promise<number[]> {
  const film = syntheticFilm(SIZE, movingTexture);
  const description = {
    ...{ ...SIZE, chroma: '420' as const, anchorDistance: 4 },
    ...{ baseExponent: 36, depthOffset: [-8, -4, 0, 4, 6], lossWeights: LOSS_WEIGHTS },
  };
  const segment = createNativeSegment(loadNativeTrainer(build), description, { seed: 3, threads });
  for (const [index, node] of segment.nodes.entries()) {
    segment.native.setSource(index, ...film.all[node.frame]!.planes);
  }
  const nets = createNetState();
  await segment.native.analyse(nets.values, LAMBDA, { first: 0, count: segment.nodes.length });
  const plan = { lambda: LAMBDA, netLambda: 0, steps, netSteps: steps };
  const depths = segment.nodes.map((node) => node.depth);
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    const activity = stepActivity(depths, agesTogether(depths.length, step, 1), plan, 1, Math.random);
    const cost = await segment.native.train(stepOptions(plan, step, 1), activity, nets);
    losses.push((cost.distortion + LAMBDA * cost.bits) / (SIZE.width * SIZE.height * SIZE.frames));
  }
  return losses;
}

/** A still of fine grain after so many steps with their nets, whose bits cost `netLambda` squared codes. */
async function trainedStill(steps: number, netLambda: number) {
  const size = { width: 96, height: 64, frames: 1 };
  const [picture] = syntheticFilm(size, grain).all;
  const description = {
    ...{ ...size, chroma: '420' as const, anchorDistance: 1 },
    ...{ baseExponent: 36, depthOffset: [0, 0, 0, 0, 0], lossWeights: LOSS_WEIGHTS },
  };
  const { native } = createNativeSegment(loadNativeTrainer(), description, { threads: 2, seed: 3 });
  native.setSource(0, ...picture!.planes);
  const nets = createNetState();
  await native.analyse(nets.values, LAMBDA, { first: 0, count: 1 });
  const plan: TrainingPlan = { lambda: LAMBDA, netLambda, steps, netSteps: steps };
  const activity = stepActivity([0], agesTogether(1, 0, steps), plan, 1, Math.random);
  const cost = await native.train(stepOptions(plan, 0, steps), activity, nets);
  const [rounded] = await native.evaluate(nets.values, 1, 'all');
  return {
    nets,
    trained: cost.distortion + LAMBDA * cost.bits,
    rounded: rounded!.distortion + LAMBDA * rounded!.innovationBits,
  };
}

/** Loss of the first ten steps in double precision. It changes only when the field, its start or its training does. */
const GOLDEN = [
  25.37316, 24.74227, 23.83553, 22.85861, 22.20225, 21.66914, 21.38031, 21.09869, 21.02481, 21.18106,
];

describe.runIf(canEncode())('training', () => {
  it('follows the golden trajectory', async () => {
    const losses = await trajectory(10, 1, 'exact');
    for (const [step, loss] of losses.entries()) expect(loss / GOLDEN[step]!).toBeCloseTo(1, 4);
  });

  it('does not depend on the number of threads beyond rounding', async () => {
    const one = await trajectory(5, 1, 'exact');
    const three = await trajectory(5, 3, 'exact');
    for (const [step, loss] of one.entries()) expect(three[step]! / loss).toBeCloseTo(1, 6);
  });

  it('keeps the rounded latents as good as those in training, however long it takes', async () => {
    const { rounded, trained } = await trainedStill(800, LAMBDA);
    // 1.9 where the noise fades: latents then rest between two integers.
    expect(rounded / trained).toBeLessThan(1.25);
  });

  it('moves the nets as far from the prior as their bits are worth', async () => {
    const prior = priorValues();
    const near: number[] = [];
    for (const netLambda of [0, 3 * LAMBDA, 1e6 * LAMBDA]) {
      const { values } = (await trainedStill(200, netLambda)).nets;
      near.push(values.filter((value, i) => Math.abs(value - prior[i]!) < 0.01).length);
    }
    const [free = 0, paid = 0, dear = 0] = near;
    expect(paid).toBeGreaterThan(free + 20);
    expect(paid).toBeLessThan(NET_VALUE_COUNT - 20);
    expect(dear).toBe(NET_VALUE_COUNT);
  });

  it('refuses weights that do not fit its steps and nodes', () => {
    const description = {
      ...{ ...SIZE, chroma: '420' as const, anchorDistance: 4 },
      ...{ baseExponent: 36, depthOffset: [0, 0, 0, 0, 0], lossWeights: LOSS_WEIGHTS },
    };
    const { native } = createNativeSegment(loadNativeTrainer(), description, { threads: 1, seed: 3 });
    const nets = createNetState();
    const plan: TrainingPlan = { lambda: LAMBDA, netLambda: 0, steps: 2, netSteps: 2 };
    const depths = Array.from({ length: SIZE.frames }, () => 1);
    const [one, two] = [1, 2].map((steps) =>
      stepActivity(depths, agesTogether(SIZE.frames, 0, steps), plan, 1, Math.random),
    );
    const options = stepOptions(plan, 0, 2);
    expect(() => native.train(options, one!, nets)).toThrow(RangeError);
    expect(() => native.train(options, { ...two!, latents: one!.latents }, nets)).toThrow(RangeError);
    const none = { nodes: SIZE.frames, weights: new Uint8Array(0), latents: new Float64Array(0) };
    expect(() => native.train([], none, nets)).toThrow(RangeError);
    expect(() => native.bake(nets.values, [SIZE.frames])).toThrow(RangeError);
    const beyond = { first: 1, count: SIZE.frames };
    expect(() => native.prune(0.5, beyond)).toThrow(RangeError);
    expect(() => native.analyse(nets.values, LAMBDA, beyond)).toThrow(RangeError);
  });

  it('lowers the cost', async () => {
    const losses = await trajectory(80, 2);
    expect(losses.at(-1)!).toBeLessThan(0.7 * losses[0]!);
  });
});

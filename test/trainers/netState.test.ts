import { describe, expect, it } from 'vitest';
import { NET_TENSORS, priorValues } from '../../runtime/field/tensors.js';
import { createNetState, type NetState, updateNets } from '../../trainers/nets/netState.js';
import { TRAINING_CONSTANTS } from '../../trainers/trainingConstants.js';

const { values: prior } = createNetState();

/** A state after some steps, all values at this distance from the prior, all gradients of this size. */
function movedBy(distance: number, gradient: number) {
  const nets = createNetState();
  for (const index of nets.values.keys()) nets.values[index]! += distance;
  nets.secondMoment.fill(gradient ** 2);
  nets.steps[0] = 1000;
  return nets;
}

/** A step in which nothing but the bits of the nets counts, at `netLambda` squared codes each. */
function pull(nets: NetState, netLambda: number, netRate: number): void {
  const rates = { latentRate: 0, motionRate: 0, netRate, netLambda };
  const step = { lambda: 0, temperature: 0, noise: 0, ...rates };
  updateNets(nets, new Float64Array(nets.values.length), step, TRAINING_CONSTANTS.engine.netAdam);
}

describe('nets in training', () => {
  it('start at the prior and stay there when only their bits count', () => {
    const nets = movedBy(0, 1);
    for (let step = 0; step < 10; step++) pull(nets, 100, 0.02);
    expect([...nets.values]).toEqual([...priorValues()]);
  });

  it('fall back on the prior exactly, never past it, where their gradient is small', () => {
    for (const distance of [0.01, -0.01]) {
      const nets = movedBy(distance, 1);
      pull(nets, 100, 0.02);
      expect([...nets.values]).toEqual([...prior]);
    }
  });

  it('keep what pays for its bits, the more the further it is', () => {
    const near = movedBy(0.1, 1e5);
    const far = movedBy(1, 1e5);
    pull(near, 100, 0.02);
    pull(far, 100, 0.02);
    for (const { offset } of NET_TENSORS) {
      const lost = (distance: number, values: Float64Array) => distance - (values[offset]! - prior[offset]!);
      expect(lost(0.1, near.values)).toBeGreaterThan(lost(1, far.values));
      expect(lost(1, far.values)).toBeGreaterThan(0);
      expect(lost(0.1, near.values)).toBeLessThan(0.01);
    }
  });
});

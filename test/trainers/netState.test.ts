import { describe, expect, it } from 'vitest';
import { NET_TENSORS, priorValues } from '../../runtime/field/tensors.js';
import { createNetState, shrinkToPrior } from '../../trainers/netState.js';

const { values: prior } = createNetState();

/** A state after some steps, all values at this distance from the prior, all gradients of this size. */
function movedBy(distance: number, gradient: number) {
  const nets = createNetState();
  for (const index of nets.values.keys()) nets.values[index]! += distance;
  nets.secondMoment.fill(gradient ** 2);
  nets.steps[0] = 1000;
  return nets;
}

describe('nets in training', () => {
  it('start at the prior and stay there when only their bits count', () => {
    const nets = movedBy(0, 1);
    shrinkToPrior(nets, 100, 0.02, 10);
    expect([...nets.values]).toEqual([...priorValues()]);
  });

  it('fall back on the prior exactly, never past it, where their gradient is small', () => {
    for (const distance of [0.01, -0.01]) {
      const nets = movedBy(distance, 1);
      shrinkToPrior(nets, 100, 0.02, 1);
      expect([...nets.values]).toEqual([...prior]);
    }
  });

  it('keep what pays for its bits, the more the further it is', () => {
    const near = movedBy(0.1, 1e5);
    const far = movedBy(1, 1e5);
    shrinkToPrior(near, 100, 0.02, 1);
    shrinkToPrior(far, 100, 0.02, 1);
    for (const { offset } of NET_TENSORS) {
      const lost = (distance: number, values: Float64Array) => distance - (values[offset]! - prior[offset]!);
      expect(lost(0.1, near.values)).toBeGreaterThan(lost(1, far.values));
      expect(lost(1, far.values)).toBeGreaterThan(0);
      expect(lost(0.1, near.values)).toBeLessThan(0.01);
    }
  });
});

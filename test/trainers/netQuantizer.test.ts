import { describe, expect, it } from 'vitest';
import { countTensorBits } from '../../runtime/entropy/netCoder.js';
import { AT_PRIOR, netsFromQuantized } from '../../runtime/field/nets.js';
import { NET_TENSORS, NET_VALUE_COUNT, priorValues } from '../../runtime/field/tensors.js';
import { type FilmCost, NetQuantizer } from '../../trainers/nets/netQuantizer.js';
import { uniforms } from '../runtime/randomNumbers.js';

const LAMBDA = 2;
const prior = priorValues();

/** Cost with its least value at `best`; neighbouring values of a tensor hang together, so that rounding each alone misses it. */
function bowl(best: Float64Array, weight: number): FilmCost {
  return async (values, kind) => {
    let cost = 0;
    for (const tensor of NET_TENSORS) {
      if (tensor.kind !== kind) continue;
      let before = 0;
      for (let i = tensor.offset; i < tensor.offset + tensor.size; i++) {
        const error = values[i]! - best[i]!;
        cost += weight * (error + 0.9 * before) ** 2;
        before = error;
      }
    }
    return cost;
  };
}

async function total(quantizer: NetQuantizer, values: Float64Array, cost: FilmCost): Promise<number> {
  const bits = quantizer.tensors.reduce((sum, tensor) => sum + countTensorBits(tensor), 0);
  return (await cost(values, 'context')) + (await cost(values, 'synthesis')) + LAMBDA * bits;
}

describe('quantization of the nets', () => {
  it('leaves at the prior what pays for no bits', async () => {
    const values = Float64Array.from(prior, (value) => value + 0.01);
    const quantizer = new NetQuantizer(values, LAMBDA, bowl(values.slice(), 1));
    await quantizer.chooseSteps();
    expect(quantizer.tensors.map(({ k }) => k)).toEqual(NET_TENSORS.map(() => AT_PRIOR));
    expect([...values]).toEqual([...prior]);
  });

  it('measures the same values once', async () => {
    const values = Float64Array.from(prior, (value) => value + 0.01);
    const cost = bowl(values.slice(), 1);
    const measured: string[] = [];
    const quantizer = new NetQuantizer(values, LAMBDA, (tried, kind) => {
      measured.push(`${kind} ${tried.join()}`);
      return cost(tried, kind);
    });
    await quantizer.chooseSteps();
    expect(measured.length).toBeGreaterThan(NET_TENSORS.length);
    expect(new Set(measured).size).toBe(measured.length);
  });

  it('holds the values of the integers, and costs less with every pass', async () => {
    const random = uniforms(3);
    const values = Float64Array.from({ length: NET_VALUE_COUNT }, (_, i) => prior[i]! + random() - 0.5);
    const cost = bowl(values.slice(), 300);
    const quantizer = new NetQuantizer(values, LAMBDA, cost);
    await quantizer.chooseSteps();
    const chosen = await total(quantizer, values, cost);
    await quantizer.polish();
    const once = await total(quantizer, values, cost);
    await quantizer.polish();
    const twice = await total(quantizer, values, cost);
    expect(once).toBeLessThan(0.99 * chosen);
    expect(twice).toBeLessThanOrEqual(once);
    expect([...values]).toEqual([...netsFromQuantized(quantizer.tensors).values]);
  });
});

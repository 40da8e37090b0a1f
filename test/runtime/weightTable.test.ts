import { describe, expect, it } from 'vitest';
import { axisKernel } from '../../runtime/picture/raster.js';
import { tabulatedWeights } from '../../runtime/picture/weightTable.js';

describe('weights by table', () => {
  it.each([0.4, 1, 1 + 1e-9, 1.01, 1.7, 2, 3.31, 8.5, 31])(
    'are those of the definition, at %d source samples for an output',
    (scale) => {
      const weightOf = tabulatedWeights();
      for (const start of [0, -7.3, 11.25]) {
        const exact = axisKernel(600, 61, scale, start);
        const fast = axisKernel(600, 61, scale, start, weightOf);
        expect(fast.indexes).toEqual(exact.indexes);
        const worst = exact.weights.reduce((most, w, i) => Math.max(most, Math.abs(w - fast.weights[i]!)), 0);
        expect(worst).toBeLessThan(1e-5);
      }
    },
  );

  it('are right for each box, in whatever order boxes come', () => {
    const weightOf = tabulatedWeights();
    const scales = [2, 3, 2, 1, 3];
    const all = scales.map((scale) => axisKernel(90, 30, scale, 0.4, weightOf).weights);
    expect(all[0]).toEqual(all[2]);
    expect(all[1]).toEqual(all[4]);
    expect(all[0]).not.toEqual(all[1]);
  });
});

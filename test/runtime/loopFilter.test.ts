import { describe, expect, it } from 'vitest';
import { filterPlane, filterWeights } from '../../runtime/reference/loopFilter.js';

const WEIGHTS = { beside: 0, diagonal: 3, twoAway: 6 };

function weights(...set: readonly [at: number, weight: number][]): Float32Array {
  const all = new Float32Array(9);
  for (const [at, weight] of set) all[at] = weight;
  return all;
}

describe('the filter of a plane', () => {
  const point = { width: 5, height: 5, samples: new Float32Array(25) };
  point.samples[12] = 10;
  const at = (samples: Float32Array, x: number, y: number): number => samples[5 * y + x]!;

  it('changes nothing without weights, nor where all samples are equal', () => {
    expect(filterPlane(point, weights())).toBe(point);
    const flat = { ...point, samples: new Float32Array(25).fill(7) };
    expect(filterPlane(flat, new Float32Array(9).fill(0.1)).samples).toEqual(flat.samples);
  });

  it('moves samples by clipped differences to the neighbours of each ring', () => {
    const beside = filterPlane(point, weights([WEIGHTS.beside, 0.125])).samples;
    expect(at(beside, 2, 2)).toBe(10 - 4 * 0.125 * 4);
    expect(at(beside, 1, 2)).toBe(0.125 * 4);
    expect(at(beside, 1, 1)).toBe(0);
    const diagonal = filterPlane(point, weights([WEIGHTS.diagonal + 1, 0.125])).samples;
    expect(at(diagonal, 2, 2)).toBe(10 - 4 * 0.125 * 10);
    expect(at(diagonal, 1, 1)).toBe(0.125 * 10);
    const twoAway = filterPlane(point, weights([WEIGHTS.twoAway, 0.125])).samples;
    expect(at(twoAway, 0, 2)).toBe(0.125 * 4);
    expect(at(twoAway, 1, 2)).toBe(0);
  });

  it('leaves out neighbours outside of the plane', () => {
    const corner = { ...point, samples: new Float32Array(25) };
    corner.samples[0] = 2;
    const { samples } = filterPlane(corner, weights([WEIGHTS.beside, 0.125], [WEIGHTS.diagonal, 0.25]));
    expect(at(samples, 0, 0)).toBe(2 - 2 * 0.125 * 2 - 0.25 * 2);
  });

  it('has weights of each depth in luma and of each chroma plane', () => {
    const filters = Float32Array.from({ length: 63 }, (_, i) => i);
    expect(filterWeights(filters, 0, 0)[0]).toBe(0);
    expect(filterWeights(filters, 9, 0)[0]).toBe(36);
    expect(filterWeights(filters, 9, 1)[0]).toBe(45);
    expect(filterWeights(filters, 0, 2)[0]).toBe(54);
  });
});

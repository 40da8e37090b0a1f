import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CUBIC_LIMIT_BEFORE, CUBIC_LIMIT_BEHIND, SPLINE_POLYNOMIALS } from '../../runtime/field/constants.js';
import { constantsHeader } from '../../runtime/native/constantsHeader.js';
import { splineWeights } from '../../runtime/reference/motion.js';
import { CubicSampler, createPlane } from '../../runtime/reference/plane.js';

describe('the numbers of the definition', () => {
  it('are those of the C++ header; npm run generate writes it', () => {
    const path = new URL('../../runtime/native/fieldConstants.h', import.meta.url);
    expect(readFileSync(path, 'utf8')).toBe(constantsHeader());
  });

  it('make a quadratic B-spline: weights add up to 1 and join without a seam', () => {
    for (const f of [-0.5, -0.3, 0, 0.25, 0.5]) {
      const weights = splineWeights(f);
      expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12);
      expect(weights[0]).toBeCloseTo(0.5 * (0.5 - f) ** 2, 12);
      expect(weights[2]).toBeCloseTo(0.5 * (0.5 + f) ** 2, 12);
    }
    const [before, , behind] = SPLINE_POLYNOMIALS;
    expect(before!.map((coefficient, power) => coefficient * (-1) ** power)).toEqual(behind);
  });

  it('limit places where all taps of a plane lie on its end', () => {
    const plane = { ...createPlane(5, 1), samples: Float32Array.of(7, -3, 2, 90, -41) };
    const sampler = new CubicSampler();
    for (const far of [0, 1, 1000]) {
      expect(sampler.at(plane, -CUBIC_LIMIT_BEFORE - far, 0)).toBeCloseTo(7, 5);
      expect(sampler.at(plane, 4 + CUBIC_LIMIT_BEHIND + far, 0)).toBeCloseTo(-41, 5);
    }
    expect(sampler.at(plane, -0.5, 0)).not.toBeCloseTo(7, 1);
  });
});

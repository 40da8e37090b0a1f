import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CUBIC_LIMIT_BEFORE, CUBIC_LIMIT_BEHIND } from '../../runtime/field/constants.js';
import { constantsHeader } from '../../runtime/native/constantsHeader.js';
import { createPlane } from '../../runtime/picture/floatPlane.js';
import { CubicSampler } from '../../runtime/reference/plane.js';

describe('the numbers of the definition', () => {
  it('are those of the C++ header; npm run generate writes it', () => {
    const path = new URL('../../runtime/native/fieldConstants.h', import.meta.url);
    expect(readFileSync(path, 'utf8')).toBe(constantsHeader());
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

/** The steps of a segment: a decoder comes to those that it was trained with. */

import { describe, expect, it } from 'vitest';
import { netsFromQuantized, priorTensors } from '../../runtime/field/nets.js';
import { innovationStep, refinedOffsets } from '../../runtime/field/steps.js';
import { DEPTH_OFFSET, lambdaOfCrf, segmentSteps, usualRefinement } from '../../trainers/rateControl.js';

const nets = netsFromQuantized(priorTensors());
const LAMBDA = lambdaOfCrf(27);

describe('steps of a segment', () => {
  it.each([1, 2, 33, 34, 48, 66, 256])('are the same in training and in the file, %d frames', (frames) => {
    const { baseExponent, depthOffset, head } = segmentSteps(LAMBDA, frames, usualRefinement(frames));
    const decoded = {
      nets,
      baseExponent: head.baseExponent,
      depthOffset: refinedOffsets(DEPTH_OFFSET, head.refinement),
    };
    const depths = frames > 1 ? [0, 1, 2, 3, 4, 5] : [0];
    for (const depth of depths) {
      const trained = innovationStep({ nets, baseExponent, depthOffset }, depth, 0, 0);
      expect(innovationStep(decoded, depth, 0, 0)).toBe(trained);
    }
  });

  it('are coarser for a lone frame, finer at first for a long segment', () => {
    const first = (frames: number): number => {
      const { baseExponent, depthOffset } = segmentSteps(LAMBDA, frames, usualRefinement(frames));
      return innovationStep({ nets, baseExponent, depthOffset }, 0, 0, 0);
    };
    expect(first(1)).toBeGreaterThan(first(2));
    expect(first(33)).toBe(first(2));
    expect(first(66)).toBeLessThan(first(33));
    expect(first(256)).toBe(first(66));
  });
});

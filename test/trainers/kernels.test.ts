/** Every kernel of the trainer against the plain definition of the field, on random input. */

import { describe, expect, it } from 'vitest';
import { createNativeSegment } from '../../trainers/native/nativeEngine.js';
import { loadNativeTrainer } from '../../trainers/native/trainerAddon.js';
import { builtInstructionSets } from '../nativeEngine.js';

/** Single precision along a random direction, whose terms may nearly cancel; a wrong kernel is off by parts of one. */
const LARGEST_ERROR = 1e-3;

describe.each(builtInstructionSets('trainers'))('kernels, %s', (instructionSet) => {
  it('agree with the plain definition', () => {
    const seed = Date.now() % 2 ** 31;
    const kernels = loadNativeTrainer(instructionSet).benchKernels(seed, 0);
    expect(kernels.length).toBeGreaterThan(12);
    for (const { name, error, operations, seconds } of kernels) {
      expect(error, `${name}, seed ${seed}`).toBeLessThan(LARGEST_ERROR);
      expect(error, name).toBeGreaterThanOrEqual(0);
      expect(operations, name).toBeGreaterThan(0);
      expect(seconds, name).toBeGreaterThan(0);
    }
  });

  it('measures a peak', () => {
    const trainer = loadNativeTrainer(instructionSet);
    expect(trainer.peakOperations(0.01)).toBeGreaterThan(1e8);
  });

  it('frees a segment, and says so if it is used again', () => {
    const { native } = createNativeSegment(
      loadNativeTrainer(instructionSet),
      {
        ...{ width: 32, height: 32, chroma: '420', frames: 2, anchorDistance: 1 },
        ...{ baseExponent: 32, depthOffset: [0, 0, 0, 0, 0], lossWeights: [1, 1, 1] },
      },
      { threads: 1, seed: 1 },
    );
    expect(native.takePartTimes().every((part) => part.operations === 0)).toBe(true);
    native.release();
    expect(() => native.latents(0)).toThrow('released');
  });
});

/** The enlarger of a film: what it adds, where, and how it is coded. */

import { describe, expect, it } from 'vitest';
import { readEnlarger, writeEnlarger } from '../../runtime/entropy/netCoder.js';
import {
  ENLARGER_TENSORS,
  ENLARGER_VALUE_COUNT,
  type Enlarger,
  enlargerFromValues,
  enlargerValues,
} from '../../runtime/field/enlarger.js';
import type { QuantizedTensor } from '../../runtime/field/nets.js';
import { samplingKernels, splineAxis } from '../../runtime/field/samplingKernels.js';
import { fieldShape } from '../../runtime/field/shape.js';
import { createPlane, type FloatPlane } from '../../runtime/picture/floatPlane.js';
import { learntDetail } from '../../runtime/reference/enlarger.js';
import { LOUD_ENLARGER } from './loudEnlarger.js';
import { uniforms } from './randomNumbers.js';

const SHAPE = fieldShape(40, 32, '420');
const WHOLE = { x: 0, y: 0, width: 40, height: 32 };

function plane(sample: (x: number, y: number) => number): FloatPlane {
  const out = createPlane(SHAPE.width, SHAPE.height);
  for (let i = 0; i < out.samples.length; i++)
    out.samples[i] = sample(i % SHAPE.width, Math.floor(i / SHAPE.width));
  return out;
}

const random = uniforms(3);
const busy = plane(() => 200 * random() - 100);

/** What is added at some size. */
function detail(luma: FloatPlane, enlarger: Enlarger, width: number, height: number): FloatPlane {
  return learntDetail(luma, samplingKernels(SHAPE, WHOLE, width, height, enlarger).enlargement!);
}

function enlargerWith(name: string, values: (index: number) => number): Enlarger {
  const all = new Float64Array(ENLARGER_VALUE_COUNT);
  const { offset, size } = ENLARGER_TENSORS.find((tensor) => tensor.name === name)!;
  for (let i = 0; i < size; i++) all[offset + i] = values(i);
  return enlargerFromValues(all);
}

describe('what an enlarger adds', () => {
  it('is nothing at native size, where a picture shrinks on an axis, and without kernels', () => {
    const kernels = (width: number, height: number) =>
      samplingKernels(SHAPE, WHOLE, width, height, LOUD_ENLARGER);
    expect(kernels(40, 32).enlargement).toBeUndefined();
    expect(kernels(80, 31).enlargement).toBeUndefined();
    expect(kernels(41, 32).enlargement?.strength).toBeGreaterThan(0);
    const mute = enlargerWith('hidden.w', () => 1);
    expect(new Set(detail(busy, mute, 80, 64).samples)).toEqual(new Set([0]));
  });

  it('grows from nothing with the size, to 1 at twice and 4/3 in the end', () => {
    const strength = (width: number, height: number) =>
      samplingKernels(SHAPE, WHOLE, width, height, LOUD_ENLARGER).enlargement!.strength;
    expect(strength(80, 64)).toBe(1);
    expect(strength(41, 32)).toBeCloseTo((4 / 3) * (1 - 40 / 41));
    expect(strength(8000, 6400)).toBeCloseTo(4 / 3, 3);
  });

  it('does not depend on how light the picture is', () => {
    const lighter = { ...busy, samples: busy.samples.map((sample) => sample + 20) };
    const [a, b] = [busy, lighter].map((luma) => detail(luma, LOUD_ENLARGER, 80, 64).samples);
    expect(Math.max(...a!.map(Math.abs))).toBeGreaterThan(20);
    expect(Math.max(...a!.map((value, i) => Math.abs(value - b![i]!)))).toBeLessThan(1e-3);
  });

  it('stays away from the border', () => {
    const { width, height, samples } = detail(busy, LOUD_ENLARGER, 80, 64);
    for (let y = 0, i = 0; y < height; y++) {
      for (let x = 0; x < width; x++, i++) {
        if (Math.min(x, y, width - 1 - x, height - 1 - y) < 4) expect(samples[i]).toBeCloseTo(0, 10);
      }
    }
  });

  it('is a crop of what it is in the whole', () => {
    const whole = detail(busy, LOUD_ENLARGER, 80, 64);
    const crop = { x: 10, y: 6, width: 20, height: 16 };
    const { enlargement } = samplingKernels(SHAPE, crop, 40, 32, LOUD_ENLARGER);
    const part = learntDetail(busy, enlargement!);
    for (let i = 0; i < part.samples.length; i++) {
      const at = (Math.floor(i / 40) + 12) * 80 + (i % 40) + 20;
      expect(part.samples[i]).toBeCloseTo(whole.samples[at]!, 3);
    }
  });

  it('reads features by splines: the middle one alone blurs what is linear', () => {
    const centre = 12;
    const net = enlargerWith('linear', (i) => (i === centre ? 1 : 0));
    const values = Float64Array.from(net.values);
    const kernels = ENLARGER_TENSORS.find(({ name }) => name === 'kernels')!;
    values[kernels.offset + 8 * 25 + centre] = 1;
    const dot = plane((x, y) => (x === 20 && y === 16 ? 100 : 0));
    const added = detail(dot, enlargerFromValues(values), 80, 64);
    // Outputs a quarter of a sample off: B(1/2) = 23/48 of the dot, 1/48 of what is beside it, on both axes.
    const expected = 96 * (23 / 48) ** 2 - 4 * (2 * (23 / 48) * (1 / 48) + (1 / 48) ** 2);
    expect(added.samples[33 * 80 + 41]).toBeCloseTo(expected, 3);
    expect(added.samples[32 * 80 + 40]).toBeCloseTo(expected, 3);
  });
});

describe('splines on an axis', () => {
  it('weigh two samples each; those a whole sample apart are one kernel on two places', () => {
    const { taps, weights, indexes } = splineAxis(40, 93, 40 / 93, 0);
    expect(taps).toBe(10);
    for (let u = 30; u < 60; u++) {
      const spline = (j: number) => [0, 1].map((tap) => weights[u * taps + 2 * j + tap]!);
      const first = (j: number) => indexes[u * taps + 2 * j]!;
      for (const j of [0, 1, 2, 3, 4]) expect(indexes[u * taps + 2 * j + 1]).toBe(first(j) + 1);
      for (const j of [0, 1, 2]) {
        expect(first(j) - first(j + 2)).toBe(1);
        for (const tap of [0, 1]) expect(spline(j)[tap]).toBeCloseTo(spline(j + 2)[tap]!, 12);
      }
      // Together they are a spline with knots at every half sample: 1 everywhere.
      expect([...spline(0), ...spline(1)].reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12);
    }
  });
});

describe('the bytes of an enlarger', () => {
  const tensors: QuantizedTensor[] = ENLARGER_TENSORS.map(({ size }, index) => ({
    k: index + 3,
    q: Int32Array.from({ length: size }, (_, i) => ((i * 7919 + index) % 41) - 20),
  }));

  it('give back every value', () => {
    const bytes = writeEnlarger(tensors);
    expect(bytes.length).toBeLessThan(1000);
    expect(readEnlarger(bytes).values).toEqual(Float32Array.from(enlargerValues(tensors)));
  });

  it('give an enlarger or are refused, whatever they are', () => {
    const random = uniforms(8);
    for (let i = 0; i < 200; i++) {
      const bytes = Uint8Array.from({ length: 1 + Math.floor(40 * random()) }, () => 256 * random());
      try {
        expect(readEnlarger(bytes).values.every(Number.isFinite)).toBe(true);
      } catch (error) {
        expect(error).toMatchObject({ code: expect.stringMatching(/^(NETS_INVALID|LATENT_RANGE)$/) });
      }
    }
  });
});

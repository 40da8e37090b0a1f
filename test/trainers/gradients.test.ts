/** The native engine's gradients against finite differences, in double precision. */

import { describe, expect, it } from 'vitest';
import { NET_TENSORS, NET_VALUE_COUNT } from '../../runtime/field/tensors.js';
import { type BuiltSegment, createNativeSegment } from '../../trainers/native/nativeEngine.js';
import { loadNativeTrainer } from '../../trainers/native/trainerAddon.js';
import { builtInstructionSets, canEncode } from '../nativeEngine.js';
import { busySegment, LAMBDA, SIZES, STEP } from './busySegment.js';

function loss(
  { native }: BuiltSegment,
  nets: Float64Array,
  gradient = new Float64Array(NET_VALUE_COUNT),
): number {
  const cost = native.gradient(nets, STEP, gradient);
  return cost.distortion + LAMBDA * cost.bits;
}

/** Difference of an analytic derivative to the numeric one, relative to the larger (or to 1). */
function relativeError(analytic: number, numeric: number): number {
  return Math.abs(analytic - numeric) / Math.max(1, Math.abs(analytic), Math.abs(numeric));
}

/** The kinks of ReLU, |.| and clipping spoil single differences: most must be exact, none far off. */
function expectGradients(errors: readonly number[]): void {
  const sorted = [...errors].sort((a, b) => a - b);
  expect(sorted[Math.floor(sorted.length * 0.9)]).toBeLessThan(1e-4);
  expect(sorted[sorted.length - 1]).toBeLessThan(1e-2);
}

describe.runIf(canEncode()).each(['420', '444'] as const)('gradients, chroma %s', (chroma) => {
  it.each(SIZES)('of every net tensor, $width x $height', (size) => {
    const { segment, nets, random } = busySegment(size, chroma);
    const gradient = new Float64Array(NET_VALUE_COUNT);
    loss(segment, nets, gradient);
    const errors = NET_TENSORS.flatMap((tensor) =>
      [0, 1].map(() => {
        const at = tensor.offset + Math.floor(random() * tensor.size);
        const centre = nets[at]!;
        const at2 = (value: number): number => {
          nets[at] = value;
          return loss(segment, nets);
        };
        const numeric = (at2(centre + 1e-6) - at2(centre - 1e-6)) / 2e-6;
        nets[at] = centre;
        return relativeError(gradient[at]!, numeric);
      }),
    );
    expectGradients(errors);
    expect(gradient.some((g) => Math.abs(g) > 1)).toBe(true);
  });

  it.each(SIZES)('of latents in every plane, $width x $height', (size) => {
    const { segment, latents, nets, random } = busySegment(size, chroma);
    loss(segment, nets);
    const analytic = latents.map((_, index) => segment.native.latentGradient(index));
    const errors: number[] = [];
    for (const [node, { planes, values }] of latents.entries()) {
      for (const plane of planes) {
        const at = plane.offset + Math.floor(random() * plane.width * plane.height);
        const centre = values[at]!;
        const lossAt = (value: number): number => {
          values[at] = value;
          segment.native.setContinuousLatents(node, values);
          return loss(segment, nets);
        };
        const numeric = (lossAt(centre + 1e-6) - lossAt(centre - 1e-6)) / 2e-6;
        lossAt(centre);
        errors.push(relativeError(analytic[node]![at]!, numeric));
      }
    }
    expectGradients(errors);
  });
});

describe.runIf(canEncode())('single precision', () => {
  it.each(builtInstructionSets('trainers'))('%s agrees with double precision', (instructionSet) => {
    const { segment, film, weights, latents, nets } = busySegment(SIZES[0]!, '420');
    const exact = new Float64Array(NET_VALUE_COUNT);
    const exactLoss = loss(segment, nets, exact);
    const single = createNativeSegment(loadNativeTrainer(instructionSet), segment.description, {
      threads: 2,
      seed: 1,
    });
    for (const [index, node] of single.nodes.entries()) {
      single.native.setSource(index, ...film.all[node.frame]!.planes, weights[node.frame]);
      single.native.setContinuousLatents(index, latents[index]!.values);
    }
    const gradient = new Float64Array(NET_VALUE_COUNT);
    expect(relativeError(loss(single, nets, gradient), exactLoss)).toBeLessThan(1e-5);
    const scale = Math.max(...exact.map(Math.abs));
    for (let i = 0; i < gradient.length; i++) {
      expect(Math.abs(gradient[i]! - exact[i]!)).toBeLessThan(1e-3 * Math.abs(exact[i]!) + 1e-5 * scale);
    }
  });
});

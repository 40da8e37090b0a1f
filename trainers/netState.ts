/** The nets in training: values and optimizer state, shared by all segments of a film. */

import {
  isGain,
  NET_TENSORS,
  NET_VALUE_COUNT,
  type NetTensor,
  priorValues,
} from '../runtime/field/tensors.js';

/** Learning rates of the nets relative to each other. */
const CONTEXT_RATE = 1;
const SYNTHESIS_RATE = 0.3;
const GAIN_RATE = 1;

export interface NetState {
  /** All in the order of NET_TENSORS. */
  readonly values: Float64Array;
  readonly firstMoment: Float64Array;
  readonly secondMoment: Float64Array;
  readonly rateScale: Float64Array;
  /** One number: steps taken. */
  readonly steps: Float64Array;
}

/** The nets at the prior. */
export function createNetState(): NetState {
  const rateScale = new Float64Array(NET_VALUE_COUNT);
  for (const tensor of NET_TENSORS)
    rateScale.fill(rateOf(tensor), tensor.offset, tensor.offset + tensor.size);
  return {
    values: Float64Array.from(priorValues()),
    firstMoment: new Float64Array(NET_VALUE_COUNT),
    secondMoment: new Float64Array(NET_VALUE_COUNT),
    rateScale,
    steps: new Float64Array(1),
  };
}

/** The same state in arrays of its own. */
export function copyOf(nets: NetState): NetState {
  const { values, firstMoment, secondMoment, rateScale, steps } = nets;
  return {
    values: values.slice(),
    firstMoment: firstMoment.slice(),
    secondMoment: secondMoment.slice(),
    rateScale: rateScale.slice(),
    steps: steps.slice(),
  };
}

function rateOf(tensor: NetTensor): number {
  if (isGain(tensor)) return GAIN_RATE;
  return tensor.kind === 'context' ? CONTEXT_RATE : SYNTHESIS_RATE;
}

/** Distance from the prior at which a value costs its first bit. */
const FIRST_BIT = { context: 2 ** -5, synthesis: 2 ** -6 } as const;
/** Decay of the second moment in the engine. */
const SECOND_DECAY = 0.99;

/**
 * Moves the values towards the prior by what their distance costs in the file, about log2(1 + |distance| / FIRST_BIT)
 * bits each: the proximal half of `count` steps of Adam (the engine takes the other one), which leaves at the prior what
 * does not pay for its bits.
 *
 * @param lambda squared codes per bit in the loss of one step
 * @param rate rate of learning of these steps
 */
export function shrinkToPrior(nets: NetState, lambda: number, rate: number, count: number): void {
  const { values, secondMoment, rateScale, steps } = nets;
  const correction = 1 / (1 - SECOND_DECAY ** steps[0]!);
  const prior = priorValues();
  for (const tensor of NET_TENSORS) {
    for (let i = tensor.offset; i < tensor.offset + tensor.size; i++) {
      const distance = values[i]! - prior[i]!;
      const slope = lambda / (Math.LN2 * (FIRST_BIT[tensor.kind] + Math.abs(distance)));
      const gradientSize = Math.sqrt(correction * secondMoment[i]!) + 1e-12;
      const step = (count * rate * rateScale[i]! * slope) / gradientSize;
      values[i] = prior[i]! + Math.sign(distance) * Math.max(0, Math.abs(distance) - step);
    }
  }
}

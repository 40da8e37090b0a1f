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
/** Distance from the prior at which a value costs its first bit. */
const FIRST_BIT = { context: 2 ** -5, synthesis: 2 ** -6 } as const;

export interface NetState {
  /** All in the order of NET_TENSORS. */
  readonly values: Float64Array;
  readonly firstMoment: Float64Array;
  readonly secondMoment: Float64Array;
  readonly rateScale: Float64Array;
  readonly prior: Float64Array;
  /** Distance from the prior at which a value costs its first bit; farther away it costs log2(1 + distance / firstBit). */
  readonly firstBit: Float64Array;
  /** One number: steps taken. */
  readonly steps: Float64Array;
}

/** The nets at the prior. */
export function createNetState(): NetState {
  const rateScale = new Float64Array(NET_VALUE_COUNT);
  const firstBit = new Float64Array(NET_VALUE_COUNT);
  for (const tensor of NET_TENSORS) {
    rateScale.fill(rateOf(tensor), tensor.offset, tensor.offset + tensor.size);
    firstBit.fill(FIRST_BIT[tensor.kind], tensor.offset, tensor.offset + tensor.size);
  }
  const prior = Float64Array.from(priorValues());
  return {
    values: prior.slice(),
    firstMoment: new Float64Array(NET_VALUE_COUNT),
    secondMoment: new Float64Array(NET_VALUE_COUNT),
    rateScale,
    prior,
    firstBit,
    steps: new Float64Array(1),
  };
}

/** The same state, trained apart. */
export function copyOf(nets: NetState): NetState {
  return {
    ...nets,
    values: nets.values.slice(),
    firstMoment: nets.firstMoment.slice(),
    secondMoment: nets.secondMoment.slice(),
    steps: nets.steps.slice(),
  };
}

function rateOf(tensor: NetTensor): number {
  if (isGain(tensor)) return GAIN_RATE;
  return tensor.kind === 'context' ? CONTEXT_RATE : SYNTHESIS_RATE;
}

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

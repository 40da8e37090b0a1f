/** The nets in training: values and optimizer state, shared by all segments of a film. */

import {
  isGain,
  NET_TENSORS,
  NET_VALUE_COUNT,
  type NetTensor,
  priorValues,
} from '../../runtime/field/tensors.js';
import type { StepOptions } from '../schedule.js';

/** Learning rates of the nets relative to each other. */
const CONTEXT_RATE = 1;
const SYNTHESIS_RATE = 0.3;
const GAIN_RATE = 1;
/** Decays of the moments. */
const FIRST_DECAY = 0.9;
const SECOND_DECAY = 0.99;
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

/**
 * One step of Adam (Kingma and Ba, 2015), then its proximal half for the bits of the nets; the native engine's twin.
 *
 * @param gradient by all values
 */
export function updateNets(nets: NetState, gradient: Float64Array, options: StepOptions): void {
  const { values, firstMoment, secondMoment, rateScale, prior, firstBit, steps } = nets;
  const count = ++steps[0]!;
  const correct1 = 1 / (1 - FIRST_DECAY ** count);
  const correct2 = 1 / (1 - SECOND_DECAY ** count);
  for (const [i, g] of gradient.entries()) {
    const m = FIRST_DECAY * firstMoment[i]! + (1 - FIRST_DECAY) * g;
    const v = SECOND_DECAY * secondMoment[i]! + (1 - SECOND_DECAY) * g * g;
    firstMoment[i] = m;
    secondMoment[i] = v;
    const rate = (options.netRate * rateScale[i]!) / (Math.sqrt(correct2 * v) + 1e-12);
    const distance = values[i]! - rate * correct1 * m - prior[i]!;
    const pull = (rate * options.netLambda * Math.LOG2E) / (firstBit[i]! + Math.abs(distance));
    values[i] = prior[i]! + Math.sign(distance) * Math.max(0, Math.abs(distance) - pull);
  }
}

function rateOf(tensor: NetTensor): number {
  if (isGain(tensor)) return GAIN_RATE;
  return tensor.kind === 'context' ? CONTEXT_RATE : SYNTHESIS_RATE;
}

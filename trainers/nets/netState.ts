/** The nets in training: values and optimizer state, shared by all segments of a film. */

import {
  isGain,
  NET_TENSORS,
  NET_VALUE_COUNT,
  type NetTensor,
  priorValues,
} from '../../runtime/field/tensors.js';
import { type AdamConstants, type NetConstants, TRAINING_CONSTANTS } from '../trainingConstants.js';
import type { StepOptions } from '../trainingStep.js';

export interface NetState {
  /** All in the order of NET_TENSORS. */
  readonly values: Float64Array;
  readonly firstMoment: Float64Array;
  readonly secondMoment: Float64Array;
  readonly rateScale: Float64Array;
  /** What the nets are coded against. */
  readonly prior: Float64Array;
  /** Distance from the prior at which a value costs its first bit; farther away it costs log2(1 + distance / firstBit). */
  readonly firstBit: Float64Array;
  /** One number: steps taken. */
  readonly steps: Float64Array;
}

/** The nets as they begin, at the prior. */
export function createNetState(constants = TRAINING_CONSTANTS.nets): NetState {
  const prior = Float64Array.from(priorValues());
  const rateScale = new Float64Array(NET_VALUE_COUNT);
  const firstBit = new Float64Array(NET_VALUE_COUNT);
  for (const tensor of NET_TENSORS) {
    rateScale.fill(rateOf(tensor, constants), tensor.offset, tensor.offset + tensor.size);
    const bit = tensor.kind === 'context' ? constants.contextFirstBit : constants.synthesisFirstBit;
    firstBit.fill(bit, tensor.offset, tensor.offset + tensor.size);
  }
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
export function updateNets(
  nets: NetState,
  gradient: Float64Array,
  options: StepOptions,
  { gradientShare, squareShare, epsilon }: AdamConstants,
): void {
  const { values, firstMoment, secondMoment, rateScale, prior, firstBit, steps } = nets;
  const count = ++steps[0]!;
  const [decay1, decay2] = [1 - gradientShare, 1 - squareShare];
  const correct1 = 1 / (1 - decay1 ** count);
  const correct2 = 1 / (1 - decay2 ** count);
  for (const [i, g] of gradient.entries()) {
    const m = decay1 * firstMoment[i]! + gradientShare * g;
    const v = decay2 * secondMoment[i]! + squareShare * g * g;
    firstMoment[i] = m;
    secondMoment[i] = v;
    const rate = (options.netRate * rateScale[i]!) / (Math.sqrt(correct2 * v) + epsilon);
    const distance = values[i]! - rate * correct1 * m - prior[i]!;
    const pull = (rate * options.netLambda * Math.LOG2E) / (firstBit[i]! + Math.abs(distance));
    values[i] = prior[i]! + Math.sign(distance) * Math.max(0, Math.abs(distance) - pull);
  }
}

function rateOf(tensor: NetTensor, { contextRate, synthesisRate, gainRate }: NetConstants): number {
  if (isGain(tensor)) return gainRate;
  return tensor.kind === 'context' ? contextRate : synthesisRate;
}

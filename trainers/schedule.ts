/** Hyperparameters of every training step, as plain data for the engine. */

import { TRAINING_CONSTANTS } from './trainingConstants.js';
import type { StepActivity, StepOptions } from './trainingStep.js';

/** Where in the training a step is. */
export interface TrainingPlan {
  /** Squared codes per bit of latents, and per bit of the nets in the loss of one segment. */
  readonly lambda: number;
  readonly netLambda: number;
  /** Steps in all. */
  readonly steps: number;
  /** The nets learn in the steps before this one. */
  readonly netSteps: number;
}

/**
 * Which nodes `count` steps visit. Nodes deeper than the anchors are visited by chance, and weigh the more for it.
 *
 * @param visits chance of a visit, 1 over a whole number
 */
export function stepActivity(
  depths: readonly number[],
  visits: number,
  count: number,
  random: () => number,
): StepActivity {
  const weight = Math.round(1 / visits);
  const weights = new Uint8Array(count * depths.length).fill(1);
  for (let i = 0; i < weights.length; i++) {
    if (depths[i % depths.length]! > 1) weights[i] = random() * weight < 1 ? weight : 0;
  }
  return { nodes: depths.length, weights };
}

/** Numbers in [0, 1) from a seed: the generator of Numerical Recipes, top bits. */
export function randomSequence(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Options of the steps `first` to `first + count - 1`. */
export function stepOptions(
  plan: TrainingPlan,
  first: number,
  count: number,
  constants = TRAINING_CONSTANTS.schedule,
): StepOptions[] {
  const { latentRate, motionRate, netRate, lastRate, pulls } = constants;
  const { firstTemperature, lastTemperature, firstNoise, lastNoise } = constants;
  return Array.from({ length: count }, (_, i) => {
    const step = first + i;
    const x = step / plan.steps;
    const rate = cosine(x, lastRate);
    return {
      lambda: plan.lambda,
      temperature: firstTemperature + (lastTemperature - firstTemperature) * x,
      noise: firstNoise + (lastNoise - firstNoise) * x,
      latentRate: latentRate * rate,
      motionRate: motionRate * rate,
      netRate: step < plan.netSteps ? netRate * cosine(step / plan.netSteps, lastRate) : 0,
      netLambda: plan.netLambda * pullWeight(plan, step, pulls),
    };
  });
}

/** Steps whose pull is taken in this one. */
function pullWeight({ netSteps }: TrainingPlan, step: number, pulls: number): number {
  const period = Math.ceil(netSteps / pulls);
  return step % period === period - 1 ? period : 0;
}

function cosine(x: number, last: number): number {
  return Math.max(last, 0.5 * (1 + Math.cos(Math.PI * x)));
}

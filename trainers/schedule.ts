/** Hyperparameters of every training step, as plain data for the engine. */

import { TRAINING_CONSTANTS } from './trainingConstants.js';
import { LATENT_OPTIONS, type LatentOptions, type StepActivity, type StepOptions } from './trainingStep.js';

/** How much a segment is trained. */
export interface TrainingPlan {
  /** Squared codes per bit of latents, and per bit of the nets in the loss of one segment. */
  readonly lambda: number;
  readonly netLambda: number;
  /** Steps that every node takes part in. */
  readonly steps: number;
  /** The nets learn in the steps before this one. */
  readonly netSteps: number;
}

/** A node that is not in training. */
export const AT_REST = -1;

/**
 * Which nodes some steps visit, and how. Nodes deeper than the anchors are visited by chance, and weigh the more for it.
 *
 * @param depths of the nodes
 * @param ages steps that each node has behind it, or AT_REST, shape (steps, nodes)
 * @param visits chance of a visit, 1 over a whole number
 */
export function stepActivity(
  depths: readonly number[],
  ages: Int32Array,
  plan: TrainingPlan,
  visits: number,
  random: () => number,
  constants = TRAINING_CONSTANTS.schedule,
): StepActivity {
  const nodes = depths.length;
  const weight = Math.round(1 / visits);
  const weights = new Uint8Array(ages.length);
  const latents = new Float64Array(LATENT_OPTIONS * ages.length);
  for (const [i, age] of ages.entries()) {
    if (age === AT_REST) continue;
    weights[i] = depths[i % nodes]! < 2 ? 1 : random() * weight < 1 ? weight : 0;
    const { temperature, noise, latentRate, motionRate } = latentOptions(plan, age, constants);
    latents.set([temperature, noise, latentRate, motionRate], LATENT_OPTIONS * i);
  }
  return { nodes, weights, latents };
}

/** The ages in `count` steps in which all nodes train and are `first` steps old at the beginning. */
export function agesTogether(nodes: number, first: number, count: number): Int32Array {
  return Int32Array.from({ length: nodes * count }, (_, i) => first + Math.floor(i / nodes));
}

/** Numbers in [0, 1) from a seed: the generator of Numerical Recipes, top bits. */
export function randomSequence(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** How the latents of a node are trained that has `age` steps behind it. */
export function latentOptions(
  { steps }: TrainingPlan,
  age: number,
  constants = TRAINING_CONSTANTS.schedule,
): LatentOptions {
  const { latentRate, motionRate, lastRate, warmUpSteps } = constants;
  const { firstTemperature, lastTemperature, firstNoise, lastNoise, noisySteps } = constants;
  const x = age / steps;
  const noise = Math.min(1, Math.sqrt(steps / noisySteps));
  const rate = warmUp(age, warmUpSteps) * cosine(x, lastRate);
  return {
    temperature: firstTemperature + (lastTemperature - firstTemperature) * x,
    noise: noise * (firstNoise + (lastNoise - firstNoise) * x),
    latentRate: latentRate * rate,
    motionRate: motionRate * rate,
  };
}

/** Options of the steps `first` to `first + count - 1`. */
export function stepOptions(
  plan: TrainingPlan,
  first: number,
  count: number,
  constants = TRAINING_CONSTANTS.schedule,
): StepOptions[] {
  const { netRate, lastRate, warmUpSteps, pulls } = constants;
  return Array.from({ length: count }, (_, i) => {
    const step = first + i;
    const rate = warmUp(step, warmUpSteps) * cosine(step / plan.netSteps, lastRate);
    return {
      lambda: plan.lambda,
      netRate: step < plan.netSteps ? netRate * rate : 0,
      netLambda: plan.netLambda * pullWeight(plan, step, pulls),
    };
  });
}

/** Steps whose pull is taken in this one. */
function pullWeight({ netSteps }: TrainingPlan, step: number, pulls: number): number {
  const period = Math.ceil(netSteps / pulls);
  return step % period === period - 1 ? period : 0;
}

/** The part of its rate that a step takes: the first steps of Adam are as long as the longest, whatever they would gain. */
function warmUp(step: number, steps: number): number {
  return Math.min(1, (step + 1) / steps);
}

function cosine(x: number, last: number): number {
  return Math.max(last, 0.5 * (1 + Math.cos(Math.PI * x)));
}

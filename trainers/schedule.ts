/** Hyperparameters of every training step, as plain data for the engine. */

/** Numbers a step has in the engine's array: see `StepOptions` in trainers/native/engine.h. */
export const STEP_NUMBERS = 7;

const LATENT_RATE = 0.2;
const MOTION_RATE = 0.2;
const NET_RATE = 0.02;
const FIRST_TEMPERATURE = 0.35;
const LAST_TEMPERATURE = 0.1;
/** The noise grows as the rounding hardens: without it latents come to rest between two integers, where they cost less than either. */
const FIRST_NOISE = 0.12;
const LAST_NOISE = 0.2;
/** Learning rates end at this fraction of their start. */
const LAST_RATE = 0.02;
/** Pulls of the nets to their prior. Each is that of all steps since the last: in between a value that is worth its bits gets too far to be drawn back. */
const PULLS = 32;

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
 * Which nodes the steps visit, one byte a step and node: the weight of the node in the loss, 0 for a node that only
 * serves as a constant reference. Nodes deeper than the anchors are visited by chance, and weigh the more for it.
 */
export function stepActivity(
  depths: readonly number[],
  visits: number,
  count: number,
  random: () => number,
): Uint8Array {
  const weight = Math.round(1 / visits);
  const out = new Uint8Array(count * depths.length).fill(1);
  for (let i = 0; i < out.length; i++) {
    if (depths[i % depths.length]! > 1) out[i] = random() * weight < 1 ? weight : 0;
  }
  return out;
}

/** Numbers in [0, 1) from a seed: the generator of Numerical Recipes, top bits. */
export function randomSequence(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Options of the steps `first` to `first + count - 1`, STEP_NUMBERS each. */
export function stepOptions(plan: TrainingPlan, first: number, count: number): Float64Array {
  const out = new Float64Array(count * STEP_NUMBERS);
  for (let i = 0; i < count; i++) {
    const step = first + i;
    const x = step / plan.steps;
    const rate = cosine(x);
    const temperature = FIRST_TEMPERATURE + (LAST_TEMPERATURE - FIRST_TEMPERATURE) * x;
    const noise = FIRST_NOISE + (LAST_NOISE - FIRST_NOISE) * x;
    const netRate = step < plan.netSteps ? NET_RATE * cosine(step / plan.netSteps) : 0;
    const netLambda = plan.netLambda * pullWeight(plan, step);
    out.set(
      [plan.lambda, temperature, noise, LATENT_RATE * rate, MOTION_RATE * rate, netRate, netLambda],
      i * STEP_NUMBERS,
    );
  }
  return out;
}

/** Hyperparameters of one step, by name. */
export interface StepOptions {
  /** Squared codes per bit. */
  readonly lambda: number;
  /** Of the soft rounding. */
  readonly temperature: number;
  /** Standard deviation in quantizer steps. */
  readonly noise: number;
  readonly latentRate: number;
  readonly motionRate: number;
  readonly netRate: number;
  /** Squared codes per bit of the nets, in the loss of this step. */
  readonly netLambda: number;
}

/** One step out of what `stepOptions` gives. */
export function readStepOptions(options: Float64Array, step: number): StepOptions {
  const [lambda = 0, temperature = 0, noise = 0, latentRate = 0, motionRate = 0, netRate = 0, netLambda = 0] =
    options.subarray(step * STEP_NUMBERS, (step + 1) * STEP_NUMBERS);
  return { lambda, temperature, noise, latentRate, motionRate, netRate, netLambda };
}

/** Steps whose pull is taken in this one. */
function pullWeight({ netSteps }: TrainingPlan, step: number): number {
  const period = Math.ceil(netSteps / PULLS);
  return step % period === period - 1 ? period : 0;
}

function cosine(x: number): number {
  return Math.max(LAST_RATE, 0.5 * (1 + Math.cos(Math.PI * x)));
}

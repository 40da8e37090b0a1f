/** Hyperparameters of every training step, as plain data for the engine. */

/** Numbers a step has in the engine's array: see `StepOptions` in trainers/native/engine.h. */
export const STEP_NUMBERS = 6;

const LATENT_RATE = 0.2;
const MOTION_RATE = 0.1;
const NET_RATE = 0.01;
const FIRST_TEMPERATURE = 0.35;
const LAST_TEMPERATURE = 0.08;
const FIRST_NOISE = 0.15;
/** Learning rates end at this fraction of their start. */
const LAST_RATE = 0.02;

/** Where in the training a step is. */
export interface TrainingPlan {
  readonly lambda: number;
  /** Steps in all. */
  readonly steps: number;
  /** The nets learn in the steps before this one. */
  readonly netSteps: number;
}

/** Options of the steps `first` to `first + count - 1`, STEP_NUMBERS each. */
export function stepOptions(plan: TrainingPlan, first: number, count: number): Float64Array {
  const out = new Float64Array(count * STEP_NUMBERS);
  for (let i = 0; i < count; i++) {
    const step = first + i;
    const x = step / plan.steps;
    const rate = cosine(x);
    const temperature = FIRST_TEMPERATURE + (LAST_TEMPERATURE - FIRST_TEMPERATURE) * x;
    const netRate = step < plan.netSteps ? NET_RATE * cosine(step / plan.netSteps) : 0;
    out.set(
      [plan.lambda, temperature, FIRST_NOISE * (1 - x), LATENT_RATE * rate, MOTION_RATE * rate, netRate],
      i * STEP_NUMBERS,
    );
  }
  return out;
}

function cosine(x: number): number {
  return Math.max(LAST_RATE, 0.5 * (1 + Math.cos(Math.PI * x)));
}

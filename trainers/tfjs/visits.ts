/** What one step does with each node. */

import { LATENT_OPTIONS, type LatentOptions, type StepActivity } from '../trainingStep.js';

/** What a step does with a node: its weight in the loss, 0 for a constant. */
export interface Visit {
  readonly weight: number;
  readonly options: LatentOptions;
}

/** Those of one step. */
export function visitsOf({ weights, latents }: StepActivity): Visit[] {
  return Array.from(weights, (weight, n) => {
    const at = LATENT_OPTIONS * n;
    const [temperature, noise, latentRate, motionRate] = latents.subarray(at, at + LATENT_OPTIONS);
    return {
      weight,
      options: { temperature: temperature!, noise: noise!, latentRate: latentRate!, motionRate: motionRate! },
    };
  });
}

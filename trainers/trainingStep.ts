/** One training step as the schedule hands it to every engine, and what it costs. */

/** Hyperparameters of one step. */
export interface StepOptions {
  /** Squared codes per bit of latents. */
  readonly lambda: number;
  /** Learning rate; at 0 the nets stay as they are. */
  readonly netRate: number;
  /** Squared codes per bit of the nets, in the loss of this step. */
  readonly netLambda: number;
}

/** How the latents of one node are trained in one step. */
export interface LatentOptions {
  /** Of the soft rounding, above 0. */
  readonly temperature: number;
  /** Standard deviation in quantizer steps. */
  readonly noise: number;
  /** Learning rates of innovation and of motion. */
  readonly latentRate: number;
  readonly motionRate: number;
}

/** How many numbers the options of a node are in `StepActivity`, in the order of `LatentOptions`. */
export const LATENT_OPTIONS = 4;

/** Which nodes some steps visit, and how. */
export interface StepActivity {
  /** Nodes of the segment. */
  readonly nodes: number;
  /** Shape (steps, nodes): the node's weight in the loss, 0 for one that only serves as a constant reference. */
  readonly weights: Uint8Array;
  /** Shape (steps, nodes, LATENT_OPTIONS); of nodes with a weight. */
  readonly latents: Float64Array;
}

/** Distortion (weighted squared codes) and bits of one step. */
export interface StepCost {
  readonly distortion: number;
  readonly bits: number;
}

/** One step of several; views. */
export function activityOfStep({ nodes, weights, latents }: StepActivity, step: number): StepActivity {
  return {
    nodes,
    weights: weights.subarray(step * nodes, (step + 1) * nodes),
    latents: latents.subarray(step * nodes * LATENT_OPTIONS, (step + 1) * nodes * LATENT_OPTIONS),
  };
}

/** One training step as the schedule hands it to every engine, and what it costs. */

/** Hyperparameters of one step. */
export interface StepOptions {
  /** Squared codes per bit of latents. */
  readonly lambda: number;
  /** Of the soft rounding, above 0. */
  readonly temperature: number;
  /** Standard deviation in quantizer steps. */
  readonly noise: number;
  /** Learning rates; a net rate of 0 leaves the nets as they are. */
  readonly latentRate: number;
  readonly motionRate: number;
  readonly netRate: number;
  /** Squared codes per bit of the nets, in the loss of this step. */
  readonly netLambda: number;
}

/** Which nodes some steps visit. */
export interface StepActivity {
  /** Nodes of the segment. */
  readonly nodes: number;
  /** Shape (steps, nodes): the node's weight in the loss, 0 for one that only serves as a constant reference. */
  readonly weights: Uint8Array;
}

/** Distortion (weighted squared codes) and bits of one step. */
export interface StepCost {
  readonly distortion: number;
  readonly bits: number;
}

/** The weights of one step, shape (nodes); a view. */
export function activityOfStep({ nodes, weights }: StepActivity, step: number): Uint8Array {
  return weights.subarray(step * nodes, (step + 1) * nodes);
}

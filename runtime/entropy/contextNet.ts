/**
 * The context network: from latents that are already known to the location and scale of the next one. Integers only,
 * so that every machine computes the same symbols.
 */

import {
  CONTEXT_INPUTS,
  HIDDEN_UNITS,
  MAGNITUDE_LIMIT,
  MAX_HIDDEN_Q4,
  MAX_LOCATION16,
  MAX_SCALE_INDEX,
  MIN_SCALE_INDEX,
  SIGNED_LIMIT,
} from '../field/constants.js';
import type { ContextWeights } from '../field/nets.js';

/** Lt[n] = round(8 * log2(1 + n)) for n = 0..255. */
export const LOGARITHM_Q4: Uint8Array = Uint8Array.from([
  0, 8, 13, 16, 19, 21, 22, 24, 25, 27, 28, 29, 30, 30, 31, 32, 33, 33, 34, 35, 35, 36, 36, 37, 37, 38, 38,
  38, 39, 39, 40, 40, 40, 41, 41, 41, 42, 42, 42, 43, 43, 43, 43, 44, 44, 44, 44, 45, 45, 45, 45, 46, 46, 46,
  46, 46, 47, 47, 47, 47, 47, 48, 48, 48, 48, 48, 49, 49, 49, 49, 49, 49, 50, 50, 50, 50, 50, 50, 50, 51, 51,
  51, 51, 51, 51, 51, 52, 52, 52, 52, 52, 52, 52, 52, 53, 53, 53, 53, 53, 53, 53, 53, 53, 54, 54, 54, 54, 54,
  54, 54, 54, 54, 55, 55, 55, 55, 55, 55, 55, 55, 55, 55, 56, 56, 56, 56, 56, 56, 56, 56, 56, 56, 56, 57, 57,
  57, 57, 57, 57, 57, 57, 57, 57, 57, 57, 58, 58, 58, 58, 58, 58, 58, 58, 58, 58, 58, 58, 58, 59, 59, 59, 59,
  59, 59, 59, 59, 59, 59, 59, 59, 59, 59, 59, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60,
  61, 61, 61, 61, 61, 61, 61, 61, 61, 61, 61, 61, 61, 61, 61, 61, 61, 62, 62, 62, 62, 62, 62, 62, 62, 62, 62,
  62, 62, 62, 62, 62, 62, 62, 62, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63,
  63, 63, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64,
]);

/** Signed input: Q4 of a quarter of the neighbour. */
export function signedInput(q: number): number {
  if (q > SIGNED_LIMIT) return 4 * SIGNED_LIMIT;
  return q < -SIGNED_LIMIT ? -4 * SIGNED_LIMIT : 4 * q;
}

/** Magnitude input: Q4 of half the binary logarithm of one plus a sum of magnitudes. */
export function magnitudeInput(sum: number): number {
  return LOGARITHM_Q4[Math.min(sum, MAGNITUDE_LIMIT)]!;
}

/** One context net at one row of its biases. `evaluate` leaves its results in `location16` and `scaleIndex`. */
export class ContextNet {
  /** Inputs of the next evaluation, Q4 (FORMAT.md, section 7). */
  readonly inputs = new Int32Array(CONTEXT_INPUTS);
  /** Location in sixteenths, -32768..32768. */
  location16 = 0;
  /** Scale in eighths of an octave, -32..92. */
  scaleIndex = 0;

  readonly #weights: ContextWeights;
  readonly #restLocation: number;
  readonly #restScale: number;
  readonly #bias0: number;
  readonly #bias1: number;

  /** @param depthRow row of the depth biases, min(depth, 4) */
  constructor(weights: ContextWeights, biasRow: number, depthRow: number) {
    this.#weights = weights;
    this.#bias0 = (weights.bias[2 * biasRow]! + weights.depth[2 * depthRow]!) * 16;
    this.#bias1 = (weights.bias[2 * biasRow + 1]! + weights.depth[2 * depthRow + 1]!) * 16;
    this.#forward();
    this.#restLocation = this.location16;
    this.#restScale = this.scaleIndex;
  }

  /** The result where every input is zero, which is most of a quiet plane. */
  rest(): void {
    this.location16 = this.#restLocation;
    this.scaleIndex = this.#restScale;
  }

  evaluate(): void {
    this.#forward();
  }

  #forward(): void {
    const { w1, b1, w2, lin } = this.#weights;
    const x = this.inputs;
    let out0 = (this.#bias0 + dotInputs(lin, 0, x)) | 0;
    let out1 = (this.#bias1 + dotInputs(lin, CONTEXT_INPUTS, x)) | 0;
    for (let k = 0; k < HIDDEN_UNITS; k++) {
      const sum = (b1[k]! * 16 + dotInputs(w1, k * CONTEXT_INPUTS, x)) | 0;
      if (sum <= 0) continue;
      const hidden = Math.min(MAX_HIDDEN_Q4, sum >> 8);
      out0 = (out0 + Math.imul(w2[k]!, hidden)) | 0;
      out1 = (out1 + Math.imul(w2[HIDDEN_UNITS + k]!, hidden)) | 0;
    }
    this.location16 = clip((out0 + 128) >> 8, -MAX_LOCATION16, MAX_LOCATION16);
    this.scaleIndex = clip((out1 + 256) >> 9, MIN_SCALE_INDEX, MAX_SCALE_INDEX);
  }
}

/** Sum of twelve products, written out: this is where the entropy coder spends its time. */
function dotInputs(w: Int32Array, at: number, x: Int32Array): number {
  return (
    (Math.imul(w[at]!, x[0]!) +
      Math.imul(w[at + 1]!, x[1]!) +
      Math.imul(w[at + 2]!, x[2]!) +
      Math.imul(w[at + 3]!, x[3]!) +
      Math.imul(w[at + 4]!, x[4]!) +
      Math.imul(w[at + 5]!, x[5]!) +
      Math.imul(w[at + 6]!, x[6]!) +
      Math.imul(w[at + 7]!, x[7]!) +
      Math.imul(w[at + 8]!, x[8]!) +
      Math.imul(w[at + 9]!, x[9]!) +
      Math.imul(w[at + 10]!, x[10]!) +
      Math.imul(w[at + 11]!, x[11]!)) |
    0
  );
}

function clip(value: number, min: number, max: number): number {
  return Math.min(Math.max(value, min), max);
}

/** Trains an enlarger, and makes integers of it. */

import { throwIfAborted } from '../../runtime/errors.js';
import { LARGEST_VALUE } from '../../runtime/field/constants.js';
import {
  ENLARGER_TENSORS,
  ENLARGER_VALUE_COUNT,
  enlargerFromValues,
  enlargerValues,
} from '../../runtime/field/enlarger.js';
import { AT_PRIOR, MAX_SYNTHESIS_K, type QuantizedTensor } from '../../runtime/field/nets.js';
import { TRAINING_CONSTANTS } from '../trainingConstants.js';
import type { EnlargerBatch, TrainingEngine } from '../trainingEngine.js';
import { agreementAtCoarserSize, batchOf, type Example, meanSquare, WAYS } from './examples.js';

/** One example of so many is not trained with. */
const TRIED_OF = 16;
/** One of so many is looked at a size smaller. */
const CHECKED_OF = 4;

const KERNELS = ENLARGER_TENSORS.find(({ name }) => name === 'kernels')!;

/** A trained enlarger. */
export interface TrainedEnlarger {
  /** One per entry of ENLARGER_TENSORS. */
  readonly tensors: readonly QuantizedTensor[];
  /** What it gains over Lanczos's kernel on examples that it was not trained with, PSNR in dB. */
  readonly gainDb: number;
}

/** What an enlarger is trained with. */
export interface EnlargerTraining {
  readonly engine: TrainingEngine;
  /** 0..1. */
  readonly random: () => number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Trains an enlarger.
 *
 * @param examples some hundreds
 * @throws InterruptedError if the signal fires
 */
export async function trainEnlarger(
  examples: readonly Example[],
  training: EnlargerTraining,
): Promise<TrainedEnlarger> {
  const { engine, random, signal } = training;
  const { steps, batch } = TRAINING_CONSTANTS.enlarger;
  const tried = examples.filter((_, index) => index % TRIED_OF === 0);
  const learnt = examples.filter((_, index) => index % TRIED_OF !== 0);
  const values = initialValues(random);
  const gradient = new Float64Array(ENLARGER_VALUE_COUNT);
  const optimizer = new Adam();
  const any = (count: number): number => Math.floor(random() * count);
  const drawn = (): EnlargerBatch => {
    const chosen = Array.from({ length: batch }, () => learnt[any(learnt.length)]!);
    const ways = chosen.map(() => any(WAYS));
    return batchOf(values, chosen, ways);
  };
  for (let step = 0, next = drawn(); step < steps; step++) {
    throwIfAborted(signal);
    const differentiated = engine.enlargerGradient(next, gradient);
    // Meanwhile, for the next step.
    next = drawn();
    await differentiated;
    addRoughnessGradient(values, gradient);
    optimizer.step(values, gradient);
  }
  const share = shareOf(values, examples);
  const tensors = ENLARGER_TENSORS.map(({ name, offset, size }) => {
    const factor = name === 'kernels' ? share : 1;
    return quantized(values.subarray(offset, offset + size).map((value) => factor * value));
  });
  const test = batchOf(
    enlargerValues(tensors),
    tried,
    tried.map(() => 0),
  );
  const error = await engine.enlargerGradient(test, gradient);
  return { tensors, gainDb: 10 * Math.log10(meanSquare(test) / error) };
}

/** How much of what was learnt is to be added. A film is softer than its half, which was learnt from. */
function shareOf(values: Float64Array, examples: readonly Example[]): number {
  const { share, wholeAgreement } = TRAINING_CONSTANTS.enlarger;
  const some = examples.filter((_, index) => index % CHECKED_OF === 0);
  const agreement = agreementAtCoarserSize(some, enlargerFromValues(values));
  return share * Math.min(Math.max(agreement / wholeAgreement, 0), 1);
}

/** Kernels of zero: it begins as Lanczos's kernel. */
function initialValues(random: () => number): Float64Array {
  const values = new Float64Array(ENLARGER_VALUE_COUNT);
  let inputs = 1;
  for (const { name, offset, size, shape } of ENLARGER_TENSORS) {
    if (name === 'kernels') continue;
    // Biases follow the weights of their layer.
    if (shape.length > 1) inputs = size / shape[0]!;
    for (let i = 0; i < size; i++) values[offset + i] = (2 * random() - 1) / Math.sqrt(inputs);
  }
  return values;
}

/**
 * Of what it costs that kernels are rough. They learn from two places between samples, and are read at any: without a price they
 * draw a pattern of dots at four times the size.
 */
function addRoughnessGradient(values: Float64Array, gradient: Float64Array): void {
  const { offset, size, shape } = KERNELS;
  const side = shape[2]!;
  for (let line = 0; line < size / side; line++) {
    const [kernel, at] = [Math.floor(line / side) * side * side, line % side];
    addRoughness(values, gradient, { first: offset + kernel + at * side, step: 1, count: side });
    addRoughness(values, gradient, { first: offset + kernel + at, step: side, count: side });
  }
}

/** Of the squares of the second differences of a line; beyond its ends are zeros. */
function addRoughness(
  values: Float64Array,
  gradient: Float64Array,
  { first, step, count }: { first: number; step: number; count: number },
): void {
  const { roughness } = TRAINING_CONSTANTS.enlarger;
  const at = (i: number): number => (i >= 0 && i < count ? values[first + i * step]! : 0);
  for (let i = -1; i <= count; i++) {
    const slope = roughness * (at(i - 1) - 2 * at(i) + at(i + 1));
    for (const [j, weight] of [
      [i - 1, 1],
      [i, -2],
      [i + 1, 1],
    ] as const)
      if (j >= 0 && j < count) gradient[first + j * step]! += weight * slope;
  }
}

class Adam {
  readonly #mean = new Float64Array(ENLARGER_VALUE_COUNT);
  readonly #meanSquare = new Float64Array(ENLARGER_VALUE_COUNT);
  #taken = 0;

  /** One step (Kingma and Ba, 2015). */
  step(values: Float64Array, gradient: Float64Array): void {
    const { steps, warmUpSteps, rate: most, adam } = TRAINING_CONSTANTS.enlarger;
    const { gradientShare, squareShare, epsilon } = adam;
    const done = this.#taken++;
    const rate =
      most * Math.min(1, (done + 1) / warmUpSteps) * 0.5 * (1 + Math.cos((Math.PI * done) / steps));
    const [correct, correctSquare] = [gradientShare, squareShare].map(
      (part) => 1 / (1 - (1 - part) ** this.#taken),
    );
    for (let i = 0; i < values.length; i++) {
      this.#mean[i]! += gradientShare * (gradient[i]! - this.#mean[i]!);
      this.#meanSquare[i]! += squareShare * (gradient[i]! ** 2 - this.#meanSquare[i]!);
      const root = Math.sqrt(correctSquare! * this.#meanSquare[i]!);
      values[i]! -= (rate * correct! * this.#mean[i]!) / (root + epsilon);
    }
  }
}

/** The nearest integers in steps of a share of the values' root mean square. */
function quantized(values: Float64Array): QuantizedTensor {
  const root = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
  if (root === 0) return { k: AT_PRIOR, q: new Int32Array(0) };
  const wanted = Math.round(Math.log2(TRAINING_CONSTANTS.enlarger.stepsOfRoot / root));
  const k = Math.min(Math.max(wanted, 0), MAX_SYNTHESIS_K);
  const integer = (value: number): number =>
    Math.min(Math.max(Math.round(value * 2 ** k), -LARGEST_VALUE), LARGEST_VALUE);
  return { k, q: Int32Array.from(values, integer) };
}

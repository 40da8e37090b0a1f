/**
 * The order in which the nodes of a segment train. An anchor is predicted from the one before it, so that what a step changes in
 * one moves all that follow, and adds up: trained all at once, a long chain gets worse. So training passes over the chain as a
 * wave of some intervals between anchors. Each begins from what those before it have come to, and trains its steps together with
 * those after it, which tell it what they need; then it rests, rounded as a decoder has it. The nets learn on the first wave.
 */

import type { FieldNode } from '../runtime/field/structure.js';
import { AT_REST, type TrainingPlan } from './schedule.js';
import { TRAINING_CONSTANTS } from './trainingConstants.js';
import type { NodeRange } from './trainingEngine.js';

export class TrainingWave {
  /** Each anchor with the frames before it; the first also has the intra frame. */
  readonly #intervals: readonly NodeRange[];
  /** By interval: the step that it begins at. */
  readonly #begins: readonly number[];
  readonly #steps: number;
  readonly #nodes: number;

  constructor(
    nodes: readonly FieldNode[],
    { steps, netSteps }: TrainingPlan,
    { waveIntervals } = TRAINING_CONSTANTS,
  ) {
    this.#steps = steps;
    this.#nodes = nodes.length;
    this.#intervals = intervalsOf(nodes);
    const together = netSteps > 0 ? waveIntervals : 0;
    this.#begins = this.#intervals.map((_, k) =>
      k < together ? 0 : netSteps + Math.round(((k - together) * steps) / waveIntervals),
    );
  }

  /** Steps until all nodes have had theirs. */
  get steps(): number {
    return this.#begins.at(-1)! + this.#steps;
  }

  /** The part of the nodes (0..1) that the nets learn on. */
  get learningShare(): number {
    const counts = this.#intervals.map(({ count }, k) => (this.#begins[k] === 0 ? count : 0));
    return counts.reduce((sum, count) => sum + count, 0) / this.#nodes;
  }

  /** Part of the work (0..1) that is done before a step. */
  done(step: number): number {
    let done = 0;
    for (const [k, { count }] of this.#intervals.entries()) {
      done += count * Math.min(Math.max(step - this.#begins[k]!, 0), this.#steps);
    }
    return done / (this.#steps * this.#nodes);
  }

  /** Intervals that have `age` steps behind them when a step begins. */
  ofAge(age: number, step: number): NodeRange[] {
    return this.#intervals.filter((_, k) => step - this.#begins[k]! === age);
  }

  /** Intervals that a step trains. */
  inTraining(step: number): NodeRange[] {
    return this.#intervals.filter((_, k) => this.#ageOf(k, step) !== AT_REST);
  }

  /** The first step after `step` at which an interval has one of these ages. */
  next(step: number, ages: readonly number[]): number {
    const steps = this.#begins.flatMap((begin) => ages.map((age) => begin + age));
    return Math.min(...steps.filter((at) => at > step));
  }

  /** Steps that each node has behind it, or AT_REST, for `count` steps: shape (count, nodes). */
  ages(first: number, count: number): Int32Array {
    const ages = new Int32Array(this.#nodes * count);
    for (let s = 0; s < count; s++) {
      for (const [k, interval] of this.#intervals.entries()) {
        const at = s * this.#nodes + interval.first;
        ages.fill(this.#ageOf(k, first + s), at, at + interval.count);
      }
    }
    return ages;
  }

  #ageOf(interval: number, step: number): number {
    const age = step - this.#begins[interval]!;
    return age >= 0 && age < this.#steps ? age : AT_REST;
  }
}

function intervalsOf(nodes: readonly FieldNode[]): NodeRange[] {
  const anchors = nodes.flatMap(({ depth }, index) => (depth === 1 ? [index] : []));
  const firsts = [0, ...anchors.slice(1)];
  return firsts.map((first, k) => ({ first, count: (firsts[k + 1] ?? nodes.length) - first }));
}

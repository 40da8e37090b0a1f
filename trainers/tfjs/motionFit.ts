/** Motion latents by what they cost; twin of native/motionFit.h. */

import { DOUBLING_TAPS } from '../../runtime/field/constants.js';
import { clampIndex, type Size } from '../../runtime/picture/picture.js';
import type { FitConstants } from '../trainingConstants.js';

const REACH = DOUBLING_TAPS.length / 2;

/** In quarters of its sides. */
const PLACES_IN_CELL = [
  [2, 2],
  [1, 3],
  [3, 1],
  [1, 1],
  [3, 3],
] as const;

/**
 * What errors of the cells' displacements cost. An error e = (across, down) in pixels costs limit * ln(1 + e^T S e / limit)
 * squared codes: a small one what the slopes of the luma say, along an edge next to nothing, and none much more than what
 * the cell's vector is good for. All of shape (cells of the motion grid).
 */
export interface ErrorPrices {
  /** S by cell: across, down, and their product. */
  readonly slopes: readonly [Float32Array, Float32Array, Float32Array];
  /** Above zero. */
  readonly limit: Float32Array;
}

/** What a latent adds on one axis of the finest grid, from index `first` on. */
interface Response {
  readonly first: number;
  readonly weights: readonly number[];
}

/** Both displacements towards one reference: index 0 across, 1 down. */
interface FitProblem {
  /** Levels of the motion pyramid, finest first, and what one latent adds at its own grid, by axis and level. */
  readonly sizes: readonly Size[];
  readonly steps: readonly (readonly number[])[];
  /** Pixels, shape (cells). */
  readonly target: readonly Float32Array[];
  readonly prices: ErrorPrices;
  /** Of a bit, squared codes. */
  readonly price: number;
}

/** Whole latents by axis and level that make the price of the errors plus that of the bits small. */
export function fitMotion(problem: FitProblem, constants: FitConstants): Float32Array[][] {
  return new MotionFit(problem, constants).run();
}

class MotionFit {
  readonly #problem: FitProblem;
  readonly #constants: FitConstants;
  /** By axis and level. */
  readonly #values: Float32Array[][];
  /** What the decode lacks, by axis. */
  readonly #rest: Float32Array[];
  readonly #across: Response[][];
  readonly #down: Response[][];

  constructor(problem: FitProblem, constants: FitConstants) {
    this.#problem = problem;
    this.#constants = constants;
    const { sizes, target } = problem;
    this.#values = target.map(() => sizes.map(({ width, height }) => new Float32Array(width * height)));
    this.#rest = target.map(({ length }) => new Float32Array(length));
    const finestLast = (level: number): Size[] => sizes.slice(0, level + 1).toReversed();
    this.#across = sizes.map((_, level) => this.#responses(finestLast(level).map(({ width }) => width)));
    this.#down = sizes.map((_, level) => this.#responses(finestLast(level).map(({ height }) => height)));
  }

  /** One latent after the other, coarse ones first. */
  run(): Float32Array[][] {
    const { sizes, target } = this.#problem;
    for (let sweep = 0; sweep < this.#constants.sweeps; sweep++) {
      for (const [axis, values] of this.#values.entries()) {
        // Until it is fitted, the other axis counts as right.
        if (sweep === 0) this.#rest[axis]!.set(target[axis]!);
        for (const [level, { width }] of [...sizes.entries()].toReversed()) {
          for (const i of values[level]!.keys()) this.#improve(axis, level, i % width, Math.floor(i / width));
        }
      }
    }
    return this.#values;
  }

  /** Of all latents of the coarsest of these lengths. */
  #responses(lengths: readonly number[]): Response[] {
    const counts = (weight: number): boolean => Math.abs(weight) >= this.#constants.leastResponse;
    return Array.from({ length: lengths[0]! }, (_, i) => {
      let fine = Array.from({ length: lengths[0]! }, (__, k) => Number(k === i));
      for (const length of lengths.slice(1)) fine = doubled(fine, length);
      const first = Math.max(0, fine.findIndex(counts));
      return { first, weights: fine.slice(first, Math.max(first, fine.findLastIndex(counts)) + 1) };
    });
  }

  #improve(axis: number, level: number, x: number, y: number): void {
    const { sizes, steps, price } = this.#problem;
    const { width, height } = sizes[0]!;
    const values = this.#values[axis]![level]!;
    const at = y * sizes[level]!.width + x;
    const now = values[at]!;
    const step = steps[axis]![level]!;
    const reach = { across: this.#across[level]![x]!, down: this.#down[level]![y]! };
    const rest = this.#rest[axis]!;
    const candidates = new Set([now, 0, now - 1, now + 1]);
    candidates.add(now + roundHalfAway(this.#optimum(axis, reach) / step));
    // What single cells ask for: where they disagree, no mean is right for any.
    const side = 2 ** level;
    for (const [qx, qy] of level > 0 ? PLACES_IN_CELL : PLACES_IN_CELL.slice(0, 1)) {
      const px = Math.min(x * side + Math.floor((qx * side) / 4), width - 1);
      const py = Math.min(y * side + Math.floor((qy * side) / 4), height - 1);
      candidates.add(now + roundHalfAway(rest[py * width + px]! / step));
    }
    const magnitude = this.#magnitudeAround(axis, level, x, y);
    let best = now;
    let least = Number.POSITIVE_INFINITY;
    for (const q of candidates) {
      const cost = this.#errorCost(axis, reach, (q - now) * step) + price * bitsOf(q, magnitude);
      if (cost >= least) continue;
      least = cost;
      best = q;
    }
    values[at] = best;
    this.#overCells(reach, (cell, response) => {
      rest[cell]! -= (best - now) * step * response;
    });
  }

  #overCells({ across, down }: Reach, use: (cell: number, response: number) => void): void {
    const { width } = this.#problem.sizes[0]!;
    for (const [j, weight] of down.weights.entries()) {
      for (const [i, other] of across.weights.entries()) {
        use((down.first + j) * width + across.first + i, weight * other);
      }
    }
  }

  /** What the cost of the errors in a latent's reach becomes with a change of what it adds. */
  #errorCost(axis: number, reach: Reach, change: number): number {
    const { limit } = this.#problem.prices;
    let cost = 0;
    this.#overCells(reach, (cell, response) => {
      const error = this.#rest[axis]![cell]! - change * response;
      cost += limit[cell]! * Math.log1p(this.#squared(axis, cell, error) / limit[cell]!);
    });
    return cost;
  }

  /** The change of what a latent adds that errors ask for, each as much as it would still cost more if it grew. */
  #optimum(axis: number, reach: Reach): number {
    const { slopes, limit } = this.#problem.prices;
    let slope = 0;
    let curvature = 0;
    this.#overCells(reach, (cell, response) => {
      const rest = this.#rest[axis]![cell]!;
      const weight = response / (1 + this.#squared(axis, cell, rest) / limit[cell]!);
      const own = slopes[axis]![cell]!;
      slope += weight * (own * rest + slopes[2][cell]! * this.#rest[1 - axis]![cell]!);
      curvature += weight * response * own;
    });
    return curvature > 0 ? slope / curvature : 0;
  }

  /** e^T S e with that error on the axis itself. */
  #squared(axis: number, cell: number, error: number): number {
    const { slopes } = this.#problem.prices;
    const beside = this.#rest[1 - axis]![cell]!;
    const own = slopes[axis]![cell]! * error * error;
    return Math.max(
      0,
      own + 2 * slopes[2][cell]! * error * beside + slopes[1 - axis]![cell]! * beside * beside,
    );
  }

  #magnitudeAround(axis: number, level: number, x: number, y: number): number {
    const { leastMagnitude, coarsestMagnitude } = this.#constants;
    const { sizes } = this.#problem;
    const magnitudes = (l: number, i: number, j: number): number =>
      Math.abs(this.#values[axis]![l]![j * sizes[l]!.width + i]!);
    const { width, height } = sizes[level]!;
    let total = level === sizes.length - 1 ? coarsestMagnitude : magnitudes(level + 1, x >> 1, y >> 1);
    let count = 1;
    for (let j = Math.max(y - 1, 0); j <= Math.min(y + 1, height - 1); j++) {
      for (let i = Math.max(x - 1, 0); i <= Math.min(x + 1, width - 1); i++) {
        if (i === x && j === y) continue;
        total += magnitudes(level, i, j);
        count++;
      }
    }
    return Math.max(leastMagnitude, total / count);
  }
}

interface Reach {
  readonly across: Response;
  readonly down: Response;
}

function doubled(coarse: readonly number[], length: number): number[] {
  return Array.from({ length }, (_, i) => {
    const taps = i & 1 ? DOUBLING_TAPS.toReversed() : DOUBLING_TAPS;
    const first = (i >> 1) - REACH + (i & 1);
    return taps.reduce((sum, tap, k) => sum + tap * coarse[clampIndex(first + k, coarse.length)]!, 0);
  });
}

/** Of a latent whose neighbours and parent have that mean magnitude: two-sided geometric. */
function bitsOf(q: number, magnitude: number): number {
  const ratio = (Math.sqrt(1 + magnitude * magnitude) - 1) / magnitude;
  return -Math.log2((1 - ratio) / (1 + ratio)) - Math.abs(q) * Math.log2(ratio);
}

function roundHalfAway(x: number): number {
  return Math.sign(x) * Math.floor(Math.abs(x) + 0.5);
}

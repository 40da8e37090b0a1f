/** Hierarchical block matching between two luma planes: a start for the motion fields; twin of native/motionSearch.h. */

import { MOTION_GRID_PX as CELL } from '../../runtime/field/constants.js';
import { clampIndex } from '../../runtime/picture/picture.js';
import { lightFrom } from '../scenes/brightness.js';
import type { SearchConstants } from '../trainingConstants.js';

/** A luma plane, codes. */
export interface Luma {
  readonly width: number;
  readonly height: number;
  readonly samples: Float32Array;
}

/** Vectors in pixels on a grid of cells, x and y in turn. */
export class VectorField {
  readonly vectors: Float32Array;

  constructor(
    readonly width: number,
    readonly height: number,
  ) {
    this.vectors = new Float32Array(2 * width * height);
  }

  /** The nearest cell's vector. */
  at(x: number, y: number): Vector {
    const i = 2 * (clampIndex(y, this.height) * this.width + clampIndex(x, this.width));
    return [this.vectors[i]!, this.vectors[i + 1]!];
  }

  set(x: number, y: number, [dx, dy]: Vector): void {
    this.vectors.set([dx, dy], 2 * (y * this.width + x));
  }
}

type Vector = readonly [dx: number, dy: number];

/** The plane and its halvings by area, finest first. */
export function lumaPyramid(width: number, height: number, samples: Float32Array, levels: number): Luma[] {
  const pyramid: Luma[] = [{ width, height, samples }];
  while (pyramid.length < levels) pyramid.push(halved(pyramid.at(-1)!));
  return pyramid;
}

/**
 * What brings the codes of luma to the mean and spread of the other picture's, if that brings the pictures much nearer to each
 * other: in a fade or a flash, blocks would match in brightness and not in shape. Else leaves them as they are.
 */
export function lightTowards(
  pyramid: readonly Luma[],
  other: readonly Luma[],
  { largestLight, flatDeviation, unlitShare }: SearchConstants,
): (code: number) => number {
  const own = pyramid.at(-1)!.samples;
  const target = other.at(-1)!.samples;
  const lit = lightFrom(own, target, flatDeviation, largestLight);
  let before = 0;
  let after = 0;
  for (const [i, code] of own.entries()) {
    before += Math.abs(target[i]! - code);
    after += Math.abs(target[i]! - lit(code));
  }
  return after > unlitShare * before ? (code) => code : lit;
}

/** Two pictures to search between, and how. */
interface MotionSearch {
  readonly current: readonly Luma[];
  readonly reference: readonly Luma[];
  readonly constants: SearchConstants;
  /** Cost of one pixel of difference to what is expected, in codes summed over the window. */
  readonly smoothness: number;
}

/**
 * Vectors from the current picture to the reference, in halvings of a pixel.
 *
 * @param expected a first guess on the finest grid
 */
export function searchMotion(search: MotionSearch, expected: VectorField): VectorField {
  const { current, constants } = search;
  let field = new VectorField(1, 1);
  for (let level = current.length - 1; level >= 0; level--) {
    const { width, height } = current[level]!;
    const next = new VectorField(Math.ceil(width / CELL), Math.ceil(height / CELL));
    const coarsest = level === current.length - 1;
    for (let y = 0; y < next.height; y++) {
      for (let x = 0; x < next.width; x++) {
        const [dx, dy] = coarsest ? [0, 0] : field.at(x >> 1, y >> 1);
        next.set(x, y, [2 * dx, 2 * dy]);
      }
    }
    const matcher = new LevelMatcher(search, level, expected, next);
    const reach = coarsest ? constants.firstReachPx : constants.reachPx;
    matcher.sweep(reach, false);
    matcher.sweep(reach, true);
    if (level === 0) matcher.refine();
    field = next;
  }
  return field;
}

/** The search on one level of the pyramids; improves its field in place. */
class LevelMatcher {
  readonly #current: Luma;
  readonly #reference: Luma;
  readonly #smoothness: number;
  readonly #constants: SearchConstants;
  readonly #level: number;
  readonly #expected: VectorField;
  readonly #start: VectorField;
  readonly #field: VectorField;

  constructor(
    { current, reference, smoothness, constants }: MotionSearch,
    level: number,
    expected: VectorField,
    field: VectorField,
  ) {
    this.#current = current[level]!;
    this.#reference = reference[level]!;
    this.#smoothness = smoothness;
    this.#constants = constants;
    this.#level = level;
    this.#expected = expected;
    this.#field = field;
    this.#start = new VectorField(field.width, field.height);
    this.#start.vectors.set(field.vectors);
  }

  sweep(reach: number, reverse: boolean): void {
    const { width, height } = this.#field;
    for (let i = 0; i < width * height; i++) {
      const cell = reverse ? width * height - 1 - i : i;
      this.#match(cell % width, Math.floor(cell / width), reach);
    }
  }

  #match(x: number, y: number, reach: number): void {
    const field = this.#field;
    const start = this.#start;
    const scale = 2 ** this.#level;
    const [ex, ey] = this.#expected.at(x * scale + (scale >> 1), y * scale + (scale >> 1));
    const guess: Vector = [Math.round(ex / scale), Math.round(ey / scale)];
    const centre = this.#median(x, y);
    let best: Vector = [0, 0];
    let least = Number.POSITIVE_INFINITY;
    const attempt = ([dx, dy]: Vector): boolean => {
      const vector: Vector = [Math.round(dx), Math.round(dy)];
      const cost = this.#difference(x, y, vector) + this.#smoothness * this.#penalty(vector, centre, guess);
      if (cost >= least) return false;
      least = cost;
      best = vector;
      return true;
    };
    const around = [field.at(x - 1, y), field.at(x + 1, y), field.at(x, y - 1), field.at(x, y + 1)];
    const candidates = [field.at(x, y), start.at(x, y), guess, [0, 0] as const, ...around];
    for (const vector of [...candidates, start.at(x + 1, y + 1), start.at(x - 1, y - 1)]) attempt(vector);
    for (let round = 0; round < this.#constants.rounds; round++) {
      const [cx, cy] = best;
      const r = round === 0 ? reach : this.#constants.reachPx;
      let better = false;
      for (let dy = -r; dy <= r; dy++) {
        for (let dx = -r; dx <= r; dx++) better = attempt([cx + dx, cy + dy]) || better;
      }
      if (!better) break;
    }
    field.set(x, y, best);
  }

  /** Halvings of a pixel around the whole-pixel vectors. */
  refine(): void {
    const { halvings, wholeBonusPx } = this.#constants;
    const steps = Array.from({ length: halvings }, (_, halving) => 0.5 ** (halving + 1));
    for (let y = 0; y < this.#field.height; y++) {
      for (let x = 0; x < this.#field.width; x++) {
        let best = this.#field.at(x, y);
        let least = this.#difference(x, y, best) - wholeBonusPx * this.#smoothness;
        for (const step of steps) {
          const [cx, cy] = best;
          for (let k = 0; k < 9; k++) {
            const vector: Vector = [cx + ((k % 3) - 1) * step, cy + (Math.floor(k / 3) - 1) * step];
            const cost = this.#difference(x, y, vector);
            if (cost >= least) continue;
            least = cost;
            best = vector;
          }
        }
        this.#field.set(x, y, best);
      }
    }
  }

  #penalty(v: Vector, a: Vector, b: Vector): number {
    const { longestPenaltyPx, predictionWeight } = this.#constants;
    const distance = (w: Vector): number =>
      Math.min(Math.abs(v[0] - w[0]) + Math.abs(v[1] - w[1]), longestPenaltyPx);
    return distance(a) + predictionWeight * distance(b);
  }

  #median(x: number, y: number): Vector {
    const middle = (a: number, b: number, c: number): number =>
      Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
    const [a, b, c] = [this.#field.at(x - 1, y), this.#field.at(x, y - 1), this.#field.at(x + 1, y)];
    return [middle(a[0], b[0], c[0]), middle(a[1], b[1], c[1])];
  }

  /** Sum of absolute differences over the window around a cell. */
  #difference(x: number, y: number, vector: Vector): number {
    let total = 0;
    overWindow(this.#current, this.#reference, this.#constants.windowPx, x, y, vector, (code, predicted) => {
      total += Math.abs(code - predicted);
    });
    return total;
  }
}

/** Calls `use` with all codes of the window around a cell, and their predictions, bilinear between samples. */
function overWindow(
  current: Luma,
  reference: Luma,
  window: number,
  x: number,
  y: number,
  [dx, dy]: Vector,
  use: (code: number, predicted: number) => void,
): void {
  const [wholeX, wholeY] = [Math.floor(dx), Math.floor(dy)];
  const [fx, fy] = [dx - wholeX, dy - wholeY];
  const left = x * CELL - (window - CELL) / 2;
  const top = y * CELL - (window - CELL) / 2;
  for (let j = 0; j < window; j++) {
    const row = clampIndex(top + j, current.height) * current.width;
    const upper = clampIndex(top + j + wholeY, reference.height) * reference.width;
    const lower = clampIndex(top + j + wholeY + 1, reference.height) * reference.width;
    for (let i = 0; i < window; i++) {
      const code = current.samples[row + clampIndex(left + i, current.width)]!;
      const a = clampIndex(left + i + wholeX, reference.width);
      let predicted = reference.samples[upper + a]!;
      if (fx > 0 || fy > 0) {
        const b = clampIndex(left + i + wholeX + 1, reference.width);
        const below = reference.samples[lower + a]!;
        const across = predicted + fx * (reference.samples[upper + b]! - predicted);
        predicted = across + fy * (below + fx * (reference.samples[lower + b]! - below) - across);
      }
      use(code, predicted);
    }
  }
}

function halved({ width, height, samples }: Luma): Luma {
  const out: Luma = {
    width: (width + 1) >> 1,
    height: (height + 1) >> 1,
    samples: new Float32Array(((width + 1) >> 1) * ((height + 1) >> 1)),
  };
  const at = (x: number, y: number): number => samples[clampIndex(y, height) * width + clampIndex(x, width)]!;
  for (let y = 0; y < out.height; y++) {
    for (let x = 0; x < out.width; x++) {
      const sum = at(2 * x, 2 * y) + at(2 * x + 1, 2 * y) + at(2 * x, 2 * y + 1) + at(2 * x + 1, 2 * y + 1);
      out.samples[y * out.width + x] = 0.25 * sum;
    }
  }
  return out;
}

/** How things move from a frame to the next: one displacement for each cell of the picture half way between them. */

import {
  CHOICE_ROUNDS,
  CHOICE_SHARPNESS,
  CODED_LIMIT_PX,
  CODED_PRICE,
  MOTION_GRID_PX,
  NEIGHBOUR_LIMIT_PX,
  NEIGHBOUR_PRICE,
  TRAJECTORY_LIMIT_PX,
  TRUST_FLOOR,
  TRUST_HANDICAP,
} from '../field/constants.js';
import { createPlane, type FloatPlane } from '../picture/floatPlane.js';
import { clampIndex } from '../picture/picture.js';
import { CellsAround } from './motion.js';
import { CubicSampler } from './plane.js';

/** Planes on the motion grid. */
export interface Trajectories {
  /** From the carrier to the other frame, in luma pixels. */
  readonly x: FloatPlane;
  readonly y: FloatPlane;
  /** How far each is believed, 0..1, rather than that things rest. */
  readonly trust: FloatPlane;
}

/** A displacement in luma pixels, and what it weighs before it is compared. */
interface Candidate {
  readonly x: number;
  readonly y: number;
  readonly weight: number;
}

/** The coded motion around where a cell's content was in the carrier. */
export interface CodedMotion {
  readonly mean: { readonly x: number; readonly y: number };
  readonly candidates: readonly Candidate[];
}

/** Neighbours of a cell, and all cells around it with itself, as steps on the grid. */
const NEIGHBOURS = [
  [-1, 0],
  [1, 0],
  [0, -1],
  [0, 1],
] as const;
const AROUND = [-1, 0, 1].flatMap((j) => [-1, 0, 1].map((i) => [i, j] as const));

/**
 * A file says how its frames are best predicted; half way, each cell takes what links the two frames best among what is said around it.
 * A mean that is weighed by what speaks for each, so that rounding errors stay small.
 *
 * @param carrier luma of the frame that has the motion, codes minus 128
 * @param other luma of the frame that it leads to
 * @param codedX motion by cell of the carrier, luma pixels
 */
export function trajectoriesBetween(
  carrier: FloatPlane,
  other: FloatPlane,
  codedX: FloatPlane,
  codedY: FloatPlane,
): Trajectories {
  const matcher = new CellMatcher(carrier, other);
  const { width, height } = codedX;
  const coded = codedMotionHalfWay(codedX, codedY);
  let x = createPlane(width, height);
  let y = createPlane(width, height);
  for (const [cell, { mean }] of coded.entries()) {
    x.samples[cell] = mean.x;
    y.samples[cell] = mean.y;
  }
  for (let round = 0; round < CHOICE_ROUNDS; round++) {
    const nextX = createPlane(width, height);
    const nextY = createPlane(width, height);
    for (const [cell, said] of coded.entries()) {
      const beside = ([i, j]: readonly [number, number]): Candidate => {
        const at =
          clampIndex(Math.floor(cell / width) + j, height) * width + clampIndex((cell % width) + i, width);
        return { x: x.samples[at]!, y: y.samples[at]!, weight: 1 };
      };
      const neighbours = NEIGHBOURS.map(beside);
      const candidates = [...said.candidates, ...AROUND.map(beside)];
      const costs = candidates.map((candidate) => {
        let cost = Math.sqrt(matcher.along(cell, width, candidate.x, candidate.y));
        cost += CODED_PRICE * Math.min(distance(candidate, said.mean), CODED_LIMIT_PX);
        for (const neighbour of neighbours)
          cost += NEIGHBOUR_PRICE * Math.min(distance(candidate, neighbour), NEIGHBOUR_LIMIT_PX);
        return cost;
      });
      const least = Math.min(...costs);
      const weights = candidates.map(
        ({ weight }, k) => weight * Math.exp(CHOICE_SHARPNESS * (least - costs[k]!)),
      );
      const total = weights.reduce((sum, weight) => sum + weight);
      for (const [k, candidate] of candidates.entries()) {
        nextX.samples[cell]! += (weights[k]! / total) * candidate.x;
        nextY.samples[cell]! += (weights[k]! / total) * candidate.y;
      }
    }
    [x, y] = [nextX, nextY];
  }
  const trust = createPlane(width, height);
  for (let cell = 0; cell < trust.samples.length; cell++) {
    trust.samples[cell] = matcher.trust(cell, width, x.samples[cell]!, y.samples[cell]!);
  }
  return { x, y, trust };
}

/** Motion by cell, luma pixels; only a damaged file says more. */
export function limited(plane: FloatPlane): FloatPlane {
  const clamp = (d: number): number => Math.min(Math.max(d, -TRAJECTORY_LIMIT_PX), TRAJECTORY_LIMIT_PX);
  return { ...plane, samples: plane.samples.map(clamp) };
}

function distance(a: { x: number; y: number }, b: { x: number; y: number }): number {
  return Math.abs(a.x - b.x) + Math.abs(a.y - b.y);
}

/** For each cell half way: what the carrier says around the place from which its content came. */
export function codedMotionHalfWay(codedX: FloatPlane, codedY: FloatPlane): CodedMotion[] {
  const [motionX, motionY] = [limited(codedX), limited(codedY)];
  const around = new CellsAround(motionX, MOTION_GRID_PX);
  return Array.from(motionX.samples, (_, cell) => {
    const centre = cellCentre(cell, motionX.width);
    around.moveTo(centre.x, centre.y);
    around.moveTo(centre.x - around.mean(motionX) / 2, centre.y - around.mean(motionY) / 2);
    const candidates = Array.from(around.cells, (at, k) => ({
      x: motionX.samples[at]!,
      y: motionY.samples[at]!,
      weight: around.weights[k]!,
    }));
    return {
      mean: { x: around.mean(motionX), y: around.mean(motionY) },
      candidates: candidates.filter(({ weight }) => weight > 0),
    };
  });
}

/** In luma pixels. */
export function cellCentre(cell: number, columns: number): { x: number; y: number } {
  const middle = (MOTION_GRID_PX - 1) / 2;
  return {
    x: MOTION_GRID_PX * (cell % columns) + middle,
    y: MOTION_GRID_PX * Math.floor(cell / columns) + middle,
  };
}

/** Compares two frames through the cells half way between them. */
class CellMatcher {
  readonly #carrier: FloatPlane;
  readonly #other: FloatPlane;
  readonly #sampler = new CubicSampler();

  constructor(carrier: FloatPlane, other: FloatPlane) {
    this.#carrier = carrier;
    this.#other = other;
  }

  /** Mean square, in codes, of the difference that a cell sees along a displacement. */
  along(cell: number, columns: number, dx: number, dy: number): number {
    const left = MOTION_GRID_PX * (cell % columns);
    const top = MOTION_GRID_PX * Math.floor(cell / columns);
    let sum = 0;
    for (let y = top; y < top + MOTION_GRID_PX; y++) {
      for (let x = left; x < left + MOTION_GRID_PX; x++) {
        const back = this.#sampler.at(this.#carrier, x - dx / 2, y - dy / 2);
        sum += (back - this.#sampler.at(this.#other, x + dx / 2, y + dy / 2)) ** 2;
      }
    }
    return sum / MOTION_GRID_PX ** 2;
  }

  /** How far a displacement is believed, 0..1. */
  trust(cell: number, columns: number, dx: number, dy: number): number {
    const doubt = TRUST_HANDICAP * this.along(cell, columns, dx, dy);
    const gain = this.along(cell, columns, 0, 0) + TRUST_FLOOR;
    return gain ** 2 / (gain ** 2 + doubt ** 2);
  }
}

/** Motion of the cells: its prediction, and the cells around a place. */

import { GRID_LIMIT, MOTION_GRID_PX } from '../field/constants.js';
import { displacement } from '../field/shape.js';
import type { MotionPrediction } from '../field/structure.js';
import type { FloatPlane } from '../picture/floatPlane.js';
import type { Chroma } from '../picture/picture.js';
import { clampIndex } from '../picture/picture.js';
import { addPlane } from './pyramid.js';

/**
 * Field of a node on the motion grid, planes as MOTION_COMPONENTS says: dx0, dy0 (luma pixels towards the first reference),
 * light (brightness less that of the prediction, relative to it), and with two references dx1, dy1, beta (logit of the
 * weight of the first).
 */
export type MotionField = readonly FloatPlane[];

/**
 * The prediction of a node's displacements plus what was coded.
 *
 * @param coded planes from the motion latents; changed in place and returned
 * @param fields motion fields of the nodes before, by node index
 */
export function addPredictedMotion(
  coded: MotionField,
  predictions: readonly (MotionPrediction | null)[],
  fields: readonly MotionField[],
): MotionField {
  for (const [ref, prediction] of predictions.entries()) {
    if (!prediction) continue;
    const source = fields[prediction.node]!;
    for (let axis = 0; axis < 2; axis++) {
      addPlane(
        coded[displacement(ref, axis)]!,
        scaled(source[displacement(prediction.field, axis)]!, prediction.scale),
      );
    }
  }
  return coded;
}

function scaled(plane: FloatPlane, scale: number): FloatPlane {
  return { ...plane, samples: plane.samples.map((value) => value * scale) };
}

/** Samples of plane `component` (0 Y, 1 Cb, 2 Cr) between the centres of two cells side by side. */
export function cellSide(component: number, chroma: Chroma): number {
  return component > 0 && chroma === '420' ? MOTION_GRID_PX / 2 : MOTION_GRID_PX;
}

/** The two cells of one axis whose centres lie around a real position, `side` samples apart; the weight of the second. */
export function axisCells(
  position: number,
  side: number,
  cells: number,
): { first: number; second: number; weight: number } {
  const place = Math.min(Math.max((position + 0.5) / side - 0.5, -GRID_LIMIT), cells - 1 + GRID_LIMIT);
  const first = Math.floor(place);
  return { first: clampIndex(first, cells), second: clampIndex(first + 1, cells), weight: place - first };
}

/** The four cells around a real place of a plane, with bilinear weights, which add up to 1. */
export class CellsAround {
  /** Indexes on the motion grid. */
  readonly cells = new Int32Array(4);
  readonly weights = new Float64Array(4);
  readonly #width: number;
  readonly #height: number;
  readonly #side: number;

  /** @param side samples between the centres of two cells side by side */
  constructor({ width, height }: FloatPlane, side: number) {
    this.#width = width;
    this.#height = height;
    this.#side = side;
  }

  moveTo(x: number, y: number): void {
    const column = axisCells(x, this.#side, this.#width);
    const row = axisCells(y, this.#side, this.#height);
    for (let k = 0; k < 4; k++) {
      const [below, right] = [k >> 1, k & 1];
      this.cells[k] = (below ? row.second : row.first) * this.#width + (right ? column.second : column.first);
      this.weights[k] = (below ? row.weight : 1 - row.weight) * (right ? column.weight : 1 - column.weight);
    }
  }

  /** The weighted mean of a plane of the grid. */
  mean({ samples }: FloatPlane): number {
    let sum = 0;
    for (let k = 0; k < 4; k++) sum += this.weights[k]! * samples[this.cells[k]!]!;
    return sum;
  }
}

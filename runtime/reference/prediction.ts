/** Prediction of a node from its references: the bilinear mean of what the cells around a sample predict (FORMAT.md, section 11). */

import { BETA, BLACK, LIGHT, MOTION_GRID_PX } from '../field/constants.js';
import { displacement, type FieldShape } from '../field/shape.js';
import { createPlane, type FloatPlane, type Planes } from '../picture/floatPlane.js';
import { clampIndex } from '../picture/picture.js';
import { axisCells, cellSide, type MotionField } from './motion.js';
import { cubicWeights } from './plane.js';

/** Y, Cb and Cr, predicted from one or two references by the motion of the node's cells. */
export function predict(
  { chroma }: FieldShape,
  references: readonly Planes[],
  motion: MotionField,
): FloatPlane[] {
  return [0, 1, 2].map((c) => {
    const side = cellSide(c, chroma);
    const planes = references.map((reference) => reference[c]!);
    return predictPlane(planes, motion, side, BLACK[c]!);
  });
}

function predictPlane(
  references: readonly FloatPlane[],
  motion: MotionField,
  side: number,
  black: number,
): FloatPlane {
  const { width, height } = references[0]!;
  const grid = motion[LIGHT]!;
  const columns = reaches(width, side, grid.width);
  const rows = reaches(height, side, grid.height);
  const out = createPlane(width, height);
  for (let cell = 0; cell < grid.width * grid.height; cell++) {
    const across = columns[cell % grid.width]!;
    const down = rows[Math.floor(cell / grid.width)]!;
    const light = grid.samples[cell]!;
    const first = references.length > 1 ? sigmoid(motion[BETA]!.samples[cell]!) : 1;
    const block = new Float64Array(across.weights.length * down.weights.length).fill(-light * black);
    for (const [r, reference] of references.entries()) {
      const share = (1 + light) * (r === 0 ? first : 1 - first);
      const [dx, dy] = [0, 1].map(
        (axis) => (side / MOTION_GRID_PX) * motion[displacement(r, axis)]!.samples[cell]!,
      );
      addDisplaced(reference, across, down, dx!, dy!, share, block);
    }
    for (const [j, weightDown] of down.weights.entries()) {
      const start = (down.start + j) * width + across.start;
      for (const [i, weight] of across.weights.entries()) {
        out.samples[start + i]! += weightDown * weight * block[j * across.weights.length + i]!;
      }
    }
  }
  return out;
}

/** The samples of one axis that a cell predicts, and its weight in each. */
interface Reach {
  readonly start: number;
  readonly weights: readonly number[];
}

/** Of every cell of an axis. */
function reaches(length: number, side: number, cells: number): Reach[] {
  const weights = Array.from({ length: cells }, () => new Map<number, number>());
  for (let position = 0; position < length; position++) {
    const { first, second, weight } = axisCells(position, side, cells);
    for (const [cell, part] of [
      [first, 1 - weight],
      [second, weight],
    ] as const) {
      weights[cell]!.set(position, (weights[cell]!.get(position) ?? 0) + part);
    }
  }
  return weights.map((of) => ({ start: Math.min(...of.keys()), weights: [...of.values()] }));
}

/** Adds share * plane(x + dx, y + dy) for a block of samples: four taps across, then four down. */
function addDisplaced(
  { width, height, samples }: FloatPlane,
  across: Reach,
  down: Reach,
  dx: number,
  dy: number,
  share: number,
  block: Float64Array,
): void {
  const [columns, rows] = [across.weights.length, down.weights.length];
  const [column, row] = [Math.floor(dx), Math.floor(dy)];
  const h = new Float64Array(4);
  const v = new Float64Array(4);
  cubicWeights(dx - column, h);
  cubicWeights(dy - row, v);
  const lines = new Float64Array(columns * (rows + 3));
  for (let j = 0; j < rows + 3; j++) {
    const line = clampIndex(down.start + row + j - 1, height) * width;
    for (let i = 0; i < columns; i++) {
      const x = across.start + column + i - 1;
      for (let tap = 0; tap < 4; tap++) {
        lines[j * columns + i]! += h[tap]! * samples[line + clampIndex(x + tap, width)]!;
      }
    }
  }
  for (let i = 0; i < columns * rows; i++) {
    for (let tap = 0; tap < 4; tap++) block[i]! += share * v[tap]! * lines[i + tap * columns]!;
  }
}

/** Weight of the first reference, 0..1. */
function sigmoid(beta: number): number {
  return 1 / (1 + Math.exp(-beta));
}

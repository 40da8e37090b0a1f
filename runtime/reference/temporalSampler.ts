/** Pictures between two frames: both neighbours, sampled along the trajectories that link them where these are believed. */

import { MOTION_GRID_PX, TRUST_FLOOR, TRUST_HANDICAP } from '../field/constants.js';
import { displacement, type FieldShape } from '../field/shape.js';
import { type FieldNode, linkAfter } from '../field/structure.js';
import { createPlane, type FloatPlane } from '../picture/floatPlane.js';
import { CellsAround, cellSide } from './motion.js';
import type { BakedNode } from './nodeBake.js';
import { CubicSampler } from './plane.js';

/**
 * Planes at `frame` + `phase`, at native size, in codes minus 128.
 *
 * @param phase between 0 and 1, both excluded
 */
export function planesBetween(
  shape: FieldShape,
  nodes: readonly FieldNode[],
  baked: readonly BakedNode[],
  frame: number,
  phase: number,
): FloatPlane[] {
  const link = linkAfter(nodes, frame);
  const carrier = baked[link.carrier]!;
  const other = baked[link.other]!;
  const elapsed = link.carrierIsLater ? 1 - phase : phase;
  const gridX = carrier.motion[displacement(link.field, 0)]!;
  const gridY = carrier.motion[displacement(link.field, 1)]!;
  const trust = trustOfCells(carrier.planes[0]!, other.planes[0]!, gridX, gridY, elapsed);
  return [0, 1, 2].map((c) => {
    const a = carrier.planes[c]!;
    const b = other.planes[c]!;
    const side = cellSide(c, shape.chroma);
    const scale = side / MOTION_GRID_PX;
    const around = new CellsAround(gridX, side);
    const sampler = new CubicSampler();
    const out = createPlane(a.width, a.height);
    for (let y = 0, i = 0; y < a.height; y++) {
      for (let x = 0; x < a.width; x++, i++) {
        // Where the carrier had what is here now: one step of a fixed-point iteration finds it well enough.
        around.moveTo(x, y);
        const fromX = x - elapsed * scale * around.mean(gridX);
        const fromY = y - elapsed * scale * around.mean(gridY);
        around.moveTo(fromX, fromY);
        const atRest = (1 - elapsed) * a.samples[i]! + elapsed * b.samples[i]!;
        let sum = 0;
        for (const [k, cell] of around.cells.entries()) {
          const dx = scale * gridX.samples[cell]!;
          const dy = scale * gridY.samples[cell]!;
          const back = sampler.at(a, x - elapsed * dx, y - elapsed * dy);
          const on = sampler.at(b, x + (1 - elapsed) * dx, y + (1 - elapsed) * dy);
          const moving = (1 - elapsed) * back + elapsed * on;
          sum += around.weights[k]! * (atRest + trust[cell]! * (moving - atRest));
        }
        out.samples[i] = sum;
      }
    }
    return out;
  });
}

/**
 * How far each cell's trajectory is believed, 0..1: by what it links, against what lies in one place in both frames.
 *
 * @param a luma of the frame whose cells they are
 * @param elapsed time since that frame, 0..1
 */
function trustOfCells(
  a: FloatPlane,
  b: FloatPlane,
  gridX: FloatPlane,
  gridY: FloatPlane,
  elapsed: number,
): Float64Array {
  const sampler = new CubicSampler();
  return Float64Array.from(gridX.samples, (dx, cell) => {
    const dy = gridY.samples[cell]!;
    if (dx === 0 && dy === 0) return 1; // both are the same
    const left = (cell % gridX.width) * MOTION_GRID_PX;
    const top = Math.floor(cell / gridX.width) * MOTION_GRID_PX;
    let along = 0;
    let atRest = 0;
    for (let y = top; y < top + MOTION_GRID_PX; y++) {
      for (let x = left; x < left + MOTION_GRID_PX; x++) {
        along += (sampler.at(a, x, y) - sampler.at(b, x + dx, y + dy)) ** 2;
        const nowX = x + elapsed * dx;
        const nowY = y + elapsed * dy;
        atRest += (sampler.at(a, nowX, nowY) - sampler.at(b, nowX, nowY)) ** 2;
      }
    }
    const doubt = ((TRUST_HANDICAP * along) / MOTION_GRID_PX ** 2) ** 2;
    const gain = (atRest / MOTION_GRID_PX ** 2 + TRUST_FLOOR) ** 2;
    return gain / (gain + doubt);
  });
}

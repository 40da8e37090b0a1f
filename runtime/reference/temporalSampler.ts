/** Pictures between two frames: both neighbours, sampled along the trajectories that link them where these are believed. */

import { MOTION_GRID_PX } from '../field/constants.js';
import { displacement, type FieldShape } from '../field/shape.js';
import { type FieldNode, linkAfter } from '../field/structure.js';
import { createPlane, type FloatPlane } from '../picture/floatPlane.js';
import { accelerationAfter } from './acceleration.js';
import { CellsAround, cellSide } from './motion.js';
import type { BakedNode } from './nodeBake.js';
import { CubicSampler } from './plane.js';
import { trajectoriesBetween } from './trajectories.js';

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
  const {
    x: gridX,
    y: gridY,
    trust,
  } = trajectoriesBetween(
    carrier.planes[0]!,
    other.planes[0]!,
    carrier.motion[displacement(link.field, 0)]!,
    carrier.motion[displacement(link.field, 1)]!,
  );
  const [accelerationX, accelerationY] = accelerationAfter(nodes, baked, frame);
  return [0, 1, 2].map((c) => {
    const a = carrier.planes[c]!;
    const b = other.planes[c]!;
    const side = cellSide(c, shape.chroma);
    const scale = side / MOTION_GRID_PX;
    // What speeds up is behind the middle of its way at half of the time.
    const bend = (scale * elapsed * (1 - elapsed)) / 2;
    const around = new CellsAround(gridX, side);
    const sampler = new CubicSampler();
    const out = createPlane(a.width, a.height);
    for (let y = 0, i = 0; y < a.height; y++) {
      for (let x = 0; x < a.width; x++, i++) {
        // Where what is here now is half way: one step of a fixed-point iteration finds it well enough.
        around.moveTo(x, y);
        const since = (elapsed - 0.5) * scale;
        around.moveTo(x - since * around.mean(gridX), y - since * around.mean(gridY));
        const atRest = (1 - elapsed) * a.samples[i]! + elapsed * b.samples[i]!;
        let sum = 0;
        for (const [k, cell] of around.cells.entries()) {
          const dx = scale * gridX.samples[cell]!;
          const dy = scale * gridY.samples[cell]!;
          const straightX = x + bend * accelerationX.samples[cell]!;
          const straightY = y + bend * accelerationY.samples[cell]!;
          const back = sampler.at(a, straightX - elapsed * dx, straightY - elapsed * dy);
          const on = sampler.at(b, straightX + (1 - elapsed) * dx, straightY + (1 - elapsed) * dy);
          const moving = (1 - elapsed) * back + elapsed * on;
          sum += around.weights[k]! * (atRest + trust.samples[cell]! * (moving - atRest));
        }
        out.samples[i] = sum;
      }
    }
    return out;
  });
}

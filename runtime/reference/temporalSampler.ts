/** Pictures between two frames: both neighbours, sampled along the trajectories that link them. */

import { displacement, type FieldShape } from '../field/shape.js';
import { type FieldNode, linkAfter } from '../field/structure.js';
import { chromaDisplacement, type Displacement, fieldAt, fieldAtPixels, warp } from './motion.js';
import type { BakedNode } from './nodeBake.js';
import { createPlane, type FloatPlane } from './plane.js';

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
  const motion = motionAtInstant(shape, carrier, link.field, elapsed);
  const towards = scaledDisplacements(shape, motion, 1 - elapsed);
  const back = scaledDisplacements(shape, motion, -elapsed);
  return [0, 1, 2].map((c) => {
    const a = warp(carrier.planes[c]!, back[c === 0 ? 0 : 1]);
    const b = warp(other.planes[c]!, towards[c === 0 ? 0 : 1]);
    return mix(a, b, elapsed);
  });
}

/**
 * The motion of what is at each pixel at the instant: p lies on the trajectory of the carrier's point p - e * M(p - ...),
 * which one step of a fixed-point iteration finds well enough.
 */
function motionAtInstant(
  shape: FieldShape,
  carrier: BakedNode,
  field: number,
  elapsed: number,
): Displacement {
  const { width, height } = shape;
  const gridX = carrier.motion[displacement(field, 0)]!;
  const gridY = carrier.motion[displacement(field, 1)]!;
  const startX = fieldAtPixels(gridX, width, height);
  const startY = fieldAtPixels(gridY, width, height);
  const dx = createPlane(width, height);
  const dy = createPlane(width, height);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      const fromX = x - elapsed * startX.samples[i]!;
      const fromY = y - elapsed * startY.samples[i]!;
      dx.samples[i] = fieldAt(gridX, fromX, fromY);
      dy.samples[i] = fieldAt(gridY, fromX, fromY);
    }
  }
  return { dx, dy };
}

/** Displacements of luma and of chroma. */
function scaledDisplacements(
  shape: FieldShape,
  motion: Displacement,
  scale: number,
): [Displacement, Displacement] {
  const times = (plane: FloatPlane): FloatPlane => ({
    ...plane,
    samples: plane.samples.map((value) => value * scale),
  });
  const luma = { dx: times(motion.dx), dy: times(motion.dy) };
  return [luma, chromaDisplacement(luma, shape.chroma)];
}

function mix(a: FloatPlane, b: FloatPlane, weightOfB: number): FloatPlane {
  const out = createPlane(a.width, a.height);
  for (let i = 0; i < out.samples.length; i++) {
    out.samples[i] = (1 - weightOfB) * a.samples[i]! + weightOfB * b.samples[i]!;
  }
  return out;
}

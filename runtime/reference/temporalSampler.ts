/** Pictures between two frames: both neighbours, sampled along the trajectories that link them. */

import type { FieldShape } from '../field/shape.js';
import type { FieldNode } from '../field/structure.js';
import type { BakedNode } from '../film/segmentDecoder.js';
import { chromaDisplacement, type Displacement, fieldAt, fieldAtPixels, warp } from './motion.js';
import { createPlane, type FloatPlane } from './plane.js';

/** Two neighbouring frames, one of which (the carrier) was coded with the other as a reference. */
export interface FrameLink {
  /** Node index of the carrier and of the other. */
  readonly carrier: number;
  readonly other: number;
  /** Which of the carrier's fields points to the other. */
  readonly field: number;
  /** True when the carrier is the later frame. */
  readonly carrierIsLater: boolean;
}

/**
 * The link between frames `frame` and `frame` + 1 of a segment. The structure guarantees that there is one.
 *
 * @throws RangeError if `frame` is the last of the segment, which is a mistake in the caller.
 */
export function linkAfter(nodes: readonly FieldNode[], frame: number): FrameLink {
  const earlier = nodes.findIndex((node) => node.frame === frame);
  const later = nodes.findIndex((node) => node.frame === frame + 1);
  const backward = nodes[later]?.refs.indexOf(earlier) ?? -1;
  if (backward >= 0) return { carrier: later, other: earlier, field: backward, carrierIsLater: true };
  const forward = nodes[earlier]?.refs.indexOf(later) ?? -1;
  if (forward < 0) throw new RangeError(`no link after frame ${frame}`);
  return { carrier: earlier, other: later, field: forward, carrierIsLater: false };
}

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
  const gridX = carrier.motion[2 * field]!;
  const gridY = carrier.motion[2 * field + 1]!;
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

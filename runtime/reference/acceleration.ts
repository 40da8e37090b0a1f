/** How the velocity of what moves changes from a frame to the next: what bends the ways between them. */

import { MOTION_GRID_PX } from '../field/constants.js';
import { displacement } from '../field/shape.js';
import { type FieldNode, linkAfter } from '../field/structure.js';
import { createPlane, type FloatPlane } from '../picture/floatPlane.js';
import { CellsAround } from './motion.js';
import type { BakedNode } from './nodeBake.js';
import { cellCentre, codedMotionHalfWay, limited } from './trajectories.js';

/**
 * For each cell half way between `frame` and the next one, what the coded motion of the intervals before and after says of where
 * its content came from and goes to: half of the change from the one to the other. An interval that the segment does not have
 * is as this one.
 *
 * @param baked nodes of a segment; their motion is read
 * @returns luma pixels per frame and frame, across and down
 */
export function accelerationAfter(
  nodes: readonly FieldNode[],
  baked: readonly Pick<BakedNode, 'motion'>[],
  frame: number,
): [FloatPlane, FloatPlane] {
  const { motion, forward } = carriedMotion(nodes, baked, frame);
  const coded = codedMotionHalfWay(...motion);
  const { width, height } = motion[0];
  const [x, y] = [createPlane(width, height), createPlane(width, height)];
  const before = frame > 0 ? new Velocities(nodes, baked, frame - 1) : undefined;
  const after = frame + 2 < nodes.length ? new Velocities(nodes, baked, frame + 1) : undefined;
  for (const [cell, { mean }] of coded.entries()) {
    const here = { x: forward * mean.x, y: forward * mean.y };
    const centre = cellCentre(cell, width);
    const from = before?.at(centre.x - here.x, centre.y - here.y) ?? here;
    const to = after?.at(centre.x + here.x, centre.y + here.y) ?? here;
    x.samples[cell] = (to.x - from.x) / 2;
    y.samples[cell] = (to.y - from.y) / 2;
  }
  return [x, y];
}

/** Of the carrier between `frame` and the next one, across and down; `forward` is -1 where it is the later of both. */
function carriedMotion(
  nodes: readonly FieldNode[],
  baked: readonly Pick<BakedNode, 'motion'>[],
  frame: number,
): { motion: [FloatPlane, FloatPlane]; forward: number } {
  const { carrier, field, carrierIsLater } = linkAfter(nodes, frame);
  const { motion } = baked[carrier]!;
  return {
    motion: [motion[displacement(field, 0)]!, motion[displacement(field, 1)]!],
    forward: carrierIsLater ? -1 : 1,
  };
}

/** Coded motion from a frame to the next one, whichever of them carries it. */
class Velocities {
  readonly #x: FloatPlane;
  readonly #y: FloatPlane;
  readonly #forward: number;
  readonly #around: CellsAround;

  constructor(nodes: readonly FieldNode[], baked: readonly Pick<BakedNode, 'motion'>[], frame: number) {
    const {
      motion: [x, y],
      forward,
    } = carriedMotion(nodes, baked, frame);
    this.#x = limited(x);
    this.#y = limited(y);
    this.#forward = forward;
    this.#around = new CellsAround(x, MOTION_GRID_PX);
  }

  at(x: number, y: number): { x: number; y: number } {
    this.#around.moveTo(x, y);
    return { x: this.#forward * this.#around.mean(this.#x), y: this.#forward * this.#around.mean(this.#y) };
  }
}

/** How things move between two frames, pass by pass: the formulas of runtime/reference/trajectories.ts. */

import { CHOICE_ROUNDS, TRAJECTORY_LIMIT_PX } from '../field/constants.js';
import type { FloatPlane } from '../picture/floatPlane.js';
import type { Texture } from './samplingDevice.js';
import type { Work } from './work.js';

/** Displacements across and down, or how they change, within the limits of both and side by side as a texture of pairs has them. */
export function pairsOf([x, y]: readonly [FloatPlane, FloatPlane]): Float32Array {
  const limited = (d: number): number => Math.min(Math.max(d, -TRAJECTORY_LIMIT_PX), TRAJECTORY_LIMIT_PX);
  const pairs = new Float32Array(2 * x.samples.length);
  for (const [i, across] of x.samples.entries()) pairs.set([limited(across), limited(y.samples[i]!)], 2 * i);
  return pairs;
}

/**
 * Fills `target` with the displacement of each cell half way, and with how far it is believed.
 *
 * @param carrier luma of the frame whose cells have the motion
 * @param other luma of the frame that it leads to
 * @param motion as it is coded, pairs
 * @param target quads of the motion's size
 */
export function addTrajectories(
  work: Work,
  carrier: Texture,
  other: Texture,
  motion: Texture,
  target: Texture,
): void {
  const take = (): Texture => work.take(motion.width, motion.height, 'pairs');
  let halfWay = take();
  work.add({ program: 'coded', inputs: [motion], parameters: [], target: halfWay });
  for (let round = 0; round < CHOICE_ROUNDS; round++) {
    const chosen = take();
    const inputs = [carrier, other, motion, halfWay];
    work.add({ program: 'choose', inputs, parameters: [], target: chosen });
    halfWay = chosen;
  }
  work.add({ program: 'trust', inputs: [carrier, other, halfWay], parameters: [], target });
}

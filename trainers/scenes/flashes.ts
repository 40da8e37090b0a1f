/** Flashes: pictures unlike those before and behind them, which are like each other. Nothing should be predicted from them. */

import { type AnchorGrid, segmentStructure } from '../../runtime/field/structure.js';
import type { Picture } from '../../runtime/picture/picture.js';
import { type Thumbnail, thumbnail } from './sceneCuts.js';

/** Most pictures of one flash. */
export const LONGEST_FLASH = 3;
/** A flash differs from what is around it by so many times as much as that from itself, and so many codes more. */
const FLASH_FACTOR = 3;
const FLASH_CODES = 4;
/** How much worse it is to have nothing but a flash to be predicted from. */
const ONLY_REFERENCE = 4;

/** Which pictures of a scene belong to flashes. */
export function flashes(scene: readonly Picture[]): boolean[] {
  const thumbnails = scene.map(thumbnail);
  const found = scene.map(() => false);
  for (let before = 0; before < scene.length; before++) {
    const last = Math.min(before + LONGEST_FLASH + 1, scene.length - 1);
    for (let behind = before + 2; behind <= last; behind++) {
      const ends = [thumbnails[before]!, thumbnails[behind]!] as const;
      const limit = FLASH_FACTOR * difference(...ends) + FLASH_CODES;
      for (let between = before + 1; between < behind; between++) {
        found[between] ||= ends.every((end) => difference(end, thumbnails[between]!) > limit);
      }
    }
  }
  return found;
}

/** The place of the first anchor at which the fewest pictures are predicted from a flash: the usual one if it can be. */
export function firstAnchorOf(
  flash: readonly boolean[],
  anchorDistance: number,
  laterDistances?: AnchorGrid['laterDistances'],
): number {
  let best = { firstAnchor: anchorDistance, cost: Number.POSITIVE_INFINITY };
  for (let firstAnchor = anchorDistance; firstAnchor > 0; firstAnchor--) {
    const nodes = segmentStructure({ frames: flash.length, anchorDistance, laterDistances, firstAnchor });
    let cost = 0;
    for (const { refs } of nodes) {
      const spoilt = refs.filter((ref) => flash[nodes[ref]!.frame]).length;
      cost += spoilt * (refs.length > 1 ? 1 : ONLY_REFERENCE);
    }
    if (cost < best.cost) best = { firstAnchor, cost };
  }
  return best.firstAnchor;
}

/** Mean absolute difference in codes. */
function difference(a: Thumbnail, b: Thumbnail): number {
  let total = 0;
  for (const [i, code] of a.luma.entries()) total += Math.abs(code - b.luma[i]!);
  return total / a.luma.length;
}

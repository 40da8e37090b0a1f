/** Any places that the anchors of a segment may have. */

import fc from 'fast-check';
import { ANCHOR_DISTANCES, MAX_SEGMENT_FRAMES } from '../../runtime/field/constants.js';
import { type AnchorGrid, stretchCount } from '../../runtime/field/structure.js';

/** @param longest most frames of a segment */
export function anchorGrids({ longest = MAX_SEGMENT_FRAMES } = {}): fc.Arbitrary<AnchorGrid> {
  const distances = fc.constantFrom(...ANCHOR_DISTANCES);
  return fc
    .record({ frames: fc.integer({ min: 1, max: longest }), anchorDistance: distances })
    .chain((start) => {
      const later = stretchCount(start.frames) - 1;
      return fc.record({
        frames: fc.constant(start.frames),
        anchorDistance: fc.constant(start.anchorDistance),
        firstAnchor: fc.integer({ min: 1, max: start.anchorDistance }),
        laterDistances: fc.array(distances, { minLength: later, maxLength: later }),
      });
    });
}

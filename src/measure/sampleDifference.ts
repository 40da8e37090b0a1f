import type { Picture } from '../../runtime/picture/picture.js';
import { assertAlike } from './psnr.js';

/** How far the codes of pictures lie apart, all planes together. They add up over pictures. */
export interface SampleDifference {
  samples: number;
  /** Samples that differ by at most 1. */
  within1: number;
  largest: number;
}

/** No difference over no samples. */
export function noDifference(): SampleDifference {
  return { samples: 0, within1: 0, largest: 0 };
}

/**
 * Adds what lies between two pictures to `total`, in place.
 *
 * @throws RangeError if size or chroma differ.
 */
export function addDifference(total: SampleDifference, a: Picture, b: Picture): void {
  assertAlike(a, b);
  for (const [plane, codes] of a.planes.entries()) {
    const others = b.planes[plane]!;
    for (let i = 0; i < codes.length; i++) {
      const difference = Math.abs(codes[i]! - others[i]!);
      if (difference <= 1) total.within1++;
      if (difference > total.largest) total.largest = difference;
    }
    total.samples += codes.length;
  }
}

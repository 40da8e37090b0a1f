import { createPicture, type Picture } from '../../runtime/picture/picture.js';
import { assertAlike } from './psnr.js';

/**
 * Pictures at `factor` times the rate, from the first to the last one: each the blend of the two nearest by nearness.
 *
 * @param factor whole, 1 or more
 * @returns `factor` pictures an interval and the last; none of none
 * @throws RangeError if size or chroma differ.
 */
export function crossFaded(pictures: readonly Picture[], factor: number): Picture[] {
  const count = pictures.length === 0 ? 0 : factor * (pictures.length - 1) + 1;
  return Array.from({ length: count }, (_, index) => {
    const before = pictures[Math.floor(index / factor)]!;
    const after = pictures[Math.ceil(index / factor)]!;
    return blend(before, after, (index % factor) / factor);
  });
}

/**
 * The cross-fade of two pictures, rounded to the nearest code.
 *
 * @param weightOfB 0 gives `a`, 1 gives `b`
 * @throws RangeError if size or chroma differ.
 */
export function blend(a: Picture, b: Picture, weightOfB: number): Picture {
  assertAlike(a, b);
  const out = createPicture(a.width, a.height, a.chroma);
  for (const [plane, codes] of out.planes.entries()) {
    const [from, to] = [a.planes[plane]!, b.planes[plane]!];
    for (let i = 0; i < codes.length; i++)
      codes[i] = Math.floor(from[i]! + weightOfB * (to[i]! - from[i]!) + 0.5);
  }
  return out;
}

import { createPicture, type Picture } from '../../runtime/picture/picture.js';
import { assertAlike } from './psnr.js';

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

import { type Chroma, chromaSize, createPicture, type Picture } from '../../runtime/picture/picture.js';

/** The largest even size that fits; halves of it are whole. */
export function evenSize({ width, height }: { width: number; height: number }): {
  width: number;
  height: number;
} {
  return { width: width - (width % 2), height: height - (height % 2) };
}

/** The left upper part of a picture. */
export function cropped(picture: Picture, width: number, height: number): Picture {
  if (width === picture.width && height === picture.height) return picture;
  const out = createPicture(width, height, picture.chroma);
  for (const { plane, from, to } of planeSizes(picture, out)) {
    for (let y = 0; y < to.height; y++) {
      const row = picture.planes[plane].subarray(y * from.width, y * from.width + to.width);
      out.planes[plane].set(row, y * to.width);
    }
  }
  return out;
}

/**
 * Half a picture of even size: every sample is the mean of 2x2, halves rounded up. Where chroma has an odd number of
 * samples, the last one is the mean of those that are there.
 *
 * @throws RangeError if width or height is odd
 */
export function halved(picture: Picture): Picture {
  const { width, height, chroma } = picture;
  if (width % 2 !== 0 || height % 2 !== 0) throw new RangeError(`${width}x${height} cannot be halved.`);
  const out = createPicture(width / 2, height / 2, chroma);
  for (const { plane, from, to } of planeSizes(picture, out)) {
    const samples = picture.planes[plane];
    for (let y = 0, at = 0; y < to.height; y++) {
      const above = 2 * y * from.width;
      const below = Math.min(2 * y + 1, from.height - 1) * from.width;
      for (let x = 0; x < to.width; x++, at++) {
        const left = 2 * x;
        const right = Math.min(left + 1, from.width - 1);
        const sum =
          samples[above + left]! + samples[above + right]! + samples[below + left]! + samples[below + right]!;
        out.planes[plane][at] = (sum + 2) >> 2;
      }
    }
  }
  return out;
}

interface Sized {
  width: number;
  height: number;
  chroma: Chroma;
}

function planeSizes(from: Sized, to: Sized) {
  return ([0, 1, 2] as const).map((plane) => ({
    plane,
    from: plane === 0 ? from : chromaSize(from.width, from.height, from.chroma),
    to: plane === 0 ? to : chromaSize(to.width, to.height, to.chroma),
  }));
}

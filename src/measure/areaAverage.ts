import { type Chroma, chromaSize, createPicture, type Picture } from '../../runtime/picture/picture.js';

/**
 * The largest size that fits and is whole when divided by `factor`.
 *
 * @param factor a ratio of small whole numbers: 2, 3, 1.5
 */
export function wholeSize({ width, height }: { width: number; height: number }, factor: number) {
  const unit = [1, 2, 3, 4, 5, 6, 7, 8].find((count) => Number.isInteger(count / factor));
  if (unit === undefined) throw new RangeError(`no whole number of samples is ${factor} times another`);
  return { width: width - (width % unit), height: height - (height % unit) };
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
 * A picture `factor` times smaller: every sample is the mean of the area that it covers, halves rounded up. Where chroma has no
 * whole number of areas, the last one is the mean of what is there.
 *
 * @throws RangeError if width or height is not a whole number then
 */
export function areaAverage(picture: Picture, factor: number): Picture {
  const [width, height] = [picture.width / factor, picture.height / factor];
  if (!Number.isInteger(width) || !Number.isInteger(height))
    throw new RangeError(`${picture.width}x${picture.height} cannot be divided by ${factor}.`);
  const out = createPicture(width, height, picture.chroma);
  for (const { plane, from, to } of planeSizes(picture, out)) {
    const columns = Array.from({ length: to.width }, (_, x) => areaOf(x, factor, from.width));
    for (let y = 0, at = 0; y < to.height; y++) {
      const rows = areaOf(y, factor, from.height);
      for (let x = 0; x < to.width; x++, at++) {
        let sum = 0;
        let covered = 0;
        for (const [row, down] of rows) {
          for (const [column, across] of columns[x]!) {
            sum += down * across * picture.planes[plane][row * from.width + column]!;
            covered += down * across;
          }
        }
        out.planes[plane][at] = Math.floor(sum / covered + 0.5);
      }
    }
  }
  return out;
}

/** The samples on an axis that an output covers, and how much of each. */
function areaOf(
  output: number,
  factor: number,
  samples: number,
): (readonly [sample: number, part: number])[] {
  const [start, end] = [output * factor, Math.min((output + 1) * factor, samples)];
  const first = Math.floor(start);
  return Array.from({ length: Math.ceil(end) - first }, (_, i) => {
    const sample = first + i;
    return [sample, Math.min(sample + 1, end) - Math.max(sample, start)];
  });
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

import type { Picture } from '../../runtime/picture/picture.js';
import { composeSheet, type Rectangle, type SheetCell } from '../demo/sheet.js';
import { assertAlike } from '../measure/psnr.js';
import { type ComparedWays, pictureAt } from './benchFilm.js';

/** Largest side of a region, in luma samples. */
const SIDE = 160;
/** Regions are tried this far from each other, in luma samples: even, so that chroma lies alike in all. */
const STEP = 8;

/** A part of one of the compared pictures, in luma samples. */
export interface CropRegion extends Rectangle {
  /** Index of the picture, from 0. */
  picture: number;
}

/** The true pictures and those of the ways, by their names. */
type Pictures = Pick<ComparedWays, 'truth' | 'ways'>;

/**
 * The region where the squared error of luma differs most between the worst and the best way. It is 160x160 samples, or as
 * much of that as the picture has, and begins at even samples.
 *
 * @throws RangeError if there are no pictures, or their number, size or chroma differ.
 */
export function regionOfDifference({ truth, ways }: Pictures): CropRegion {
  const [first] = truth;
  if (!first) throw new RangeError('Without pictures there is no region of one.');
  const size = { width: Math.min(SIDE, first.width), height: Math.min(SIDE, first.height) };
  let chosen: CropRegion = { picture: 0, x: 0, y: 0, ...size };
  let largest = 0;
  for (const [picture, original] of truth.entries()) {
    const sums = Object.values(ways).map((pictures) => errorSums(original, pictureAt(pictures, picture)));
    for (const y of offsets(first.height, size.height)) {
      for (const x of offsets(first.width, size.width)) {
        const region = { picture, x, y, ...size };
        const errors = sums.map((sum) => errorWithin(sum, region, first.width));
        const difference = Math.max(...errors) - Math.min(...errors);
        if (difference > largest) [largest, chosen] = [difference, region];
      }
    }
  }
  return chosen;
}

/**
 * One region of the truth and of every way, side by side with their names, the truth first. Where it is narrow, its samples
 * are repeated so often that the names have room.
 *
 * @returns a 4:4:4 picture
 */
export function cropSheet({ truth, ways }: Pictures, { picture, ...crop }: CropRegion): Picture {
  const times = Math.ceil(SIDE / crop.width);
  const cells = Object.entries({ truth, ...ways }).map(
    ([label, pictures]): SheetCell => ({ label, picture: pictureAt(pictures, picture), crop }),
  );
  return composeSheet([cells], times * crop.width, times * crop.height);
}

/** Where regions begin on an axis of `length` samples: the last one ends at its end, or one sample before. */
function offsets(length: number, side: number): number[] {
  const last = 2 * Math.floor((length - side) / 2);
  return [...Array.from({ length: Math.ceil(last / STEP) }, (_, index) => STEP * index), last];
}

/** Squared errors of luma, each summed over all samples above and left of a corner; shape (height + 1, width + 1). */
function errorSums(a: Picture, b: Picture): Float64Array {
  assertAlike(a, b);
  const { width, height } = a;
  const sums = new Float64Array((width + 1) * (height + 1));
  for (let y = 0, at = 0; y < height; y++) {
    const row = (y + 1) * (width + 1);
    for (let x = 0, sum = 0; x < width; x++, at++) {
      sum += (a.planes[0][at]! - b.planes[0][at]!) ** 2;
      sums[row + x + 1] = sums[row - width + x]! + sum;
    }
  }
  return sums;
}

function errorWithin(sums: Float64Array, { x, y, width, height }: Rectangle, pictureWidth: number): number {
  const sum = (right: number, down: number) => sums[(y + down) * (pictureWidth + 1) + x + right]!;
  return sum(width, height) - sum(0, height) - sum(width, 0) + sum(0, 0);
}

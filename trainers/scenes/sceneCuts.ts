/** Scene cuts, found on thumbnails: where motion no longer explains the next picture. */

import type { Picture } from '../../runtime/picture/picture.js';
import { lightFrom } from './brightness.js';

/** Luma averaged over squares. */
export interface Thumbnail {
  readonly width: number;
  readonly height: number;
  readonly luma: Float32Array;
}

const THUMBNAIL_WIDTH = 64;
const BLOCK = 4;
/** How far each block is searched for, around where the whole picture may have gone. */
const REACH = 3;
/** Shifts of the whole picture leave at least this share of its width and of its height in sight. */
const LEAST_OVERLAP = 0.7;
/** A pan: the shifted picture before leaves at most this share of the difference to the one that stands still. */
const PAN_SHARE = 0.75;
/** A cut: what motion leaves is more than this share of what a flat guess leaves, and more than this many codes a sample. */
const INTER_SHARE = 0.75;
const MIN_CODES = 6;
/** Pictures that deviate less from their mean are not brightened, in codes. */
const FLAT_DEVIATION = 1;

export function thumbnail(picture: Picture): Thumbnail {
  const scale = Math.max(1, Math.ceil(picture.width / THUMBNAIL_WIDTH));
  const width = Math.floor(picture.width / scale);
  const height = Math.max(1, Math.floor(picture.height / scale));
  const luma = new Float32Array(width * height);
  for (let y = 0; y < height * scale; y++) {
    const row = Math.floor(y / scale) * width;
    for (let x = 0; x < width * scale; x++) {
      luma[row + Math.floor(x / scale)]! += picture.planes[0][y * picture.width + x]! / (scale * scale);
    }
  }
  return { width, height, luma };
}

/**
 * Whether `next` begins a new scene: not explained by motion, nor by motion in another light.
 *
 * @param leastCodes what motion leaves of a sample in a new scene, at least
 */
export function isCut(previous: Thumbnail, next: Thumbnail, leastCodes = MIN_CODES): boolean {
  if (!isUnexplained(previous, next, leastCodes, [STILL])) return false;
  const lit = previous.luma.map(lightFrom(previous.luma, next.luma, FLAT_DEVIATION));
  return [previous, { ...previous, luma: lit }].every((from) =>
    isUnexplained(from, next, leastCodes, [STILL, shiftBetween(from, next)]),
  );
}

/** A displacement in samples, from the next picture to the one before. */
interface Shift {
  readonly dx: number;
  readonly dy: number;
}

const STILL: Shift = { dx: 0, dy: 0 };

/** Where the whole picture has gone in a fast pan: the shift with the least mean difference where both have samples; else nowhere. */
function shiftBetween(previous: Thumbnail, next: Thumbnail): Shift {
  const { width, height } = next;
  const farX = Math.floor(width * (1 - LEAST_OVERLAP));
  const farY = Math.floor(height * (1 - LEAST_OVERLAP));
  let best = STILL;
  let least = PAN_SHARE * shiftedDifference(previous, next, STILL);
  for (let dy = -farY; dy <= farY; dy++) {
    for (let dx = -farX; dx <= farX; dx++) {
      const difference = shiftedDifference(previous, next, { dx, dy });
      if (difference >= least) continue;
      least = difference;
      best = { dx, dy };
    }
  }
  return best;
}

function shiftedDifference(previous: Thumbnail, next: Thumbnail, { dx, dy }: Shift): number {
  const { width, height } = next;
  const [left, right] = [Math.max(0, -dx), Math.min(width, width - dx)];
  const [top, bottom] = [Math.max(0, -dy), Math.min(height, height - dy)];
  let total = 0;
  for (let y = top; y < bottom; y++) {
    const from = (y + dy) * width + dx;
    for (let x = left; x < right; x++)
      total += Math.abs(next.luma[y * width + x]! - previous.luma[from + x]!);
  }
  return total / ((right - left) * (bottom - top));
}

function isUnexplained(
  previous: Thumbnail,
  next: Thumbnail,
  leastCodes: number,
  shifts: readonly Shift[],
): boolean {
  let inter = 0;
  let intra = 0;
  let samples = 0;
  for (let y = 0; y + BLOCK <= next.height; y += BLOCK) {
    for (let x = 0; x + BLOCK <= next.width; x += BLOCK) {
      const flat = flatDifference(next, x, y);
      const moved = shifts.map((shift) => motionDifference(previous, next, x, y, shift));
      inter += Math.min(...moved, flat * 2);
      intra += flat;
      samples += BLOCK * BLOCK;
    }
  }
  return samples > 0 && inter > INTER_SHARE * intra && inter > leastCodes * samples;
}

function flatDifference(t: Thumbnail, x: number, y: number): number {
  let mean = 0;
  for (let i = 0; i < BLOCK * BLOCK; i++) mean += sample(t, x + (i % BLOCK), y + Math.floor(i / BLOCK));
  mean /= BLOCK * BLOCK;
  let total = 0;
  for (let i = 0; i < BLOCK * BLOCK; i++) {
    total += Math.abs(sample(t, x + (i % BLOCK), y + Math.floor(i / BLOCK)) - mean);
  }
  return total;
}

/** Least sum of absolute differences over whole-sample displacements around a shift. */
function motionDifference(previous: Thumbnail, next: Thumbnail, x: number, y: number, shift: Shift): number {
  let best = Number.POSITIVE_INFINITY;
  for (let dy = -REACH; dy <= REACH; dy++) {
    for (let dx = -REACH; dx <= REACH; dx++) {
      best = Math.min(best, displaced(previous, next, x, y, shift.dx + dx, shift.dy + dy));
    }
  }
  return best;
}

function displaced(a: Thumbnail, b: Thumbnail, x: number, y: number, dx: number, dy: number): number {
  if (x + dx < 0 || y + dy < 0 || x + dx + BLOCK > a.width || y + dy + BLOCK > a.height) {
    return Number.POSITIVE_INFINITY;
  }
  let total = 0;
  for (let j = 0; j < BLOCK; j++) {
    for (let i = 0; i < BLOCK; i++) {
      total += Math.abs(sample(b, x + i, y + j) - sample(a, x + i + dx, y + j + dy));
    }
  }
  return total;
}

function sample(t: Thumbnail, x: number, y: number): number {
  return t.luma[y * t.width + x]!;
}

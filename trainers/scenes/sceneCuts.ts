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
const REACH = 3;
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

/** Whether `next` begins a new scene: not explained by motion, nor by motion in another light. */
export function isCut(previous: Thumbnail, next: Thumbnail): boolean {
  if (!isUnexplained(previous, next)) return false;
  const lit = previous.luma.map(lightFrom(previous.luma, next.luma, FLAT_DEVIATION));
  return isUnexplained({ ...previous, luma: lit }, next);
}

function isUnexplained(previous: Thumbnail, next: Thumbnail): boolean {
  let inter = 0;
  let intra = 0;
  let samples = 0;
  for (let y = 0; y + BLOCK <= next.height; y += BLOCK) {
    for (let x = 0; x + BLOCK <= next.width; x += BLOCK) {
      const flat = flatDifference(next, x, y);
      inter += Math.min(motionDifference(previous, next, x, y), flat * 2);
      intra += flat;
      samples += BLOCK * BLOCK;
    }
  }
  return samples > 0 && inter > INTER_SHARE * intra && inter > MIN_CODES * samples;
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

/** Least sum of absolute differences over whole-sample displacements. */
function motionDifference(previous: Thumbnail, next: Thumbnail, x: number, y: number): number {
  let best = Number.POSITIVE_INFINITY;
  for (let dy = -REACH; dy <= REACH; dy++) {
    for (let dx = -REACH; dx <= REACH; dx++) best = Math.min(best, displaced(previous, next, x, y, dx, dy));
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

/** Pictures in short: the mean of every block of 8 x 8 samples, plane by plane. */

import { chromaSize, type Picture } from '../../runtime/picture/picture.js';

const BLOCK_PX = 8;

/** Blocks of one plane in rows; those at the right and at the bottom may be smaller. */
export interface Block {
  readonly mean: number;
  readonly samples: number;
}

/** Of Y, Cb and Cr. */
export function blocksOf(picture: Picture): Block[][] {
  const chroma = chromaSize(picture.width, picture.height, picture.chroma);
  return picture.planes.map((codes, plane) => {
    const { width, height } = plane === 0 ? picture : chroma;
    const blocks: Block[] = [];
    for (let y = 0; y < height; y += BLOCK_PX) {
      for (let x = 0; x < width; x += BLOCK_PX) blocks.push(blockAt(codes, width, height, x, y));
    }
    return blocks;
  });
}

function blockAt(codes: Uint8Array, width: number, height: number, left: number, top: number): Block {
  let sum = 0;
  let samples = 0;
  for (let y = top; y < Math.min(top + BLOCK_PX, height); y++) {
    for (let x = left; x < Math.min(left + BLOCK_PX, width); x++, samples++) sum += codes[y * width + x]!;
  }
  return { mean: sum / samples, samples };
}

/** Means of the blocks of each plane, in text. */
export function meansText(picture: Picture): string[] {
  return blocksOf(picture).map((blocks) => blocks.map(({ mean }) => mean.toFixed(2)).join(' '));
}

/** Samples of a block that may be rounded to the other side on another machine. */
const ROUNDED_SAMPLES = 2;
const TEXT_PRECISION = 0.005;

/** Whether the picture has the means of `text`, but for rounding of a few samples in each block. */
export function hasMeans(picture: Picture, text: readonly string[]): boolean {
  return blocksOf(picture).every((blocks, plane) => {
    const means = text[plane]!.split(' ').map(Number);
    return (
      means.length === blocks.length &&
      blocks.every(({ mean, samples }, i) => {
        return Math.abs(mean - means[i]!) <= ROUNDED_SAMPLES / samples + TEXT_PRECISION;
      })
    );
  });
}

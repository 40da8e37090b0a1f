/** A latent plane with a border of zeros, so that contexts read their neighbours without looking where the edge is. */

import { BLOCK_HEIGHT, BLOCK_WIDTH } from '../field/constants.js';

const BLOCK_WIDTH_BITS = Math.log2(BLOCK_WIDTH);
const BLOCK_HEIGHT_BITS = Math.log2(BLOCK_HEIGHT);

/** Contexts reach two columns to each side, two rows up and one row down. */
const BORDER = 2;

export class PaddedPlane {
  readonly width: number;
  readonly height: number;
  readonly stride: number;
  readonly values: Int32Array;
  readonly blocksWide: number;
  readonly blocksHigh: number;
  /** 1 for every block with a latent that is not zero. */
  readonly blocks: Uint8Array;
  occupied = false;

  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    this.stride = width + 2 * BORDER;
    this.values = new Int32Array(this.stride * (height + BORDER + 1));
    this.blocksWide = ((width - 1) >> BLOCK_WIDTH_BITS) + 1;
    this.blocksHigh = ((height - 1) >> BLOCK_HEIGHT_BITS) + 1;
    this.blocks = new Uint8Array(this.blocksWide * this.blocksHigh);
  }

  index(x: number, y: number): number {
    return (y + BORDER) * this.stride + x + BORDER;
  }

  /** Takes a tightly packed plane that starts at `offset` and marks what is occupied. */
  load(latents: Int32Array, offset: number): void {
    for (let y = 0, from = offset; y < this.height; y++) {
      const blockRow = (y >> BLOCK_HEIGHT_BITS) * this.blocksWide;
      for (let x = 0, at = this.index(0, y); x < this.width; x++, at++, from++) {
        const value = latents[from]!;
        if (value === 0) continue;
        this.values[at] = value;
        this.blocks[blockRow + (x >> BLOCK_WIDTH_BITS)] = 1;
        this.occupied = true;
      }
    }
  }

  /** Writes the plane, tightly packed, at `offset`. */
  store(latents: Int32Array, offset: number): void {
    for (let y = 0, to = offset; y < this.height; y++, to += this.width) {
      const at = this.index(0, y);
      latents.set(this.values.subarray(at, at + this.width), to);
    }
  }
}

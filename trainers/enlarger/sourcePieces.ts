/** Pieces of the source that an enlarger will be trained with: of frames from all of the film, however long that is. */

import { clampIndex, type Picture } from '../../runtime/picture/picture.js';
import { TRAINING_CONSTANTS } from '../trainingConstants.js';

/** Side of a piece, in luma samples, and of its middle, by which an enlarger is judged. */
export const PIECE_PX = 72;
const MIDDLE_PX = 48;

/** Squares of the luma of one frame. */
export interface FramePieces {
  readonly frame: number;
  readonly pieces: readonly Piece[];
}

export interface Piece {
  /** Its first sample. */
  readonly x: number;
  readonly y: number;
  /** (PIECE_PX, PIECE_PX), codes. */
  readonly codes: Uint8Array;
}

/** Is shown every frame once, and keeps pieces of some: each frame is as likely among them. */
export class SourcePieces {
  readonly #random: () => number;
  readonly #kept: FramePieces[] = [];
  #frames = 0;

  /** @param random 0..1 */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** The next frame of the film. */
  see(picture: Picture): void {
    const frame = this.#frames++;
    if (Math.min(picture.width, picture.height) < MIDDLE_PX) return;
    const { frames } = TRAINING_CONSTANTS.enlarger;
    const place = frame < frames ? frame : Math.floor(this.#random() * (frame + 1));
    if (place < frames) this.#kept[place] = { frame, pieces: this.#piecesOf(picture) };
  }

  /** In the order of the film. */
  get kept(): readonly FramePieces[] {
    return this.#kept.toSorted((a, b) => a.frame - b.frame);
  }

  #piecesOf({ width, height, planes: [luma] }: Picture): Piece[] {
    return Array.from({ length: TRAINING_CONSTANTS.enlarger.piecesOfFrame }, () => {
      const [x, y] = [this.#placeIn(width), this.#placeIn(height)];
      return { x, y, codes: cutOut(luma, width, height, x, y) };
    });
  }

  /** Inside, where there is room for that; else the middle is. */
  #placeIn(side: number): number {
    const room = side - PIECE_PX;
    return room < 0 ? Math.floor(room / 2) : Math.floor(this.#random() * (room + 1));
  }
}

/** The piece of a plane of codes that begins at (x, y); the border goes on beyond the plane. */
export function cutOut(plane: Uint8Array, width: number, height: number, x: number, y: number): Uint8Array {
  const codes = new Uint8Array(PIECE_PX ** 2);
  for (let row = 0, at = 0; row < PIECE_PX; row++) {
    const start = clampIndex(y + row, height) * width;
    for (let column = 0; column < PIECE_PX; column++, at++)
      codes[at] = plane[start + clampIndex(x + column, width)]!;
  }
  return codes;
}

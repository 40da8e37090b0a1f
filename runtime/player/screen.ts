/** What shows pictures: a canvas and whatever draws on it. There is one for GPUs and one for processors. */

import type { View } from '../gpu/planeSampler.js';
import type { PieceStore } from './frameQueue.js';
import type { Renderer } from './rendererChoice.js';

/** What a picture is drawn from. */
export interface Shot<Piece> {
  readonly piece: Piece;
  /** The piece of the next frame, where `phase` is above 0. */
  readonly next?: Piece | undefined;
  /** 0 at the piece, up to 1 (excluded) towards the next one. */
  readonly phase: number;
}

/** Draws pieces of one film on a canvas of its own. */
export interface Screen<Piece = unknown> extends PieceStore<Piece> {
  readonly renderer: Renderer;
  /** What draws: words for people. */
  readonly device: string;
  readonly canvas: HTMLCanvasElement;
  /** Whether pictures between two frames are made here, from the pieces of both; else each is a piece. */
  readonly samplesBetween: boolean;
  /** Fulfilled with the reason once nothing can be drawn here any more. Never rejected. */
  readonly lost: Promise<string>;
  /**
   * Says what will be drawn, and whether there is little time for it.
   *
   * @param instants that a picture which is exposed is the mean of; 64 are as many as movement asks for
   * @returns whether the pieces that there are were made for something else
   */
  aim(view: View, hurry: boolean, instants: number): boolean;
  /** @param others that the picture is the mean of, with the first: where pictures between two frames are made here */
  draw(shot: Shot<Piece>, others?: readonly Shot<Piece>[]): void;
  close(): void;
}

/** Kernels that take the planes of a film to the pixels of a view: chroma goes to the size of the canvas at once. */

import { UsageError } from '../errors.js';
import { chromaSize, type FilmInfo } from '../picture/picture.js';
import { type AxisKernel, axisKernel, type WeightOf } from '../picture/raster.js';
import type { View } from './planeSampler.js';

/** A way across and a way down; undefined where lines stay as they are. */
export type AxisPair = readonly [across: AxisKernel | undefined, down: AxisKernel | undefined];

export interface ViewKernels {
  readonly luma: AxisPair;
  /** Of Cb and Cr; `luma` itself in chroma 444. */
  readonly chroma: AxisPair;
}

/**
 * Where the first sample of chroma 420 lies, in luma samples from the first of these: across and down (ITU-T H.273, ffmpeg's
 * names). Films that do not say it have it on the left, as MPEG-2 and what came later.
 */
const CHROMA_PLACES: Readonly<Record<string, readonly [across: number, down: number]>> = {
  left: [0, 0.5],
  center: [0.5, 0.5],
  topleft: [0, 0],
  top: [0.5, 0],
  bottomleft: [0, 1],
  bottom: [0.5, 1],
};

/**
 * Pixel u of the canvas lies at x = (u + 0.5) C / W + X - 0.5 in luma, as section 12 of FORMAT.md says, for a crop that starts at X
 * and is C wide, on a canvas W wide. In chroma 420 whose first sample lies at o that is (x - o) / 2, which is
 * (u + 0.5) (C / W) / 2 + (X + 0.5 - o) / 2 - 0.5: the ratio halved, and a crop that starts at (X + 0.5 - o) / 2.
 *
 * @param weightOf tabulated weights, as views may change with every picture
 */
export function viewKernels(
  film: Pick<FilmInfo, 'width' | 'height' | 'chroma' | 'chromaLocation'>,
  view: View,
  weightOf: WeightOf,
): ViewKernels {
  const { crop } = view;
  const across = { inputs: film.width, outputs: view.width, scale: crop.width / view.width, start: crop.x };
  const down = { inputs: film.height, outputs: view.height, scale: crop.height / view.height, start: crop.y };
  const pairOf = (ways: readonly [AxisWay, AxisWay]): AxisPair => [
    kernelOf(ways[0], weightOf),
    kernelOf(ways[1], weightOf),
  ];
  const luma = pairOf([across, down]);
  if (film.chroma === '444') return { luma, chroma: luma };
  const { width, height } = chromaSize(film.width, film.height, film.chroma);
  const [x, y] = CHROMA_PLACES[film.chromaLocation] ?? CHROMA_PLACES.left!;
  return { luma, chroma: pairOf([halved(across, width, x), halved(down, height, y)]) };
}

/** What `axisKernel` takes. */
interface AxisWay {
  readonly inputs: number;
  readonly outputs: number;
  readonly scale: number;
  readonly start: number;
}

/** The way of chroma 420 whose first sample lies at `place`. */
function halved({ outputs, scale, start }: AxisWay, inputs: number, place: number): AxisWay {
  return { inputs, outputs, scale: scale / 2, start: (start + 0.5 - place) / 2 };
}

function kernelOf({ inputs, outputs, scale, start }: AxisWay, weightOf: WeightOf): AxisKernel | undefined {
  if (inputs === outputs && scale === 1 && start === 0) return undefined;
  return axisKernel(inputs, outputs, scale, start, weightOf);
}

/** @throws UsageError `VIEW_SIZE` if the view has no size, or one that the GPU cannot have */
export function checkView({ crop, width, height }: View, maxSide: number): void {
  checkSize(width, height, maxSide);
  if (!(crop.width > 0 && crop.height > 0)) throw refusal('a crop that is empty', maxSide);
}

/** @throws UsageError `VIEW_SIZE` if a picture cannot have that size on the GPU */
export function checkSize(width: number, height: number, maxSide: number): void {
  const legal = (side: number): boolean => Number.isInteger(side) && side > 0 && side <= maxSide;
  if (!legal(width) || !legal(height)) throw refusal(`${width}x${height}`, maxSide);
}

/** @throws UsageError `VIEW_SIZE` if one output is made of more samples than a line of weights holds */
export function checkTaps(taps: number, maxSide: number): void {
  if (taps > maxSide) throw refusal('a pixel for so many samples', maxSide);
}

function refusal(what: string, maxSide: number): UsageError {
  return new UsageError(`This GPU cannot draw ${what}.`, {
    code: 'VIEW_SIZE',
    hint: `Draw part of the film at 1..${maxSide} pixels a side.`,
    path: 'view',
    value: what,
    range: `1..${maxSide}`,
  });
}

/** Pictures of a film as a list, and how far two lists differ. */

import { expect } from 'vitest';
import type { WeftFilm } from '../../runtime/film/film.js';
import type { FrameOptions } from '../../runtime/film/frameOptions.js';
import type { Picture } from '../../runtime/picture/picture.js';

export async function show(film: WeftFilm, options: FrameOptions = {}): Promise<Picture[]> {
  const pictures: Picture[] = [];
  for await (const picture of film.frames(options)) pictures.push(picture);
  return pictures;
}

/** Largest difference of two 8-bit codes; the lists must have as many pictures, of the same sizes. */
export function largestDifference(expected: readonly Picture[], pictures: readonly Picture[]): number {
  expect(pictures.map(layout)).toEqual(expected.map(layout));
  let largest = 0;
  for (const [i, picture] of expected.entries()) {
    for (const [c, plane] of picture.planes.entries()) {
      const other = pictures[i]!.planes[c]!;
      for (let k = 0; k < plane.length; k++) largest = Math.max(largest, Math.abs(plane[k]! - other[k]!));
    }
  }
  return largest;
}

function layout({ width, height, chroma, planes }: Picture): unknown {
  return { width, height, chroma, lengths: planes.map((plane) => plane.length) };
}

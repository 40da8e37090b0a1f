/** Pictures as a canvas takes them, made on the processor: for machines whose graphics cannot. */

import { CODE_OFFSET } from '../field/constants.js';
import { colourRows } from '../gpu/colour.js';
import type { FilmInfo, Picture } from '../picture/picture.js';

/** One colour: what Y, Cb and Cr weigh for it and what is added, for results 0..255 from codes. */
type CodeRow = readonly [y: number, cb: number, cr: number, added: number];

/**
 * R, G, B and 255 of every pixel, (height, width, 4). Chroma is spread over the pixels that it stands for. Films of HDR are shown
 * as they lie, paler than on a GPU.
 */
export function screenPixels(picture: Picture, info: FilmInfo): Uint8ClampedArray<ArrayBuffer> {
  const rows = colourRows(info).map(codeRow) as [CodeRow, CodeRow, CodeRow];
  const { width, height, chroma } = picture;
  const pixels = new Uint8ClampedArray(4 * width * height);
  const line = { cb: new Float32Array(width), cr: new Float32Array(width) };
  for (let y = 0; y < height; y++) {
    if (chroma === '444') {
      line.cb.set(picture.planes[1].subarray(y * width, (y + 1) * width));
      line.cr.set(picture.planes[2].subarray(y * width, (y + 1) * width));
    } else {
      spreadLine(picture, 1, y, line.cb);
      spreadLine(picture, 2, y, line.cr);
    }
    fillLine(pixels, picture, y, line, rows);
  }
  return pixels;
}

/** For codes instead of codes less 128, and 0..255 instead of 0..1. */
function codeRow([y, cb, cr, added]: readonly [number, number, number, number]): CodeRow {
  return [255 * y, 255 * cb, 255 * cr, 255 * (added - CODE_OFFSET * (y + cb + cr))];
}

function fillLine(
  pixels: Uint8ClampedArray,
  { planes: [luma], width }: Picture,
  y: number,
  { cb, cr }: { readonly cb: Float32Array; readonly cr: Float32Array },
  [red, green, blue]: readonly [CodeRow, CodeRow, CodeRow],
): void {
  for (let x = 0, at = 4 * y * width; x < width; x++, at += 4) {
    const code = luma[y * width + x]!;
    const u = cb[x]!;
    const v = cr[x]!;
    pixels[at] = red[0] * code + red[1] * u + red[2] * v + red[3];
    pixels[at + 1] = green[0] * code + green[1] * u + green[2] * v + green[3];
    pixels[at + 2] = blue[0] * code + blue[1] * u + blue[2] * v + blue[3];
    pixels[at + 3] = 255;
  }
}

/** Row `y` of a chroma plane of half the size, whose samples lie in the middle of four pixels: linear between them. */
function spreadLine(picture: Picture, plane: 1 | 2, y: number, line: Float32Array): void {
  const samples = picture.planes[plane];
  const width = (picture.width + 1) >> 1;
  const height = (picture.height + 1) >> 1;
  const near = y >> 1;
  const far = Math.min(height - 1, Math.max(0, near + (y % 2 === 0 ? -1 : 1)));
  const at = (x: number): number => 0.75 * samples[near * width + x]! + 0.25 * samples[far * width + x]!;
  let before = at(0);
  let here = before;
  for (let x = 0; x < width; x++) {
    const after = x + 1 < width ? at(x + 1) : here;
    line[2 * x] = 0.75 * here + 0.25 * before;
    if (2 * x + 1 < line.length) line[2 * x + 1] = 0.75 * here + 0.25 * after;
    before = here;
    here = after;
  }
}

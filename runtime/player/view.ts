/** What part of a film is seen, and where on the element: zoom and pan as plain numbers. */

import type { View } from '../gpu/planeSampler.js';
import type { Size } from '../picture/picture.js';
import type { Crop } from '../picture/raster.js';

/** A place on the element, in CSS pixels from its upper left corner. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A film as it is looked at: size in luma pixels, and the width of one to its height. */
export interface ViewedFilm extends Size {
  readonly pixelAspect: number;
}

/** The picture is at most this much larger than where all of it is seen. */
export const LONGEST_ZOOM = 64;

/** The part that is seen is at least this wide and high, in luma pixels. */
const SMALLEST_CROP_PX = 2;

/** All of a film. */
export function wholeFilm({ width, height }: Size): Crop {
  return { x: 0, y: 0, width, height };
}

/** Where a crop lies on an element of size `box`, as large as it can be: in CSS pixels. */
export function placeOnBox(film: ViewedFilm, crop: Crop, box: Size): Crop {
  const scale = scaleOf(film, crop, box);
  const width = crop.width * film.pixelAspect * scale;
  const height = crop.height * scale;
  return { x: (box.width - width) / 2, y: (box.height - height) / 2, width, height };
}

/** How much larger the picture is than where all of it is seen. */
export function zoomOf(film: ViewedFilm, crop: Crop, box: Size): number {
  return scaleOf(film, crop, box) / scaleOf(film, wholeFilm(film), box);
}

/** The crop after zooming by `factor`, with what is at `point` staying there. The element is filled as far as the film goes. */
export function zoomAt(film: ViewedFilm, crop: Crop, box: Size, factor: number, point: Point): Crop {
  const fit = scaleOf(film, wholeFilm(film), box);
  const now = scaleOf(film, crop, box);
  const smallest = Math.min(film.width * film.pixelAspect, film.height) / SMALLEST_CROP_PX;
  const most = Math.min(LONGEST_ZOOM, Math.max(1, smallest)) * fit;
  const scale = Math.min(most, Math.max(fit, now * factor));
  const fixed = filmPoint(film, crop, box, point);
  const width = Math.min(film.width, box.width / (scale * film.pixelAspect));
  const height = Math.min(film.height, box.height / scale);
  const x =
    fixed.x - (point.x - (box.width - width * scale * film.pixelAspect) / 2) / (scale * film.pixelAspect);
  const y = fixed.y - (point.y - (box.height - height * scale) / 2) / scale;
  return moved(film, { x: 0, y: 0, width, height }, x, y);
}

/** The crop after its picture was pushed by so many CSS pixels. */
export function panBy(film: ViewedFilm, crop: Crop, box: Size, right: number, down: number): Crop {
  const scale = scaleOf(film, crop, box);
  return moved(film, crop, crop.x - right / (scale * film.pixelAspect), crop.y - down / scale);
}

/** The luma pixel that is seen at a place of the element. */
export function filmPoint(film: ViewedFilm, crop: Crop, box: Size, point: Point): Point {
  const place = placeOnBox(film, crop, box);
  return {
    x: crop.x + ((point.x - place.x) / place.width) * crop.width,
    y: crop.y + ((point.y - place.y) / place.height) * crop.height,
  };
}

/** The part of the film between two places of the element, inside of the film. */
export function cropBetween(film: ViewedFilm, crop: Crop, box: Size, from: Point, to: Point): Crop {
  const [a, b] = [filmPoint(film, crop, box, from), filmPoint(film, crop, box, to)];
  const [left, right] = ordered(a.x, b.x);
  const [top, bottom] = ordered(a.y, b.y);
  return insideFilm(film, { x: left, y: top, width: right - left, height: bottom - top });
}

/** The nearest crop that lies in the film. */
export function insideFilm(film: Size, crop: Crop): Crop {
  const width = clamp(crop.width, SMALLEST_CROP_PX, film.width);
  const height = clamp(crop.height, SMALLEST_CROP_PX, film.height);
  return moved(film, { ...crop, width, height }, crop.x, crop.y);
}

/** Whether all of the film is seen. */
export function isWhole(film: Size, crop: Crop): boolean {
  return crop.width >= film.width - 1e-6 && crop.height >= film.height - 1e-6;
}

export function sameCrop(a: Crop, b: Crop): boolean {
  return a.x === b.x && a.y === b.y && a.width === b.width && a.height === b.height;
}

export function sameView(a: View, b: View): boolean {
  const sameSize = a.width === b.width && a.height === b.height;
  return sameSize && sameCrop(a.crop, b.crop) && a.enlarge === b.enlarge;
}

/** CSS pixels per row of luma. */
function scaleOf(film: ViewedFilm, crop: Crop, box: Size): number {
  return Math.min(box.width / (crop.width * film.pixelAspect), box.height / crop.height);
}

function moved(film: Size, { width, height }: Crop, x: number, y: number): Crop {
  return { x: clamp(x, 0, film.width - width), y: clamp(y, 0, film.height - height), width, height };
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}

function ordered(a: number, b: number): [number, number] {
  return a < b ? [a, b] : [b, a];
}

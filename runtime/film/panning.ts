/** A part of the picture that moves and zooms. */

import type { Crop } from '../picture/raster.js';
import { outOfRange } from './optionErrors.js';

/** What is shown at a time. */
export interface PanPoint {
  /** Seconds shown, from the first picture on; 0 or more. */
  readonly at: number;
  /** Part of the picture in luma pixels of the film, inside it. Of one shape with the others, or the picture is stretched. */
  readonly crop: Crop;
}

/**
 * The part that is shown at a time, in seconds. Before the first point and behind the last the view stands. From point to point it
 * sets out and arrives gently (smoothstep of time), and the sides grow by equal ratios in equal steps of that, so that a zoom
 * looks even; its edges move together, so that one point of the picture stands still, and nothing outside of the film is shown.
 *
 * @param points at least one, `at` rising
 */
export function panPath(points: readonly PanPoint[]): (seconds: number) => Crop {
  return (seconds) => {
    const next = points.findIndex(({ at }) => at > seconds);
    if (next === 0) return points[0]!.crop;
    if (next < 0) return points.at(-1)!.crop;
    const [from, to] = [points[next - 1]!, points[next]!];
    const u = (seconds - from.at) / (to.at - from.at);
    return between(from.crop, to.crop, u * u * (3 - 2 * u));
  };
}

/** @param progress 0 at `from`, 1 at `to` */
function between(from: Crop, to: Crop, progress: number): Crop {
  const octaves = Math.log((to.width * to.height) / (from.width * from.height)) / 2;
  const share = octaves === 0 ? progress : Math.expm1(octaves * progress) / Math.expm1(octaves);
  const mix = (a: number, b: number): number => a + (b - a) * share;
  return {
    x: mix(from.x, to.x),
    y: mix(from.y, to.y),
    width: mix(from.width, to.width),
    height: mix(from.height, to.height),
  };
}

/** @throws UsageError `OPTION_RANGE` */
export function checkPan(film: { width: number; height: number }, points: readonly PanPoint[]): void {
  if (!Array.isArray(points) || points.length === 0) throw outOfRange('pan', points, 'one point or more');
  let before: number | undefined;
  for (const [i, { at, crop }] of points.entries()) {
    const rises = before === undefined ? at >= 0 : at > before;
    if (!(rises && at < Number.POSITIVE_INFINITY))
      throw outOfRange(
        `pan[${i}].at`,
        at,
        before === undefined ? '0 or more' : `above ${before}: points rise`,
      );
    checkCrop(film, crop, `pan[${i}].crop`);
    before = at;
  }
}

/**
 * @param name of the option that says it
 * @throws UsageError `OPTION_RANGE`
 */
export function checkCrop(film: { width: number; height: number }, crop: Crop, name: string): void {
  const fits = (start: number, size: number, limit: number): boolean =>
    start >= 0 && size > 0 && start + size <= limit + 1e-9;
  if (!fits(crop.x, crop.width, film.width) || !fits(crop.y, crop.height, film.height))
    throw outOfRange(name, crop, `inside ${film.width}x${film.height}`);
}

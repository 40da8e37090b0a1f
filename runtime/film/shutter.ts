/** Pictures that are exposed for a while, as those of a camera: means over time. */

import type { Picture } from '../picture/picture.js';
import { askedAhead } from './askedAhead.js';

/** After so many the time of a cut is known to a millionth of the duration of a picture. */
const HALVINGS = 20;

/** Where in a film a picture is sampled: a frame, and 0..1 towards the next one. */
export interface FilmPlace {
  readonly frame: number;
  readonly phase: number;
}

/** More instants than this are not sampled for a picture. A power of 2. */
export const MOST_INSTANTS = 64;

/** Instants are doubled until no sample of the picture changes by more than this, in codes. */
const TOLERANCE_CODES = 2;

/**
 * The mean, in codes, over the time for which a shutter is open: of 8-bit pictures at the middles of so many equal parts of it,
 * rounded once. Parts are as many as movement asks for: at first as many as there are frames, then twice as many until that
 * changes no sample by more than 2 codes, or there are 64.
 *
 * @param placeAt what the film shows when the shutter has been open for a part of its time, 0..1; never goes back
 * @param ahead pictures worth asking for before they are needed
 * @param instants where there is no time for that: so many instead, fewer than 64
 */
export async function exposedPicture(
  placeAt: (part: number) => FilmPlace,
  sample: (place: FilmPlace) => Promise<Picture>,
  ahead: number,
  instants = MOST_INSTANTS,
): Promise<Picture> {
  const [opening, closing] = [placeAt(0), placeAt(1)];
  if (isSame(opening, closing)) return sample(opening);
  const frames = closing.frame + closing.phase - opening.frame - opening.phase;
  const mean = (count: number): Promise<Picture> => meanOf(runsOf(placeAt, count), sample, ahead);
  if (instants < MOST_INSTANTS) return mean(instants);
  let count = Math.min(MOST_INSTANTS, 2 ** Math.max(0, Math.ceil(Math.log2(frames))));
  let picture = await mean(count);
  while (count < MOST_INSTANTS) {
    count *= 2;
    const finer = await mean(count);
    if (differByAtMost(picture, finer, TOLERANCE_CODES)) return finer;
    picture = finer;
  }
  return picture;
}

/**
 * For how much of its time a shutter stays open if it closes early, when the film comes to `end`: 0..1.
 *
 * @param instantAt instant of the film when the shutter has been open for a part of its time; never goes back
 */
export function openUntil(instantAt: (part: number) => number, end: number): number {
  if (instantAt(1) <= end) return 1;
  let [low, high] = [0, 1];
  for (let step = 0; step < HALVINGS; step++) {
    const middle = (low + high) / 2;
    if (instantAt(middle) < end) low = middle;
    else high = middle;
  }
  return low;
}

/** A place at which several instants in a row lie. */
interface Run {
  readonly place: FilmPlace;
  instants: number;
}

function runsOf(placeAt: (part: number) => FilmPlace, count: number): Run[] {
  const runs: Run[] = [];
  for (let k = 0; k < count; k++) {
    const place = placeAt((k + 0.5) / count);
    const last = runs.at(-1);
    if (last && isSame(last.place, place)) last.instants++;
    else runs.push({ place, instants: 1 });
  }
  return runs;
}

function isSame(a: FilmPlace, b: FilmPlace): boolean {
  return a.frame === b.frame && a.phase === b.phase;
}

async function meanOf(
  runs: readonly Run[],
  sample: (place: FilmPlace) => Promise<Picture>,
  ahead: number,
): Promise<Picture> {
  let sums: Uint16Array[] = [];
  let last: Picture | undefined;
  let [run, count] = [0, 0];
  for await (const picture of askedAhead(runs.length, ahead, (i) => sample(runs[i]!.place))) {
    if (!last) sums = picture.planes.map((plane) => new Uint16Array(plane.length));
    const { instants } = runs[run++]!;
    for (const [p, plane] of picture.planes.entries()) addTimes(sums[p]!, plane, instants);
    count += instants;
    last = picture;
  }
  const picture = last!;
  for (const [p, plane] of picture.planes.entries()) divideInto(plane, sums[p]!, count);
  return picture;
}

/** At most 64 times 255: 16 bits hold it. */
function addTimes(sums: Uint16Array, codes: Uint8Array, times: number): void {
  for (let i = 0; i < codes.length; i++) sums[i]! += times * codes[i]!;
}

function divideInto(codes: Uint8Array, sums: Uint16Array, count: number): void {
  for (let i = 0; i < codes.length; i++) codes[i] = (sums[i]! + count / 2) / count;
}

function differByAtMost(a: Picture, b: Picture, codes: number): boolean {
  return a.planes.every((plane, p) => {
    const other = b.planes[p]!;
    for (let i = 0; i < plane.length; i++) if (Math.abs(plane[i]! - other[i]!) > codes) return false;
    return true;
  });
}

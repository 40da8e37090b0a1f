/** The instants of a film: seconds against frames. */

import { filmSeconds } from '../picture/frameTimes.js';
import type { FilmInfo, FrameTimes } from '../picture/picture.js';

/** Where an instant lies: whole numbers are frames, and between two of them lies what is between them. */
export interface FilmClock {
  /** Duration in seconds. */
  readonly seconds: number;
  /** Place of an instant, 0..frames. */
  frameAt(seconds: number): number;
}

/** The clock of a film, from its rate or from the times of its frames. */
export function filmClock(info: Pick<FilmInfo, 'rate' | 'times'> & { frames: number }): FilmClock {
  const rate = info.rate[0] / info.rate[1];
  const seconds = filmSeconds(info)!;
  if (!info.times) return { seconds, frameAt: (instant) => instant * rate };
  const { times, frames } = info;
  return { seconds, frameAt: (instant) => placeOf(times, frames, rate, instant) };
}

/** Frames up to so many intervals of the rate apart are two of one movement; behind a longer one the picture has stood. */
const LONGEST_MOVEMENT = 2;

/**
 * A picture that stands long, as on a screen where nothing happens, does not move slowly to the next: it stands, and what
 * lies between is passed through in one interval of the rate before the next.
 */
function placeOf({ tick, ticks }: FrameTimes, frames: number, rate: number, seconds: number): number {
  const instant = (seconds * tick[1]) / tick[0];
  const frame = frameBefore(ticks, frames, instant);
  const left = ticks[frame + 1]! - instant;
  const duration = ticks[frame + 1]! - ticks[frame]!;
  const interval = tick[1] / (tick[0] * rate);
  const movement = duration > LONGEST_MOVEMENT * interval ? interval : duration;
  return frame + Math.min(1, Math.max(0, 1 - left / movement));
}

/** The last frame that begins at an instant or before it, by bisection. Half a millionth of a tick is forgiven. */
function frameBefore(ticks: readonly number[], frames: number, instant: number): number {
  let low = 0;
  let high = frames;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (ticks[middle]! <= instant + 5e-7) low = middle;
    else high = middle;
  }
  return low;
}

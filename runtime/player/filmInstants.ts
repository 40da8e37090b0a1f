/** Instants of a film both ways: seconds to frames, and frames to seconds. All seconds are those in which it is shown. */

import { type FilmClock, filmClock } from '../film/filmClock.js';
import { type Retiming, type TimeMap, timeMap } from '../film/retiming.js';
import type { FilmInfo } from '../picture/picture.js';

/** Instants closer to a frame than this are that frame, in frames. */
const FRAME_TOLERANCE = 1e-6;

/** The clock of a film as it is shown, and its inverse. */
export interface FilmInstants extends FilmClock {
  readonly frames: number;
  /** Frames per second; of most where the film has times of its own. */
  readonly rate: number;
  /** What the film shows when. */
  readonly times: TimeMap;
  /** When a place is on display first, in seconds: whole numbers are the beginnings of frames. */
  secondsAt(place: number): number;
  /** The frame on display at an instant, 0..frames - 1. */
  frameOn(seconds: number): number;
}

/**
 * Instants of the film that `info` tells of.
 *
 * @param retiming other times than its own. @throws UsageError `OPTION_RANGE`
 */
export function filmInstants(
  info: Pick<FilmInfo, 'rate' | 'times'> & { frames: number },
  retiming: Retiming = {},
): FilmInstants {
  const clock = filmClock(info);
  const times = timeMap(retiming, 0, clock.seconds);
  const rate = info.rate[0] / info.rate[1];
  const { frames } = info;
  const frameAt = (seconds: number): number => snapped(clock.frameAt(times.filmAt(seconds)));
  return {
    ...{ seconds: times.seconds, times, frames, rate, frameAt },
    secondsAt: (place) => times.shownAt(info.times ? placeSeconds(info, clock, place) : place / rate),
    frameOn: (seconds) => Math.min(frames - 1, Math.max(0, Math.floor(frameAt(seconds)))),
  };
}

/** A place that is a frame but for rounding is that frame. */
export function snapped(place: number): number {
  const nearest = Math.round(place);
  return Math.abs(place - nearest) < FRAME_TOLERANCE ? nearest : place;
}

/** What the clock says forwards, found backwards: within a frame it rises, so bisection finds it. */
function placeSeconds(
  { times, frames }: Pick<FilmInfo, 'times'> & { frames: number },
  clock: FilmClock,
  place: number,
): number {
  const { tick, ticks } = times!;
  const seconds = (frame: number): number => (ticks[Math.min(frame, frames)]! * tick[0]) / tick[1];
  const frame = Math.floor(snapped(place));
  if (snapped(place) === frame) return seconds(frame);
  let low = seconds(frame);
  let high = seconds(frame + 1);
  for (let i = 0; i < 50; i++) {
    const middle = (low + high) / 2;
    if (clock.frameAt(middle) <= place) low = middle;
    else high = middle;
  }
  return high;
}

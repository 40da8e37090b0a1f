/** When the frames of a film are shown, where no rate says it. */

import type { FilmInfo, FrameTimes } from './picture.js';

/** Duration in seconds; undefined where the number of frames is not known. */
export function filmSeconds({
  frames,
  rate,
  times,
}: Pick<FilmInfo, 'frames' | 'rate' | 'times'>): number | undefined {
  if (times) return (times.ticks[frames ?? times.ticks.length - 1]! * times.tick[0]) / times.tick[1];
  return frames === undefined ? undefined : (frames * rate[1]) / rate[0];
}

/** Ticks that each of `count` frames from `first` on is shown for. */
export function durationsOf({ ticks }: FrameTimes, first: number, count: number): number[] {
  return Array.from({ length: count }, (_, k) => ticks[first + k + 1]! - ticks[first + k]!);
}

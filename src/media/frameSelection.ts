/** Which frames of a film are read, and at which rate they are shown. */

import { UsageError } from '../../runtime/errors.js';
import type { Rational } from '../../runtime/picture/picture.js';
import type { FrameSurvey } from './frameSurvey.js';
import { toNumber } from './rational.js';
import { timingOf } from './timing.js';

/** The part of a film that is asked for: see ReadOptions. */
export interface Range {
  fps?: Rational;
  start?: number;
  end?: number;
  frames?: number;
}

/** Whether nothing behind the frames that are known will be read. */
export function isEnough(
  ticks: readonly number[],
  tick: number,
  { start = 0, end, frames, fps }: Range,
): boolean {
  const time = ticks.at(-1)! * tick;
  if (end !== undefined && time >= end) return true;
  if (frames === undefined || time < start) return false;
  if (fps) return time > start + (frames + 1) / toNumber(fps);
  // One more than are read, so that the last has an end.
  return ticks.length > frames && ticks[ticks.length - frames - 1]! * tick >= start;
}

/** Frames of the source that are read one after the other, and at which rate they are shown. */
export interface Selection {
  rate: Rational;
  picks: readonly number[];
  notes: string[];
}

/**
 * Chooses among the frames that were found.
 *
 * @param named rates that the container names
 * @throws UsageError EMPTY_RANGE
 */
export function selectFrames(
  { ticks, tick, whole }: FrameSurvey,
  named: readonly (string | undefined)[],
  options: Range,
): Selection {
  const times = ticks.map((time) => time * toNumber(tick));
  const timing = timingOf(times, named);
  const rate = options.fps ?? timing.rate;
  if (!timing.variable && !options.fps) {
    const { first, count } = framesOf(rate, whole ? times.length : Infinity, options);
    return {
      rate,
      notes: [],
      picks: Array.from({ length: Math.min(count, times.length - first) }, (_, k) => first + k),
    };
  }
  const held = `the film has a variable frame rate: read at a constant ${toNumber(rate).toFixed(3)} Hz`;
  return {
    rate,
    picks: sampleTimes(times, toNumber(rate), toNumber(timing.rate), options),
    notes: options.fps ? [] : [held],
  };
}

/**
 * Which frame is on display at each instant of a constant rate: the last that does not begin later than half an interval
 * behind it.
 *
 * @throws UsageError EMPTY_RANGE
 */
function sampleTimes(times: readonly number[], rate: number, ownRate: number, options: Range): number[] {
  const seconds = times.at(-1)! + 1 / ownRate;
  const { start = 0, frames = Infinity } = options;
  const end = Math.min(options.end ?? Infinity, seconds);
  if (!(start >= 0) || !(end > start)) throw badRange(options, seconds);
  const count = Math.min(frames, Math.max(1, Math.ceil((end - start) * rate - 1e-6)));
  const picks: number[] = [];
  for (let frame = 0; picks.length < count; picks.push(frame)) {
    const until = start + (picks.length + 0.5) / rate - 1e-6;
    while (frame + 1 < times.length && times[frame + 1]! <= until) frame++;
  }
  return picks;
}

/**
 * Range of frames of a film with one rate.
 *
 * @throws UsageError EMPTY_RANGE
 */
export function framesOf(rate: Rational, total: number, options: Range): { first: number; count: number } {
  const hz = toNumber(rate);
  const { start = 0, frames = Infinity } = options;
  const seconds = total / hz;
  const end = Math.min(options.end ?? Infinity, seconds);
  if (!(start >= 0) || !(end > start)) throw badRange(options, seconds);
  const first = Math.ceil(start * hz - 1e-6);
  const count = Math.max(1, Math.ceil(end * hz - 1e-6) - first);
  return { first: Math.min(first, total - 1), count: Math.min(frames, count) };
}

function badRange({ start = 0, end }: Range, seconds: number): UsageError {
  const asked = end === undefined ? `from ${start} s` : `from ${start} s to ${end} s`;
  const known = Number.isFinite(seconds) ? `; the film lasts ${seconds.toFixed(3)} s` : '';
  return new UsageError(`There are no frames ${asked}${known}.`, {
    code: 'EMPTY_RANGE',
    hint: 'Give --start and --end within the film, --end after --start.',
    path: '--start',
    value: start,
    range: Number.isFinite(seconds) ? `0..${seconds.toFixed(3)}` : 'from 0',
  });
}

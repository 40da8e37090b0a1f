/** Which frames of a film are read, and at which rate they are shown. */

import { UsageError } from '../../runtime/errors.js';
import type { FrameTimes, Rational } from '../../runtime/picture/picture.js';
import type { FrameSurvey } from './frameSurvey.js';
import type { ContainerFacts } from './probe.js';
import { greatestCommonDivisor, reduce, toNumber } from './rational.js';
import { timingOf } from './timing.js';

/** The part of a film that is asked for. */
export interface Range {
  /** Frames are dropped or repeated to this rate; default: the film's own. */
  fps?: Rational;
  /** Seconds from the first frame; default 0. */
  start?: number;
  /** Seconds from the first frame, exclusive; default: the end. */
  end?: number;
  /** At most so many frames, after `fps`; default: all. */
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
  /** Where the first of them begins, in seconds from the first frame of the film. */
  startSeconds: number;
  /** When they are shown, where the film has no constant rate and none was asked for. */
  times?: FrameTimes;
}

/**
 * Chooses among the frames that were found.
 *
 * @throws UsageError EMPTY_RANGE
 */
export function selectFrames(survey: FrameSurvey, container: ContainerFacts, options: Range): Selection {
  const seconds = toNumber(survey.tick);
  const times = survey.ticks.map((ticks) => ticks * seconds);
  const timing = timingOf(times, container.rates);
  const rate = options.fps ?? timing.rate;
  const startSeconds = options.start ?? 0;
  const hz = toNumber(timing.rate);
  if (options.fps) return { rate, startSeconds, picks: sampleTimes(times, toNumber(rate), hz, options) };
  if (timing.variable) return { rate, startSeconds, ...framesWithTimes(survey, container, hz, options) };
  const { first, count } = framesOf(rate, survey.whole ? times.length : Infinity, options);
  const picks = numbers(first, Math.min(count, times.length - first));
  return { rate, startSeconds: times[first]!, picks };
}

function numbers(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, k) => first + k);
}

/**
 * Frames from the one that is on display at the start, each with its time.
 *
 * @throws UsageError EMPTY_RANGE
 */
function framesWithTimes(
  { ticks, tick, errors, whole }: FrameSurvey,
  container: ContainerFacts,
  rate: number,
  options: Range,
): Required<Pick<Selection, 'picks' | 'times'>> {
  const inTicks = (seconds: number) => Math.round(seconds / toNumber(tick));
  // The last frame may be meant to stand longer than the others; the container of a sound film says so.
  const promised = whole && errors.count === 0 ? inTicks(container.pictureSeconds ?? 0) : 0;
  const filmEnd = Math.max(ticks.at(-1)! + Math.max(1, inTicks(1 / rate)), promised);
  const from = inTicks(options.start ?? 0);
  const to = Math.min(options.end === undefined ? filmEnd : inTicks(options.end), filmEnd);
  if (!(from >= 0 && to > from)) throw badRange(options, filmEnd * toNumber(tick));
  const later = ticks.findIndex((time) => time > from);
  const first = later < 0 ? ticks.length - 1 : later - 1;
  const begins = ticks.slice(first, first + (options.frames ?? ticks.length)).filter((time) => time < to);
  const end = Math.min(to, ticks[first + begins.length] ?? filmEnd);
  const shown = [...begins.map((time) => Math.max(0, time - from)), end - from];
  return { picks: numbers(first, begins.length), times: inLowestTerms(tick, shown) };
}

/** The same times on the coarsest clock that has them all. */
function inLowestTerms([numerator, denominator]: Rational, ticks: readonly number[]): FrameTimes {
  const common = ticks.reduce(greatestCommonDivisor, 0);
  return { tick: reduce([numerator * common, denominator]), ticks: ticks.map((time) => time / common) };
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

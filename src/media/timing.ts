import type { Rational } from '../../runtime/picture/picture.js';
import { nearestFraction, nearestRate, parseProbedFraction, reduce, toNumber } from './rational.js';

/** The rate of a film, and whether its frames follow it. */
export interface Timing {
  rate: Rational;
  variable: boolean;
}

/** Largest denominator of a rate that is nobody's usual one. */
const FINEST_RATE = 100_000;

/** Containers round times, Matroska to milliseconds: intervals may differ by two of them. */
const ROUNDING_SECONDS = 0.0021;

/**
 * Whether a film has one frame rate, and which. Where it has none, `rate` is that of most of its frames.
 *
 * @param times of all frames, in seconds from the first, ascending
 * @param named rates that its container names, as ffprobe writes them
 */
export function timingOf(times: readonly number[], named: readonly (string | undefined)[]): Timing {
  const rates = named.map(parseProbedFraction).filter((rate) => rate !== undefined && toNumber(rate) <= 1000);
  const known = rates as Rational[];
  const last = times.at(-1) ?? 0;
  if (!(last > 0)) return { rate: known.at(-1) ?? [25, 1], variable: false };
  const mean = last / (times.length - 1);
  const tolerance = Math.max(ROUNDING_SECONDS, 0.05 * mean);
  const even = times.every((time, index) => Math.abs(time - index * mean) < tolerance);
  const interval = even ? mean : medianInterval(times);
  // However long the film, its last frame may be off by half an interval at most: sound would be, too.
  const drift = (mean / 2 + ROUNDING_SECONDS) / last;
  const near = even ? Math.min(0.002 + ROUNDING_SECONDS / last, drift) : 0.05;
  const usual = [...known, nearestRate(1 / interval)];
  const rate = usual.find((rate) => Math.abs(toNumber(rate) * interval - 1) < near);
  return { rate: reduce(rate ?? nearestFraction(1 / interval, FINEST_RATE)), variable: !even };
}

function medianInterval(times: readonly number[]): number {
  const intervals = Float64Array.from(times.slice(1), (time, index) => time - times[index]!).sort();
  return intervals[intervals.length >> 1]!;
}

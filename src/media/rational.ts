import { UsageError } from '../../runtime/errors.js';
import type { Rational } from '../../runtime/picture/picture.js';

/** The value of a fraction. */
export function toNumber([numerator, denominator]: Rational): number {
  return numerator / denominator;
}

/** Of two numbers; the other one where one is 0. */
export function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

/** The fraction in lowest terms. */
export function reduce([numerator, denominator]: Rational): Rational {
  const divisor = greatestCommonDivisor(Math.abs(numerator), Math.abs(denominator)) || 1;
  return [numerator / divisor, denominator / divisor];
}

/** Rates that cameras and films have, which a measured rate within 0.1% is taken for. */
const usualRates: Rational[] = [
  [24000, 1001],
  [30000, 1001],
  [60000, 1001],
  [120000, 1001],
  [15000, 1001],
];

/** The nearest usual rate within 0.1%, or else a fraction with a denominator of at most 1001. */
export function nearestRate(hz: number): Rational {
  if (Math.abs(hz - Math.round(hz)) < 1e-6 * hz) return [Math.round(hz), 1];
  const usual = usualRates.find((rate) => Math.abs(toNumber(rate) - hz) < 1e-3 * hz);
  const fraction = nearestFraction(hz, 1001);
  if (fraction[1] <= 4 && Math.abs(toNumber(fraction) - hz) < 1e-6 * hz) return fraction;
  return usual ?? fraction;
}

/** Best approximation with a denominator up to `limit` (continued fractions). */
export function nearestFraction(value: number, limit: number): Rational {
  let previous: Rational = [1, 0];
  let current: Rational = [Math.floor(value), 1];
  let rest = value - Math.floor(value);
  while (rest > 1e-9) {
    const inverse = 1 / rest;
    const whole = Math.floor(inverse);
    const next: Rational = [whole * current[0] + previous[0], whole * current[1] + previous[1]];
    if (next[1] > limit) break;
    previous = current;
    current = next;
    rest = inverse - whole;
  }
  return current;
}

/**
 * Reads `24`, `23.976`, `30000/1001` or `30000:1001`.
 *
 * @throws UsageError if it is none of these, or not above 0.
 */
export function parseRate(text: string | number, path = '--fps'): Rational {
  const parts = /^(\d+(?:\.\d+)?)(?:[/:](\d+))?$/.exec(String(text).trim());
  const numerator = Number(parts?.[1]);
  const denominator = Number(parts?.[2] ?? 1);
  if (!parts || !(numerator > 0) || !(denominator > 0) || numerator / denominator > 1000) {
    throw new UsageError(`${path}: '${text}' is not a frame rate.`, {
      code: 'BAD_RATE',
      hint: 'Give a number above 0 up to 1000 or a fraction, for example 25, 23.976 or 30000/1001.',
      path,
      value: text,
      range: 'above 0, at most 1000',
    });
  }
  if (parts[2]) return reduce([numerator, denominator]);
  return Number.isInteger(numerator) ? [numerator, 1] : nearestRate(numerator);
}

/** A fraction as ffmpeg reports it (`30000/1001`, `4:3`), or undefined where it says nothing (`0/0`, `N/A`). */
export function parseProbedFraction(text: string | undefined): Rational | undefined {
  const parts = /^(\d+)[/:](\d+)$/.exec(text ?? '');
  if (!parts) return undefined;
  const fraction: Rational = [Number(parts[1]), Number(parts[2])];
  return fraction[0] > 0 && fraction[1] > 0 ? reduce(fraction) : undefined;
}

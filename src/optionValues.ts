/**
 * Values of command line options, read from text. All throw UsageError BAD_VALUE, whose message says everything: the
 * parser of the command line passes on no more than that.
 */
import { badValue } from '../runtime/film/optionErrors.js';
import { readCrop, readSeconds } from '../runtime/film/pointTexts.js';
import type { Crop } from '../runtime/picture/raster.js';

/** A check that a number lies within limits, for yargs' `coerce`. */
export function numberWithin(path: string, min: number, max: number, whole = false) {
  return (value: number | undefined): number | undefined => {
    if (value === undefined) return undefined;
    const fits =
      Number.isFinite(value) && value >= min && value <= max && (!whole || Number.isInteger(value));
    const limits = Number.isFinite(max) ? `${min} to ${max}` : `${min} or more`;
    if (!fits)
      throw badValue(path, value, `give a ${whole ? 'whole ' : ''}number, ${limits}.`, `${min}..${max}`);
    return value;
  };
}

/** `640x360`, each side within limits. */
export function parseSize(
  text: string | undefined,
  path: string,
  { min, max }: { min: number; max: number },
): { width: number; height: number } | undefined {
  if (text === undefined) return undefined;
  const parts = /^(\d{1,5})x(\d{1,5})$/i.exec(text);
  const [width, height] = [Number(parts?.[1]), Number(parts?.[2])];
  const legal = (side: number) => side >= min && side <= max;
  if (!parts || !legal(width) || !legal(height)) {
    const hint = `give WIDTHxHEIGHT, ${min} to ${max} a side, for example 640x360.`;
    throw badValue(path, text, hint, `${min}..${max} a side`);
  }
  return { width, height };
}

const multiples: Record<string, number> = {
  '': 1,
  k: 1e3,
  m: 1e6,
  g: 1e9,
  ki: 1024,
  mi: 1024 ** 2,
  gi: 1024 ** 3,
};

/** `500k`, `2M`, `1.5Mi`: k, M, G are thousands. */
export function parseAmount(text: string | undefined, path: string): number | undefined {
  if (text === undefined) return undefined;
  const parts = /^(\d+(?:\.\d+)?)(k|m|g|ki|mi|gi|)b?$/i.exec(text.trim());
  const amount = Math.round(Number(parts?.[1]) * multiples[(parts?.[2] ?? '').toLowerCase()]!);
  if (!parts || !(amount > 0)) throw badValue(path, text, 'give a number above 0, for example 500k or 2M.');
  return amount;
}

/** `12.5`, `1:02.5` or `1:00:00`, in seconds. */
export function parseSeconds(text: string | undefined, path: string): number | undefined {
  return text === undefined ? undefined : readSeconds(text, path);
}

/** `x,y,width,height` in pixels of the film; may be fractions. */
export function parseCrop(text: string | undefined, path = '--crop'): Crop | undefined {
  return text === undefined ? undefined : readCrop(text, path);
}

/** `24,30,36`, each within limits; a number that is there twice counts once. */
export function parseNumbers(
  text: string | undefined,
  path: string,
  min: number,
  max: number,
): number[] | undefined {
  if (text === undefined) return undefined;
  const numbers = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  if (numbers.some((n) => !(n >= min && n <= max)))
    throw badValue(path, text, `give numbers from ${min} to ${max} with commas between.`, `${min}..${max}`);
  return [...new Set(numbers)];
}

/** `medium,slow`, each one of `choices`; a name that is there twice counts once. */
export function parseNames<Name extends string>(
  text: string | undefined,
  path: string,
  choices: readonly Name[],
): Name[] | undefined {
  if (text === undefined) return undefined;
  const names = text.split(',').map((part) => part.trim()) as Name[];
  if (names.every((name) => choices.includes(name))) return [...new Set(names)];
  const known = choices.join(', ');
  throw badValue(path, text, `give names out of ${known} with commas between.`, known);
}

/** A whole number above 0; `all` or `0` for everything. */
export function parseWholeOrAll(text: string | undefined, path: string): number | 'all' | undefined {
  if (text === undefined) return undefined;
  if (text === 'all' || text === '0') return 'all';
  if (/^[1-9]\d{0,7}$/.test(text)) return Number(text);
  throw badValue(path, text, 'give a whole number above 0, or all.');
}

/**
 * Times with what happens at them, read from text: `0:1, 2.5:0.25`. Between a time (seconds, or m:s) and what is said of it is the
 * last colon; what follows a # up to the end of its line is a remark. All throw UsageError BAD_VALUE.
 */

import type { Crop } from '../picture/raster.js';
import { badValue } from './optionErrors.js';
import type { PanPoint } from './panning.js';
import type { Freeze } from './retiming.js';
import type { SpeedPoint } from './speedCurve.js';

/** How points of one kind are written. */
export interface PointList<Point> {
  readonly separator: RegExp;
  /** What would be right, a sentence. */
  readonly hint: string;
  /** Reads what is said of a time. */
  point(at: number, text: string, name: string): Point;
}

/** `0:1, 2.5:0.25, 4:1`: film seconds and speeds. */
export const SPEED_LIST: PointList<SpeedPoint> = {
  separator: /[,;\n]/,
  hint: 'give TIME:SPEED and more of them with commas between, for example 0:1,2.5:0.25.',
  point: (at, text, name) => ({ at, speed: readNumber(text, name, SPEED_LIST.hint) }),
};

/** `2:1.5, 4:1`: film seconds, and seconds for which the picture stands. */
export const FREEZE_LIST: PointList<Freeze> = {
  separator: SPEED_LIST.separator,
  hint: 'give TIME:SECONDS, for example 2:1.5.',
  point: (at, text, name) => ({ at, seconds: readNumber(text, name, FREEZE_LIST.hint) }),
};

/** `0:0,0,480,270; 2:100,50,240,135`: seconds shown, and x,y,width,height in pixels of the film. */
export const PAN_LIST: PointList<PanPoint> = {
  separator: /[;\n]/,
  hint: 'give TIME:X,Y,WIDTH,HEIGHT and more of them with semicolons between, for example 0:0,0,480,270;2:100,50,240,135.',
  point: (at, text, name) => ({ at, crop: readCrop(text, name) }),
};

/** @param name of what was given: a flag, an attribute */
export function readPoints<Point>(
  { separator, hint, point }: PointList<Point>,
  text: string,
  name: string,
): Point[] {
  const entries = text
    .replaceAll(/#.*/g, '')
    .split(separator)
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
  if (entries.length === 0) throw badValue(name, text, hint);
  return entries.map((entry) => {
    const colon = entry.lastIndexOf(':');
    if (colon < 0) throw badValue(name, entry, hint);
    return point(readSeconds(entry.slice(0, colon), name), entry.slice(colon + 1), name);
  });
}

/** `12.5`, `1:02.5` or `1:00:00`, in seconds. */
export function readSeconds(text: string, name: string): number {
  const parts = /^(?:(?:(\d+):)?(\d{1,2}):)?(\d+(?:\.\d+)?)$/.exec(text.trim());
  if (!parts) throw badValue(name, text, 'give seconds, or minutes:seconds, for example 11.875 or 1:02.5.');
  return Number(parts[1] ?? 0) * 3600 + Number(parts[2] ?? 0) * 60 + Number(parts[3]);
}

/** `x,y,width,height` in pixels of the film; may be fractions. */
export function readCrop(text: string, name: string): Crop {
  const numbers = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  const [x, y, width, height] = numbers as [number, number, number, number];
  const legal = numbers.length === 4 && numbers.every(Number.isFinite) && x >= 0 && y >= 0;
  if (!(legal && width > 0 && height > 0))
    throw badValue(name, text, 'give x,y,width,height in pixels of the film, for example 100,50,320,180.');
  return { x, y, width, height };
}

function readNumber(text: string, name: string, hint: string): number {
  if (!/^\s*\d+(\.\d+)?\s*$/.test(text)) throw badValue(name, text, hint);
  return Number(text);
}

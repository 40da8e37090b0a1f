/**
 * Times with what happens at them, read from text: `0:1, 2.5:0.25`, or a file that holds it. Between a time (seconds, or m:s) and
 * what is said of it is the last colon. All throw UsageError BAD_VALUE, as the values of optionValues.ts do.
 */
import { readFileSync, statSync } from 'node:fs';
import type { PanPoint } from '../runtime/film/panning.js';
import type { Freeze } from '../runtime/film/retiming.js';
import type { SpeedPoint } from '../runtime/film/speedCurve.js';
import { badValue, parseCrop, parseSeconds } from './optionValues.js';

/** A file of points is no longer than this; it is rather a film that was named by mistake. */
const LONGEST_FILE_BYTES = 2 ** 20;

/** `0:1, 2.5:0.25, 4:1`: film seconds and speeds. */
export function parseSpeeds(text: string | undefined, path: string): SpeedPoint[] | undefined {
  const hint = 'give TIME:SPEED and more of them with commas between, for example 0:1,2.5:0.25, or a file.';
  return parsePoints(text, path, /[,;\n]/, hint)?.map(({ at, value }) => ({
    at,
    speed: numberOf(value, path, hint),
  }));
}

/** `2:1.5`: film seconds, and seconds for which the picture stands. */
export function parseFreezes(text: string | undefined, path: string): Freeze[] | undefined {
  const hint = 'give TIME:SECONDS, for example 2:1.5.';
  return parsePoints(text, path, /[,;\n]/, hint)?.map(({ at, value }) => ({
    at,
    seconds: numberOf(value, path, hint),
  }));
}

/** `0:0,0,480,270; 2:100,50,240,135`: seconds, and x,y,width,height in pixels of the film. */
export function parsePan(text: string | undefined, path: string): PanPoint[] | undefined {
  const hint =
    'give TIME:X,Y,WIDTH,HEIGHT and more of them with semicolons between, for example 0:0,0,480,270;2:100,50,240,135, or a file.';
  return parsePoints(text, path, /[;\n]/, hint)?.map(({ at, value }) => ({
    at,
    crop: parseCrop(value, path)!,
  }));
}

interface TimedText {
  at: number;
  value: string;
}

function parsePoints(
  text: string | undefined,
  path: string,
  separator: RegExp,
  hint: string,
): TimedText[] | undefined {
  if (text === undefined) return undefined;
  const entries = pointsText(text, path, hint)
    .replaceAll(/#.*/g, '')
    .split(separator)
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
  if (entries.length === 0) throw badValue(path, text, hint);
  return entries.map((entry) => {
    const colon = entry.lastIndexOf(':');
    if (colon < 0) throw badValue(path, entry, hint);
    return { at: parseSeconds(entry.slice(0, colon), path)!, value: entry.slice(colon + 1) };
  });
}

/** What begins with a time and a colon is the points themselves, everything else the name of a file. */
function pointsText(text: string, path: string, hint: string): string {
  if (/^\s*\d[\d.]*\s*:/.test(text)) return text;
  try {
    if (statSync(text).size <= LONGEST_FILE_BYTES) return readFileSync(text, 'utf8');
  } catch {
    throw badValue(path, text, `no such file can be read; ${hint}`);
  }
  throw badValue(path, text, `the file is too long for points; ${hint}`);
}

function numberOf(text: string, path: string, hint: string): number {
  if (!/^\s*\d+(\.\d+)?\s*$/.test(text)) throw badValue(path, text, hint);
  return Number(text);
}

/**
 * Times with what happens at them (runtime/film/pointTexts.ts says how they are written), from the command line or from a file that
 * is named there. All throw UsageError BAD_VALUE, as the values of optionValues.ts do.
 */
import { readFileSync, statSync } from 'node:fs';
import { badValue } from '../runtime/film/optionErrors.js';
import type { PanPoint } from '../runtime/film/panning.js';
import { FREEZE_LIST, PAN_LIST, type PointList, readPoints, SPEED_LIST } from '../runtime/film/pointTexts.js';
import type { Freeze } from '../runtime/film/retiming.js';
import type { SpeedPoint } from '../runtime/film/speedCurve.js';

/** A file of points is no longer than this; it is rather a film that was named by mistake. */
const LONGEST_FILE_BYTES = 2 ** 20;

/** `0:1, 2.5:0.25, 4:1`: film seconds and speeds. */
export function parseSpeeds(text: string | undefined, path: string): SpeedPoint[] | undefined {
  return parsePoints(SPEED_LIST, text, path);
}

/** `2:1.5`: film seconds, and seconds for which the picture stands. */
export function parseFreezes(text: string | undefined, path: string): Freeze[] | undefined {
  return parsePoints(FREEZE_LIST, text, path);
}

/** `0:0,0,480,270; 2:100,50,240,135`: seconds, and x,y,width,height in pixels of the film. */
export function parsePan(text: string | undefined, path: string): PanPoint[] | undefined {
  return parsePoints(PAN_LIST, text, path);
}

/** Points as all of these read them. */
export function writtenPoints(points: readonly (SpeedPoint | Freeze | PanPoint)[]): string {
  const said = (point: SpeedPoint | Freeze | PanPoint): number | string => {
    if ('speed' in point) return point.speed;
    if ('seconds' in point) return point.seconds;
    const { x, y, width, height } = point.crop;
    return [x, y, width, height].join();
  };
  return points.map((point) => `${point.at}:${said(point)}`).join('; ');
}

function parsePoints<Point>(
  list: PointList<Point>,
  text: string | undefined,
  path: string,
): Point[] | undefined {
  return text === undefined ? undefined : readPoints(list, pointsText(text, path, list.hint), path);
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

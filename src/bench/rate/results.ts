import type { FilmInfo } from '../../../runtime/picture/picture.js';
import { toNumber } from '../../media/rational.js';
import type { Machine } from '../machine.js';
import type { Curve, CurveComparison, CurvePoint, MeanComparison, Measure } from './curves.js';

/** All that a run of the bench measured. */
export interface RateResults {
  machine: Machine;
  weft: string;
  ffmpeg: string;
  presets: string[];
  tunes: string[];
  threads: number;
  /** Names of the anchors, the reference first; those that are not there are left out. */
  anchors: string[];
  /** The measures that were taken. */
  measures: Measure[];
  /** What was left out, and why. */
  notes: string[];
  films: FilmResult[];
  means: MeanComparison[];
  /** Points that were encoded in this run, and points that were kept from earlier ones. */
  measured: number;
  cached: number;
}

/** One film. */
export interface FilmResult {
  name: string;
  /** The set that it is in. */
  set?: string;
  info: FilmInfo;
  frames: number;
  curves: Curve[];
  comparisons: CurveComparison[];
}

/** What a film's pixels and seconds make of a point. */
export interface PointRates {
  /** Missing for a single frame. */
  kilobitsPerSecond?: number;
  bitsPerPixel: number;
  secondsPerMegapixel: number;
}

/** Rates of a point by time and by pixels. */
export function pointRates({ width, height, rate }: FilmInfo, point: CurvePoint): PointRates {
  const { bytes, frames, seconds } = point;
  const pixels = frames * width * height;
  return {
    ...(frames > 1 && { kilobitsPerSecond: (8 * bytes * toNumber(rate)) / frames / 1000 }),
    bitsPerPixel: (8 * bytes) / pixels,
    secondsPerMegapixel: (1e6 * seconds) / pixels,
  };
}

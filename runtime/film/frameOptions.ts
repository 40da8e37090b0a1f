/** What part of a film to show, how large, how often and how fast. */

import { UsageError } from '../errors.js';
import type { FilmInfo, FrameTimes, Rational } from '../picture/picture.js';
import type { Crop } from '../picture/raster.js';
import { type FilmClock, filmClock } from './filmClock.js';

/** What pictures are made larger with. */
export const ENLARGE_CHOICES = ['film', 'lanczos'] as const;
export type EnlargeChoice = (typeof ENLARGE_CHOICES)[number];

/** Options of `WeftFilm.frames`; every field may be left out. */
export interface FrameOptions {
  /** Size of the pictures in luma pixels, 1..16384. Default: the size of the crop; with one given, the other keeps the shape. */
  width?: number;
  height?: number;
  /** Pictures per second, exact. Default: the film's own rate, or the times of its frames. */
  fps?: Rational;
  /** First instant in seconds of the film. Default 0. */
  start?: number;
  /** Instant in seconds at which to stop; it is not shown. Default: the end of the film. */
  end?: number;
  /** Part of the picture in luma pixels of the film, inside it. Default: all of it. */
  crop?: Crop;
  /** Film seconds per second shown: 0.25 is four times slow motion. Default 1. */
  speed?: number;
  /** How pictures grow: with what the film teaches, where it has an enlarger, or by Lanczos's kernel alone. Default `film`. */
  enlarge?: EnlargeChoice;
  /** Stops the iteration with an InterruptedError. */
  signal?: AbortSignal;
}

/** Options with every default filled in. */
export interface FramePlan {
  readonly width: number;
  readonly height: number;
  readonly crop: Crop;
  readonly enlarge: EnlargeChoice;
  /** Number of pictures. */
  readonly count: number;
  /** Pictures per second; of most where `times` says when each is shown. */
  readonly rate: Rational;
  /** When they are shown, where the film has no constant rate and none was asked for. */
  readonly times?: FrameTimes;
  /** Instant of picture `i` in frames of the film. */
  instant(i: number): number;
}

const NAMES = new Set(['width', 'height', 'fps', 'start', 'end', 'crop', 'speed', 'enlarge', 'signal']);
const MAX_OUTPUT_SIDE_PX = 16384;

/** Instants closer to a frame than this are that frame, in frames. */
const FRAME_TOLERANCE = 1e-6;

/**
 * Fills in the defaults.
 *
 * @throws UsageError `OPTION_UNKNOWN` or `OPTION_RANGE`
 */
export function planFrames(film: FilmInfo & { frames: number }, options: FrameOptions): FramePlan {
  for (const name of Object.keys(options)) {
    if (!NAMES.has(name)) throw optionError('OPTION_UNKNOWN', name, undefined, [...NAMES].join(', '));
  }
  const crop = checkCrop(film, options.crop ?? { x: 0, y: 0, width: film.width, height: film.height });
  const { width, height } = outputSize(crop, options);
  const enlarge = options.enlarge ?? 'film';
  if (!ENLARGE_CHOICES.includes(enlarge))
    throw optionError('OPTION_RANGE', 'enlarge', enlarge, ENLARGE_CHOICES.join(' or '));
  return { width, height, crop, enlarge, ...planInstants(film, options) };
}

type Instants = Pick<FramePlan, 'count' | 'rate' | 'times' | 'instant'>;

function planInstants(film: FilmInfo & { frames: number }, options: FrameOptions): Instants {
  const clock = filmClock(film);
  const rate = options.fps ?? film.rate;
  const fpsIsLegal = rate.length === 2 && rate.every((n) => Number.isInteger(n) && n > 0);
  if (!fpsIsLegal) throw optionError('OPTION_RANGE', 'fps', rate, 'two positive integers');
  const speed = positive('speed', options.speed ?? 1);
  const start = within('start', options.start ?? 0, 0, clock.seconds);
  const end = within('end', Math.min(options.end ?? clock.seconds, clock.seconds), start, clock.seconds);
  if (film.times && !options.fps && speed === 1) return planOwnTimes(film, film.times, clock, start, end);
  const step = (speed * rate[1]) / rate[0];
  return {
    rate,
    count: Math.max(0, Math.ceil((end - start) / step - FRAME_TOLERANCE)),
    instant: (i) => snap(clock.frameAt(start + i * step)),
  };
}

/** The film's own frames from the one that is on display at the start, each at its time. */
function planOwnTimes(
  { rate, frames }: FilmInfo & { frames: number },
  { tick, ticks }: FrameTimes,
  clock: FilmClock,
  start: number,
  end: number,
): Instants {
  const first = Math.min(Math.floor(snap(clock.frameAt(start))), frames - 1);
  const [from, to] = [start, end].map((seconds) => Math.round((seconds * tick[1]) / tick[0])) as [
    number,
    number,
  ];
  const begins = ticks.slice(first, frames).filter((time) => time < to);
  const times = { tick, ticks: [...begins.map((time) => Math.max(0, time - from)), to - from] };
  return { rate, count: begins.length, times, instant: (i) => first + i };
}

function snap(instant: number): number {
  const nearest = Math.round(instant);
  return Math.abs(instant - nearest) < FRAME_TOLERANCE ? nearest : instant;
}

function outputSize(crop: Crop, options: FrameOptions): { width: number; height: number } {
  const shape = crop.width / crop.height;
  const width =
    options.width ?? Math.round(options.height === undefined ? crop.width : options.height * shape);
  const height =
    options.height ?? Math.round(options.width === undefined ? crop.height : options.width / shape);
  for (const [name, side] of Object.entries({ width, height })) {
    if (!Number.isInteger(side) || side < 1 || side > MAX_OUTPUT_SIDE_PX) {
      throw optionError('OPTION_RANGE', name, side, `1..${MAX_OUTPUT_SIDE_PX}`);
    }
  }
  return { width, height };
}

function checkCrop(film: FilmInfo, crop: Crop): Crop {
  const fits = (start: number, size: number, limit: number): boolean =>
    start >= 0 && size > 0 && start + size <= limit + 1e-9;
  if (!fits(crop.x, crop.width, film.width) || !fits(crop.y, crop.height, film.height)) {
    throw optionError('OPTION_RANGE', 'crop', crop, `inside ${film.width}x${film.height}`);
  }
  return crop;
}

function positive(name: string, value: number): number {
  if (!(value > 0 && Number.isFinite(value))) throw optionError('OPTION_RANGE', name, value, 'above 0');
  return value;
}

function within(name: string, value: number, min: number, max: number): number {
  if (!(value >= min && value <= max)) throw optionError('OPTION_RANGE', name, value, `${min}..${max}`);
  return value;
}

function optionError(code: string, name: string, value: unknown, range: string): UsageError {
  const what = code === 'OPTION_UNKNOWN' ? 'does not exist' : 'is out of range';
  return new UsageError(`The option ${name} ${what}.`, {
    code,
    hint: `Legal: ${range}.`,
    path: `options.${name}`,
    value,
    range,
  });
}

/** What part of a film to show, how large, how often and how fast. */

import type { FilmInfo, FrameTimes, Rational } from '../picture/picture.js';
import type { Crop } from '../picture/raster.js';
import { type FilmClock, filmClock } from './filmClock.js';
import { outOfRange, rivalOptions, unknownOption } from './optionErrors.js';
import { checkCrop, checkPan, type PanPoint, panPath } from './panning.js';
import { type Freeze, isRetimed, type TimePiece, timeMap } from './retiming.js';
import type { SpeedPoint } from './speedCurve.js';

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
  /** A part that moves and zooms, from point to point (`at` rising). Instead of `crop`; pictures are as large as its first. */
  pan?: readonly PanPoint[];
  /** Film seconds per second shown: 0.25 is four times slow motion. Default 1. */
  speed?: number;
  /**
   * Speeds from point to point (`at` rising), instead of `speed`: around each the speed goes over smoothly within 0.25 s of the
   * film to either side, less where points are nearer than 0.5 s.
   */
  retime?: readonly SpeedPoint[];
  /** Pictures that stand; what follows comes so much later. */
  freeze?: readonly Freeze[];
  /**
   * Degrees 0..360 of a turn, which is the duration of a picture, for which a shutter is open from the instant of the picture
   * on: it is the mean, in codes, over that time (see `exposedPicture`), or until the film shows another segment.
   * The part of the picture that is shown does not move meanwhile. Default 0: pictures of an instant.
   */
  shutter?: number;
  /** How pictures grow: with what the film teaches, where it has an enlarger, or by Lanczos's kernel alone. Default `film`. */
  enlarge?: EnlargeChoice;
  /** Stops the iteration with an InterruptedError. */
  signal?: AbortSignal;
}

/** Options with every default filled in. */
export interface FramePlan {
  readonly width: number;
  readonly height: number;
  /** Part of the first picture that is shown. */
  readonly crop: Crop;
  /** Part that is shown of picture `i`; left out where it is `crop` in all of them. */
  readonly cropOf?: (i: number) => Crop;
  readonly enlarge: EnlargeChoice;
  /** Number of pictures. */
  readonly count: number;
  /** Pictures per second; of most where `times` says when each is shown. */
  readonly rate: Rational;
  /** When they are shown, where the film has no constant rate and none was asked for. */
  readonly times?: FrameTimes;
  /** For how much of the duration of a picture the shutter is open, 0..1. */
  readonly shutter: number;
  /** What is shown of the film, one piece after the other. */
  readonly pieces: readonly TimePiece[];
  /** Instant in frames of the film at which picture `i` begins; 1/2 is in the middle of the first. */
  instant(i: number): number;
}

const NAMES = [
  ...['width', 'height', 'fps', 'start', 'end', 'crop', 'pan'],
  ...['speed', 'retime', 'freeze', 'shutter', 'enlarge', 'signal'],
];
const MAX_OUTPUT_SIDE_PX = 16384;

/** Instants closer to a frame than this are that frame, in frames. */
const FRAME_TOLERANCE = 1e-6;

/**
 * Fills in the defaults.
 *
 * @throws UsageError `OPTION_UNKNOWN`, `OPTION_RANGE` or `OPTION_CONFLICT`
 */
export function planFrames(film: FilmInfo & { frames: number }, options: FrameOptions): FramePlan {
  for (const name of Object.keys(options)) if (!NAMES.includes(name)) throw unknownOption(name, NAMES);
  const crop = firstCrop(film, options);
  const { width, height } = outputSize(crop, options);
  const enlarge = options.enlarge ?? 'film';
  if (!ENLARGE_CHOICES.includes(enlarge)) throw outOfRange('enlarge', enlarge, ENLARGE_CHOICES.join(' or '));
  const instants = planInstants(film, options);
  const moves = options.pan && { cropOf: cropsOf(options.pan, instants) };
  return { width, height, crop, ...moves, enlarge, ...instants };
}

function firstCrop(film: FilmInfo, { crop, pan }: FrameOptions): Crop {
  if (pan && crop) throw rivalOptions('pan', pan, 'crop');
  if (pan) checkPan(film, pan);
  if (crop) checkCrop(film, crop, 'crop');
  return pan?.[0]?.crop ?? crop ?? { x: 0, y: 0, width: film.width, height: film.height };
}

function cropsOf(pan: readonly PanPoint[], { rate, times }: Instants): (i: number) => Crop {
  const cropAt = panPath(pan);
  if (!times) return (i) => cropAt((i * rate[1]) / rate[0]);
  return (i) => cropAt((times.ticks[i]! * times.tick[0]) / times.tick[1]);
}

type Instants = Pick<FramePlan, 'count' | 'rate' | 'times' | 'shutter' | 'pieces' | 'instant'>;

function planInstants(film: FilmInfo & { frames: number }, options: FrameOptions): Instants {
  const clock = filmClock(film);
  const rate = options.fps ?? film.rate;
  const fpsIsLegal = rate.length === 2 && rate.every((n) => Number.isInteger(n) && n > 0);
  if (!fpsIsLegal) throw outOfRange('fps', rate, 'two positive integers');
  const shutter = within('shutter', options.shutter ?? 0, 0, 360) / 360;
  const start = within('start', options.start ?? 0, 0, clock.seconds);
  const end = within('end', Math.min(options.end ?? clock.seconds, clock.seconds), start, clock.seconds);
  const map = timeMap(options, start, end);
  const common = { rate, shutter, pieces: map.pieces() };
  if (film.times && !options.fps && !isRetimed(options) && shutter === 0)
    return { ...common, ...planOwnTimes(film, film.times, clock, start, end) };
  const interval = rate[1] / rate[0];
  return {
    ...common,
    count: Math.max(0, Math.ceil(map.seconds / interval - FRAME_TOLERANCE)),
    instant: (i) => snap(clock.frameAt(map.filmAt(i * interval))),
  };
}

/** The film's own frames from the one that is on display at the start, each at its time. */
function planOwnTimes(
  { frames }: FilmInfo & { frames: number },
  { tick, ticks }: FrameTimes,
  clock: FilmClock,
  start: number,
  end: number,
): Pick<Instants, 'count' | 'times' | 'instant'> {
  const first = Math.min(Math.floor(snap(clock.frameAt(start))), frames - 1);
  const [from, to] = [start, end].map((seconds) => Math.round((seconds * tick[1]) / tick[0])) as [
    number,
    number,
  ];
  const begins = ticks.slice(first, frames).filter((time) => time < to);
  const times = { tick, ticks: [...begins.map((time) => Math.max(0, time - from)), to - from] };
  return { count: begins.length, times, instant: (i) => first + i };
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
      throw outOfRange(name, side, `1..${MAX_OUTPUT_SIDE_PX}`);
    }
  }
  return { width, height };
}

function within(name: string, value: number, min: number, max: number): number {
  if (!(value >= min && value <= max)) throw outOfRange(name, value, `${min}..${max}`);
  return value;
}

/** How a film is presented: at which times, exposed for how long, and which part of it. */

import { outOfRange } from '../film/optionErrors.js';
import { checkPan, type PanPoint, panPath } from '../film/panning.js';
import { FREEZE_LIST, PAN_LIST, type PointList, readPoints, SPEED_LIST } from '../film/pointTexts.js';
import type { Retiming } from '../film/retiming.js';
import { MOST_INSTANTS, openUntil } from '../film/shutter.js';
import type { Crop } from '../picture/raster.js';
import { type FilmInstants, filmInstants, snapped } from './filmInstants.js';
import type { Exposure, PieceLine, Wanted } from './frameWishes.js';
import { errorText } from './sentErrors.js';
import type { OpenedFilm, PictureContent } from './workerMessages.js';

/** What the attributes of these names say; undefined where there is none. */
export type PresentationTexts = Readonly<Record<'retime' | 'freeze' | 'shutter' | 'pan', string | undefined>>;

/** What is asked for: a time in seconds shown, and how the film plays. */
export interface PresentedMoment {
  readonly time: number;
  /** Seconds shown per second, if it moves. */
  readonly rate: number;
  readonly moves: boolean;
  /** Every refresh of the screen shows its own instant. */
  readonly smooth: boolean;
  readonly loop: boolean;
}

/** Parts of an exposure at which all that may be asked for lies: middles of 64 equal parts, of 32 ... */
const EXPOSURE_PARTS = 2 * MOST_INSTANTS;

/**
 * A film with what its attributes make of it. Pictures of one that is edited are those of `weft decode`, number `i` at `i / rate`
 * seconds shown; fractions of `i` lie between them.
 */
export class Presentation {
  readonly texts: PresentationTexts;
  readonly instants: FilmInstants;
  /** What is wrong with the attributes: words for people. What is wrong is left out. */
  readonly notes: string[] = [];
  /** Whether pictures are those of times shown, and not frames. */
  readonly isEdited: boolean;
  /** The part that is shown at a time, if it moves. */
  readonly cropAt: ((shown: number) => Crop) | undefined;
  readonly #film: OpenedFilm;
  /** For how much of the duration of a picture the shutter is open, 0..1. */
  readonly #shutter: number;
  /** The pictures of an edited film, and those that begin segments. */
  readonly #pictures: PieceLine;

  constructor(film: OpenedFilm, texts: PresentationTexts) {
    const { info } = film;
    this.texts = texts;
    this.#film = film;
    const points = <Point>(name: 'retime' | 'freeze' | 'pan', list: PointList<Point>) =>
      this.#read(name, (text) => {
        const read = readPoints(list, text, name);
        if (name === 'pan') checkPan(info, read as PanPoint[]);
        else filmInstants(info, { [name]: read });
        return read;
      });
    const retiming = {
      retime: points('retime', SPEED_LIST),
      freeze: points('freeze', FREEZE_LIST),
    } as Retiming;
    const pan = points('pan', PAN_LIST);
    this.instants = filmInstants(info, retiming);
    this.cropAt = pan && panPath(pan);
    this.#shutter = this.#read('shutter', readShutter) ?? 0;
    this.isEdited = this.#shutter > 0 || !!(retiming.retime || retiming.freeze || pan);
    const { rate, seconds, secondsAt } = this.instants;
    this.#pictures = {
      frames: Math.max(1, Math.ceil(snapped(seconds * rate))),
      segmentStarts: film.segmentStarts.map((start) => Math.ceil(secondsAt(start) * rate)),
    };
  }

  /**
   * What a screen is to show.
   *
   * @param samples whether the screen makes pictures from frames; else each picture of an edited film is a piece of its own
   */
  wanted({ time, rate, moves, smooth, loop }: PresentedMoment, samples: boolean): Wanted {
    const { instants, isEdited } = this;
    const speed = rate * instants.times.speedAt(time);
    const between = smooth || speed < 1;
    const framesPerSecond = moves ? instants.rate * (isEdited && !samples ? rate : speed) : 0;
    const line = { frames: instants.frames, segmentStarts: this.#film.segmentStarts };
    const isExposed = this.#shutter > 0;
    const common = { time, framesPerSecond, between, loop, line, isExposed };
    if (!isEdited) return { ...common, place: Math.max(0, instants.frameAt(time)) };
    const exact = snapped(time * instants.rate);
    const picture = between ? exact : Math.floor(exact);
    const edited = { ...common, time: picture / instants.rate };
    if (!samples) return { ...edited, place: picture, line: this.#pictures };
    const exposure = this.#exposureOf(picture);
    return { ...edited, between: true, place: exposure(0), exposure: isExposed ? exposure : undefined };
  }

  /** When what is shown at a place of a screen's pieces is shown, near to a time: in seconds. */
  timeOf(place: number, samples: boolean, near: number): number {
    const { secondsAt, times, rate } = this.instants;
    if (!this.isEdited) return secondsAt(place);
    return samples ? times.shownNear(times.filmAt(secondsAt(place)), near) : place / rate;
  }

  /** What is seen at a place of the pieces of a screen that makes none of them. @param pans whether the part moves */
  contentOf(place: number, pans: boolean): PictureContent {
    if (!this.isEdited) return { places: [place] };
    const exposure = this.#exposureOf(place);
    const parts = this.#shutter > 0 ? EXPOSURE_PARTS : 0;
    const places = Array.from({ length: parts + 1 }, (_, k) => exposure(k / EXPOSURE_PARTS));
    const crop = pans ? this.cropAt?.(place / this.instants.rate) : undefined;
    return { places, ...(crop && { crop }) };
  }

  /** What picture `i` is made of: all in one segment, and all the same without a shutter. */
  #exposureOf(i: number): Exposure {
    const { frameAt, rate, frames } = this.instants;
    const { segmentStarts } = this.#film;
    const instant = (part: number): number => frameAt((i + part * this.#shutter) / rate);
    // From half a frame before it on, a segment is nearer.
    const segment = segmentStarts.findLastIndex((start) => start - 0.5 <= instant(0));
    const next = segmentStarts[segment + 1] ?? Number.POSITIVE_INFINITY;
    const until = openUntil(instant, next - 0.5);
    const last = Math.min(next, frames) - 1;
    return (part) => Math.min(Math.max(instant(part * until), segmentStarts[segment]!), last);
  }

  /** @returns undefined if there is no such attribute, or it is wrong */
  #read<Value>(name: keyof PresentationTexts, read: (text: string) => Value): Value | undefined {
    const text = this.texts[name];
    if (text === undefined) return undefined;
    try {
      return read(text);
    } catch (error) {
      this.notes.push(errorText(error));
      return undefined;
    }
  }
}

function readShutter(text: string): number {
  const degrees = text.trim() === '' ? Number.NaN : Number(text);
  if (!(degrees >= 0 && degrees <= 360)) throw outOfRange('shutter', text, '0..360');
  return degrees / 360;
}

export function sameTexts(a: PresentationTexts, b: PresentationTexts): boolean {
  return a.retime === b.retime && a.freeze === b.freeze && a.shutter === b.shutter && a.pan === b.pan;
}

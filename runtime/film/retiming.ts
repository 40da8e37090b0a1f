/** Time shown against time of the film: other speeds, and pictures that stand. */

import { outOfRange, rivalOptions } from './optionErrors.js';
import { SpeedCurve, type SpeedPoint } from './speedCurve.js';

/** A picture that stands. */
export interface Freeze {
  /** Instant of the film in seconds, inside of the part that is shown or at its end. */
  readonly at: number;
  /** Seconds for which it stands, above 0, at most 86400. Several at one instant add up. */
  readonly seconds: number;
}

/** What changes the times of a film; every field may be left out. */
export interface Retiming {
  readonly speed?: number;
  readonly retime?: readonly SpeedPoint[];
  readonly freeze?: readonly Freeze[];
}

/** A piece of the film that is shown at one speed. */
export interface TimePiece {
  /** Instants of the film in seconds; the same where a picture stands. */
  readonly from: number;
  readonly to: number;
  /** Seconds for which it is shown. */
  readonly seconds: number;
}

const SPEEDS = { min: 0.01, max: 100 };
const MAX_FREEZE_SECONDS = 86_400;

/** A freeze, and the seconds shown before it. */
interface PlacedFreeze extends Freeze {
  readonly begins: number;
}

/** What is shown at which time of a part of a film. */
export class TimeMap {
  /** For how long the part is shown, in seconds. */
  readonly seconds: number;
  /** Whether times are others than those of the film. */
  readonly isRetimed: boolean;

  readonly #start: number;
  readonly #end: number;
  readonly #curve: SpeedCurve;
  /** In the order in which they are shown. */
  readonly #freezes: readonly PlacedFreeze[];

  /** Use `timeMap`. */
  constructor(curve: SpeedCurve, freezes: readonly Freeze[], start: number, end: number, retimed: boolean) {
    this.isRetimed = retimed;
    this.#curve = curve;
    this.#start = start;
    this.#end = end;
    let stood = 0;
    this.#freezes = freezes
      .toSorted((a, b) => a.at - b.at)
      .map((freeze) => {
        const begins = this.#moved(freeze.at) + stood;
        stood += freeze.seconds;
        return { ...freeze, begins };
      });
    this.seconds = this.#moved(end) + stood;
  }

  /** The instant of the film that is shown at a time, both in seconds; behind the end the film goes on. */
  filmAt(shown: number): number {
    let stood = 0;
    for (const { at, seconds, begins } of this.#freezes) {
      if (shown < begins) break;
      if (shown < begins + seconds) return at;
      stood += seconds;
    }
    return this.#curve.filmAt(this.#curve.shownAt(this.#start) + shown - stood);
  }

  /** Film seconds per second shown at a time; 0 while a picture stands. */
  speedAt(shown: number): number {
    const stands = this.#freezes.some(({ begins, seconds }) => shown >= begins && shown < begins + seconds);
    return stands ? 0 : this.#curve.speedAt(this.filmAt(shown));
  }

  /** The first time at which an instant of the film is shown, in seconds. */
  shownAt(film: number): number {
    return this.#freezes.reduce((sum, { at, seconds }) => sum + (at < film ? seconds : 0), this.#moved(film));
  }

  /** The time at which an instant of the film is shown, if so much of the freezes is over as at the time `near`; in seconds. */
  shownNear(film: number, near: number): number {
    return this.#freezes.reduce(
      (sum, { begins, seconds }) => sum + Math.min(Math.max(0, near - begins), seconds),
      this.#moved(film),
    );
  }

  /** What is shown, one piece after the other: they make up the part, and last for `seconds`. */
  pieces(): TimePiece[] {
    const still = this.#freezes.map(({ at }) => at).filter((at) => at > this.#start && at < this.#end);
    const partings = [...this.#curve.partings(this.#start, this.#end), ...still];
    const instants = [...new Set([this.#start, ...partings, this.#end])].sort((a, b) => a - b);
    return instants.flatMap((to, i) => {
      const stands = this.#freezes.filter(({ at }) => at === to);
      const frozen = stands.map(({ seconds }) => ({ from: to, to, seconds }));
      if (i === 0) return frozen;
      const from = instants[i - 1]!;
      return [{ from, to, seconds: this.#moved(to) - this.#moved(from) }, ...frozen];
    });
  }

  /** Seconds shown from the start to an instant of the film, without freezes. */
  #moved(film: number): number {
    return this.#curve.shownAt(film) - this.#curve.shownAt(this.#start);
  }
}

/**
 * The times of the part of a film from `start` to `end`, in seconds.
 *
 * @throws UsageError `OPTION_RANGE`; `OPTION_CONFLICT` if there are both `speed` and `retime`
 */
export function timeMap({ speed, retime, freeze }: Retiming, start: number, end: number): TimeMap {
  if (retime && speed !== undefined) throw rivalOptions('retime', retime, 'speed');
  if (speed !== undefined && !(speed > 0 && Number.isFinite(speed)))
    throw outOfRange('speed', speed, 'above 0');
  if (retime) checkSpeeds(retime);
  const freezes = freeze ?? [];
  checkFreezes(freezes, start, end);
  const curve = new SpeedCurve(retime ?? [{ at: start, speed: speed ?? 1 }]);
  return new TimeMap(curve, freezes, start, end, isRetimed({ speed, retime, freeze }));
}

/** Whether times are others than those of the film. */
export function isRetimed({ speed = 1, retime, freeze = [] }: Retiming): boolean {
  return speed !== 1 || retime !== undefined || freeze.length > 0;
}

function checkSpeeds(points: readonly SpeedPoint[]): void {
  if (!Array.isArray(points) || points.length === 0) throw outOfRange('retime', points, 'one point or more');
  let before = Number.NEGATIVE_INFINITY;
  for (const [i, { at, speed }] of points.entries()) {
    if (!(at > before && at < Number.POSITIVE_INFINITY))
      throw outOfRange(`retime[${i}].at`, at, i === 0 ? 'a number' : `above ${before}: points rise`);
    if (!(speed >= SPEEDS.min && speed <= SPEEDS.max))
      throw outOfRange(`retime[${i}].speed`, speed, `${SPEEDS.min}..${SPEEDS.max}`);
    before = at;
  }
}

function checkFreezes(freezes: readonly Freeze[], start: number, end: number): void {
  if (!Array.isArray(freezes)) throw outOfRange('freeze', freezes, 'a list');
  for (const [i, { at, seconds }] of freezes.entries()) {
    if (!(at >= start && at <= end)) throw outOfRange(`freeze[${i}].at`, at, `${start}..${end}`);
    if (!(seconds > 0 && seconds <= MAX_FREEZE_SECONDS))
      throw outOfRange(`freeze[${i}].seconds`, seconds, `above 0, up to ${MAX_FREEZE_SECONDS}`);
  }
}

/** A speed that changes over a film, and how long what lies before an instant takes to be shown. */

/** From `at` on the film runs at `speed`. */
export interface SpeedPoint {
  /** Instant of the film in seconds. Before the first point its speed holds. */
  readonly at: number;
  /** Film seconds per second shown, 0.01..100. */
  readonly speed: number;
}

/** A ramp reaches so many seconds of the film to either side of its point, and less where the next point is near. */
const RAMP_REACH_SECONDS = 0.25;

/** Parts of a ramp within each of which the speed is nearly one. */
const RAMP_PARTS = 4;

/** Halvings and steps after which an instant in a ramp is known to the last bit. */
const MOST_STEPS = 60;

/** A stretch of the film in which the pace (seconds shown per film second) stays, or goes over to another. */
interface Stretch {
  /** Seconds of the film. */
  readonly begins: number;
  /** 0 where the pace stays. */
  readonly rampSeconds: number;
  readonly pace: number;
  /** What the pace changes by. */
  readonly change: number;
  /** Seconds shown at `begins`. */
  readonly shown: number;
}

/**
 * The pace, 1 / speed, is constant between the points and goes over around each of them as a smoothstep of film time: speed is
 * continuous and monotone there, and what a ramp takes is a polynomial, so that every time is exact but for rounding.
 */
export class SpeedCurve {
  readonly #stretches: readonly Stretch[];

  /** @param points at least one, `at` rising */
  constructor(points: readonly SpeedPoint[]) {
    const first = points[0]!;
    const stretches = [hold(first.at, first.speed, 0)];
    for (const [i, { at, speed }] of points.entries()) {
      if (i === 0) continue;
      const before = points[i - 1]!;
      const gaps = [at - before.at, (points[i + 1]?.at ?? Number.POSITIVE_INFINITY) - at];
      const reach = Math.min(RAMP_REACH_SECONDS, ...gaps.map((gap) => gap / 2));
      const pace = 1 / before.speed;
      const ramp = {
        ...{ begins: at - reach, rampSeconds: 2 * reach, pace, change: 1 / speed - pace },
        shown: shownIn(stretches.at(-1)!, at - reach),
      };
      stretches.push(ramp, hold(at + reach, speed, shownIn(ramp, at + reach)));
    }
    this.#stretches = stretches;
  }

  /** Seconds shown from the first point to an instant of the film; below 0 before that point. */
  shownAt(film: number): number {
    return shownIn(this.#stretchOf('begins', film), film);
  }

  /** The instant of the film at which so many seconds have been shown since the first point. */
  filmAt(shown: number): number {
    return filmIn(this.#stretchOf('shown', shown), shown);
  }

  /** Film seconds per second shown at an instant of the film. */
  speedAt(film: number): number {
    const { begins, rampSeconds, pace, change } = this.#stretchOf('begins', film);
    return 1 / paceIn(pace, change, rampSeconds > 0 ? (film - begins) / rampSeconds : 0);
  }

  /** Instants of the film between two that part it into pieces of one speed each; ramps, of nearly one. */
  partings(from: number, to: number): number[] {
    const all = this.#stretches.slice(1).flatMap(({ begins, rampSeconds }) => {
      const parts = rampSeconds > 0 ? RAMP_PARTS : 1;
      return Array.from({ length: parts }, (_, k) => begins + (rampSeconds * k) / parts);
    });
    return all.filter((film) => film > from && film < to);
  }

  /** The last stretch that begins at a time or before it, by bisection. */
  #stretchOf(clock: 'begins' | 'shown', time: number): Stretch {
    let low = 0;
    let high = this.#stretches.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.#stretches[middle]![clock] <= time) low = middle;
      else high = middle;
    }
    return this.#stretches[low]!;
  }
}

function hold(begins: number, speed: number, shown: number): Stretch {
  return { begins, rampSeconds: 0, pace: 1 / speed, change: 0, shown };
}

function shownIn({ begins, rampSeconds, pace, change, shown }: Stretch, film: number): number {
  const seconds = film - begins;
  return shown + seconds * pace + (rampSeconds > 0 ? rampSeconds * change * area(seconds / rampSeconds) : 0);
}

/** Integral of the smoothstep 3u^2 - 2u^3 from 0 to `u`. */
function area(u: number): number {
  return u * u * u * (1 - u / 2);
}

/** The pace at a part `u` of a ramp, 0..1. */
function paceIn(pace: number, change: number, u: number): number {
  return pace + change * u * u * (3 - 2 * u);
}

/** Newton's method, and a halving of what is left where that leads out of it. */
function filmIn(stretch: Stretch, shown: number): number {
  const { begins, rampSeconds, pace, change } = stretch;
  if (rampSeconds === 0) return begins + (shown - stretch.shown) / pace;
  let [low, high] = [0, 1];
  let u = 0.5;
  for (let step = 0; step < MOST_STEPS; step++) {
    const excess = shownIn(stretch, begins + rampSeconds * u) - shown;
    if (excess > 0) high = u;
    else low = u;
    const next = u - excess / (rampSeconds * paceIn(pace, change, u));
    const better = next >= low && next <= high ? next : (low + high) / 2;
    if (better === u) break;
    u = better;
  }
  return begins + rampSeconds * u;
}

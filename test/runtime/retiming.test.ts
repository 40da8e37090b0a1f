/** Time shown against time of the film: against sums over small steps, and there and back. */

import { describe, expect, it } from 'vitest';
import { type Retiming, timeMap } from '../../runtime/film/retiming.js';
import { SpeedCurve, type SpeedPoint } from '../../runtime/film/speedCurve.js';
import { uniforms } from './randomNumbers.js';

/** The speed by its definition: the pace goes over as a smoothstep, 0.25 s to either side or half the way to the next point. */
function paceAt(points: readonly SpeedPoint[], film: number): number {
  return points.reduce((pace, { at, speed }, i) => {
    const before = points[i - 1];
    if (!before) return 1 / speed;
    const reach = Math.min(0.25, (at - before.at) / 2, ((points[i + 1]?.at ?? 1e9) - at) / 2);
    const u = Math.min(1, Math.max(0, (film - at + reach) / (2 * reach)));
    return pace + (1 / speed - 1 / before.speed) * u * u * (3 - 2 * u);
  }, 0);
}

/** By Simpson's rule in small steps. */
function integral(points: readonly SpeedPoint[], from: number, to: number): number {
  const steps = 20_000;
  const h = (to - from) / steps;
  let sum = 0;
  for (let k = 0; k < steps; k++) {
    const [a, b] = [from + k * h, from + (k + 1) * h];
    sum += (h / 6) * (paceAt(points, a) + 4 * paceAt(points, (a + b) / 2) + paceAt(points, b));
  }
  return sum;
}

const CURVES: Readonly<Record<string, readonly SpeedPoint[]>> = {
  'one speed': [{ at: 7, speed: 0.3 }],
  'a slow part': [
    { at: 0, speed: 1 },
    { at: 2.5, speed: 0.25 },
    { at: 4, speed: 1 },
  ],
  'near points': [
    { at: -1, speed: 2 },
    { at: 1, speed: 0.5 },
    { at: 1.1, speed: 3 },
    { at: 1.3, speed: 3 },
    { at: 1.301, speed: 0.1 },
  ],
  'the limits': [
    { at: 0.5, speed: 100 },
    { at: 1, speed: 0.01 },
    { at: 2, speed: 100 },
  ],
};

describe.each(Object.entries(CURVES))('a speed curve: %s', (_name, points) => {
  const curve = new SpeedCurve(points);

  it('has the speed of its pace', () => {
    for (const film of [-2, 0.4, 0.55, 0.9, 1.02, 1.05, 2.3, 2.5, 2.6, 3.9, 6])
      expect(curve.speedAt(film)).toBeCloseTo(1 / paceAt(points, film), 9);
  });

  it('is the integral of the pace to a millionth of a second', () => {
    for (const [from, to] of [
      [-2, 6],
      [0.9, 1.2],
      [1.05, 1.3],
    ] as const) {
      const shown = curve.shownAt(to) - curve.shownAt(from);
      expect(Math.abs(shown - integral(points, from, to))).toBeLessThan(1e-6);
    }
  });

  it('leads back to the same instant', () => {
    const random = uniforms(3);
    for (let k = 0; k < 2000; k++) {
      const film = 9 * random() - 3;
      expect(Math.abs(curve.filmAt(curve.shownAt(film)) - film)).toBeLessThan(1e-9);
    }
  });

  it('has a speed that never jumps and goes one way from point to point', () => {
    const h = 1e-5;
    const speed = (film: number) => (2 * h) / (curve.shownAt(film + h) - curve.shownAt(film - h));
    for (const [i, { at, speed: after }] of points.entries()) {
      const reach = Math.min(0.25, ...points.filter((p) => p.at !== at).map((p) => Math.abs(p.at - at) / 2));
      const before = points[i - 1]?.speed ?? after;
      const places = Array.from({ length: 101 }, (_, k) => speed(at + reach * (k / 50 - 1)));
      const way = Math.sign(after - before);
      for (const [k, value] of places.entries()) {
        if (k > 0) expect(way * (value - places[k - 1]!)).toBeGreaterThan(-1e-3 * value);
      }
      expect(places[0]! / before).toBeCloseTo(1, 2);
      expect(places[100]! / after).toBeCloseTo(1, 2);
    }
  });
});

describe('a time map', () => {
  const slow = { retime: CURVES['a slow part']! };

  it('shows the part from start to end at its speed', () => {
    const map = timeMap({ speed: 0.5 }, 1, 3);
    expect([map.seconds, map.filmAt(0), map.filmAt(1), map.filmAt(4)]).toEqual([4, 1, 1.5, 3]);
    expect(map.pieces()).toEqual([{ from: 1, to: 3, seconds: 4 }]);
    const part = timeMap(slow, 2.4, 3);
    expect(part.seconds).toBeCloseTo(integral(slow.retime, 2.4, 3), 7);
    expect(part.filmAt(0)).toBeCloseTo(2.4, 12);
    expect(part.filmAt(part.seconds)).toBeCloseTo(3, 12);
  });

  it('lets pictures stand, also the first, the last and twice the same', () => {
    const freeze = [
      { at: 3, seconds: 2 },
      { at: 1, seconds: 0.5 },
      { at: 2, seconds: 1 },
      { at: 2, seconds: 0.25 },
    ];
    const map = timeMap({ freeze }, 1, 3);
    expect(map.seconds).toBe(5.75);
    const places = [0, 0.4, 0.5, 1, 1.5, 2.7, 2.75, 3.25, 3.75, 5.7];
    expect(places.map((shown) => map.filmAt(shown))).toEqual([1, 1, 1, 1.5, 2, 2, 2, 2.5, 3, 3]);
    expect(map.pieces()).toEqual([
      { from: 1, to: 1, seconds: 0.5 },
      { from: 1, to: 2, seconds: 1 },
      { from: 2, to: 2, seconds: 1 },
      { from: 2, to: 2, seconds: 0.25 },
      { from: 2, to: 3, seconds: 1 },
      { from: 3, to: 3, seconds: 2 },
    ]);
  });

  it('lets pictures stand in the middle of a ramp, and goes on at the same speed', () => {
    const freeze = [{ at: 2.55, seconds: 1 }];
    const [still, moving] = [timeMap({ ...slow, freeze }, 0, 5), timeMap(slow, 0, 5)];
    expect(still.seconds - moving.seconds).toBeCloseTo(1, 9);
    const before = integral(slow.retime, 0, 2.55);
    for (const shown of [0.3, before - 0.01]) expect(still.filmAt(shown)).toBe(moving.filmAt(shown));
    for (const shown of [before + 1e-6, before + 0.999]) expect(still.filmAt(shown)).toBe(2.55);
    for (const shown of [before + 1.01, 7]) {
      expect(still.filmAt(shown)).toBeCloseTo(moving.filmAt(shown - 1), 9);
    }
  });

  it('says its pieces: together all of it, each nearly of one speed', () => {
    const map = timeMap({ ...slow, freeze: [{ at: 3, seconds: 2 }] }, 0.5, 5);
    const pieces = map.pieces();
    expect(pieces.reduce((sum, { seconds }) => sum + seconds, 0)).toBeCloseTo(map.seconds, 9);
    expect([pieces[0]!.from, pieces.at(-1)!.to]).toEqual([0.5, 5]);
    for (const [i, { from, to, seconds }] of pieces.entries()) {
      if (i > 0) expect(from).toBe(pieces[i - 1]!.to);
      if (from === to) expect([from, seconds]).toEqual([3, 2]);
      else expect(seconds).toBeCloseTo(integral(slow.retime, from, to), 7);
    }
    // Two ramps of four parts, three holds, of which a freeze parts one, and the freeze.
    expect(pieces).toHaveLength(2 * 4 + 3 + 1 + 1);
  });

  it.each<[Retiming, string, string]>([
    [{ speed: 0 }, 'options.speed', 'OPTION_RANGE'],
    [{ speed: 2, retime: [{ at: 0, speed: 1 }] }, 'options.retime', 'OPTION_CONFLICT'],
    [{ retime: [] }, 'options.retime', 'OPTION_RANGE'],
    [{ retime: [{ at: 0, speed: 101 }] }, 'options.retime[0].speed', 'OPTION_RANGE'],
    [{ retime: [{ at: 0, speed: 0.009 }] }, 'options.retime[0].speed', 'OPTION_RANGE'],
    [{ retime: [{ at: Number.NaN, speed: 1 }] }, 'options.retime[0].at', 'OPTION_RANGE'],
    [{ retime: [1, 1].map((at) => ({ at, speed: 1 })) }, 'options.retime[1].at', 'OPTION_RANGE'],
    [{ freeze: [{ at: 3.1, seconds: 1 }] }, 'options.freeze[0].at', 'OPTION_RANGE'],
    [{ freeze: [{ at: 1, seconds: 0 }] }, 'options.freeze[0].seconds', 'OPTION_RANGE'],
    [{ freeze: 3 as never }, 'options.freeze', 'OPTION_RANGE'],
  ])('refuses %j', (options, path, code) => {
    const error = expect.objectContaining({ code, path, exitCode: 2, range: expect.any(String) });
    expect(() => timeMap(options, 1, 3)).toThrow(error);
  });
});

describe('there and back', () => {
  /** The last picture stands, too. */
  const freeze = [
    { at: 1, seconds: 0.5 },
    { at: 5, seconds: 1 },
  ];
  const map = timeMap({ retime: CURVES['a slow part']!, freeze }, 0, 5);

  it('every instant is shown first where the film is then at it', () => {
    for (const film of [0, 0.7, 1, 2.4, 2.55, 3, 4.2, 5]) {
      const shown = map.shownAt(film);
      expect(map.filmAt(shown)).toBeCloseTo(film, 9);
      expect(map.filmAt(shown - 1e-3)).toBeLessThan(film);
    }
    expect(map.shownAt(5)).toBeCloseTo(map.seconds - 1, 9);
  });

  it('a time near by says how much of the freezes is over', () => {
    for (let shown = 0; shown < map.seconds; shown += 0.01)
      expect(map.shownNear(map.filmAt(shown), shown)).toBeCloseTo(shown, 9);
    const begins = map.shownAt(1);
    // Before a picture stands, what lies a little behind it is near, and the other way round.
    expect(map.shownNear(1.02, begins - 0.02)).toBeCloseTo(begins + 0.02, 9);
    expect(map.shownNear(0.98, begins + 0.52)).toBeCloseTo(begins + 0.48, 9);
  });

  it('speeds are 0 while a picture stands', () => {
    const begins = map.shownAt(1);
    expect([-0.01, 0, 0.49, 0.51].map((after) => map.speedAt(begins + after))).toEqual([1, 0, 0, 1]);
    expect(map.speedAt(map.shownAt(3.5))).toBeCloseTo(0.25, 9);
  });

  it('what is not retimed has the times of the film, to the last bit', () => {
    const plain = timeMap({}, 0, 7);
    expect([plain.isRetimed, map.isRetimed]).toEqual([false, true]);
    for (const time of [0, 0.1, 1 / 3, 6.9]) {
      expect(plain.filmAt(time)).toBe(time);
      expect(plain.shownAt(time)).toBe(time);
    }
  });
});

import { describe, expect, it } from 'vitest';
import { checkPan, type PanPoint, panPath } from '../../runtime/film/panning.js';

const film = { width: 400, height: 200 };
const crop = (x: number, y: number, width: number, height: number) => ({ x, y, width, height });
const points: PanPoint[] = [
  { at: 1, crop: crop(0, 0, 400, 200) },
  { at: 3, crop: crop(200, 50, 100, 50) },
  { at: 4, crop: crop(0, 150, 100, 50) },
];

describe('a pan', () => {
  const path = panPath(points);

  it('is at its points at their times, and stands before and behind them', () => {
    expect([0, 1].map(path)).toEqual([points[0]!.crop, points[0]!.crop]);
    expect(path(3)).toEqual(points[1]!.crop);
    expect([4, 100].map(path)).toEqual([points[2]!.crop, points[2]!.crop]);
  });

  it('zooms by equal ratios: half way in time is half way in octaves', () => {
    const { width, height } = path(2);
    expect(width).toBeCloseTo(200, 9);
    expect(height).toBeCloseTo(100, 9);
    // A quarter of the time is 5/32 of a smoothstep.
    expect(path(1.5).width).toBeCloseTo(400 * 4 ** (-5 / 32), 9);
  });

  it('keeps the point that it zooms towards where it is in the picture', () => {
    // 200 + 100 f = 400 f: two thirds across; 50 + 50 f = 200 f: a third down.
    for (const seconds of [1, 1.3, 1.9, 2.6, 3]) {
      const { x, y, width, height } = path(seconds);
      expect(x + (2 / 3) * width).toBeCloseTo(800 / 3, 9);
      expect(y + height / 3).toBeCloseTo(200 / 3, 9);
    }
  });

  it('moves gently where it does not zoom, and never jumps', () => {
    expect(path(3.5)).toEqual(crop(100, 100, 100, 50));
    expect(path(3.25).x).toBeCloseTo(200 * (1 - 5 / 32), 9);
    for (const { at } of points) {
      const [before, there, behind] = [at - 1e-4, at, at + 1e-4].map(path);
      for (const side of ['x', 'y', 'width', 'height'] as const) {
        expect(Math.abs(before![side] - there![side])).toBeLessThan(1e-4);
        expect(Math.abs(behind![side] - there![side])).toBeLessThan(1e-4);
      }
    }
  });

  it('shows nothing outside of the film on its way', () => {
    for (let seconds = 0; seconds < 5; seconds += 0.01)
      expect(() => checkPan(film, [{ at: 0, crop: path(seconds) }])).not.toThrow();
  });

  it.each([
    [[], 'options.pan'],
    [[{ at: -1, crop: crop(0, 0, 10, 10) }], 'options.pan[0].at'],
    [[points[1], points[0]], 'options.pan[1].at'],
    [[{ at: 0, crop: crop(0, 0, 401, 10) }], 'options.pan[0].crop'],
    [[{ at: 0, crop: crop(0, 0, 0, 10) }], 'options.pan[0].crop'],
  ])('refuses %j', (wrong, path) => {
    const error = expect.objectContaining({ code: 'OPTION_RANGE', path, exitCode: 2 });
    expect(() => checkPan(film, wrong as PanPoint[])).toThrow(error);
  });
});

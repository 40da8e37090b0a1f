/** Pictures that are exposed, on a screen that only notes what it is to draw. */

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Presenter } from '../../runtime/player/presenter.js';
import type { Screen, Shot } from '../../runtime/player/screen.js';

const VIEW = { crop: { x: 0, y: 0, width: 8, height: 8 }, width: 8, height: 8 };
const LINE = { frames: 100, segmentStarts: [0] };

/** A screen whose pieces are their places. */
function notingScreen(fetches = true) {
  const drawn: number[][] = [];
  const aims: number[] = [];
  const place = ({ piece, phase }: Shot<unknown>) => (piece as number) + phase;
  const screen = {
    samplesBetween: true,
    fetch: (place: number) => (fetches ? Promise.resolve(place) : new Promise(() => {})),
    bytes: () => 1,
    free: () => {},
    aim: (_view: unknown, _hurry: boolean, instants: number) => aims.push(instants) < 0,
    draw: (shot: Shot<unknown>, others: readonly Shot<unknown>[]) => drawn.push([shot, ...others].map(place)),
    close: () => {},
  } as unknown as Screen;
  return { screen, drawn, aims, presenter: new Presenter(screen, { arrived() {}, failed() {} }) };
}

function exposed(place: number, length: number, framesPerSecond: number) {
  const exposure = (part: number): number => place + length * part;
  const common = { between: true, loop: false, line: LINE, time: 0, isExposed: length > 0 };
  return { ...common, place, framesPerSecond, ...(length > 0 && { exposure }) };
}

describe('pictures that are exposed', () => {
  let nowMs = 1000;
  beforeEach(() => {
    vi.spyOn(performance, 'now').mockImplementation(() => nowMs);
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });

  /** A refresh, once what the one before has asked for is there. */
  async function refresh(
    { presenter }: ReturnType<typeof notingScreen>,
    wanted: ReturnType<typeof exposed>,
    afterMs = 16,
  ) {
    presenter.refresh(wanted, VIEW, 60);
    for (let i = 0; i < 20; i++) await Promise.resolve();
    nowMs += afterMs;
    return presenter.refresh(wanted, VIEW, 60);
  }

  it('are means of the middles of equal parts, of more while they are in time', async () => {
    const noted = notingScreen();
    for (let i = 0; i < 40; i++) await refresh(noted, exposed(10 + i / 2, 0.5, 25));
    const counts = noted.drawn.map(({ length }) => length);
    expect(counts).toEqual([...counts].sort((a, b) => a - b));
    expect([counts[0], counts.at(-1)]).toEqual([2, 4]);
    const [first, second] = noted.drawn[0]!;
    expect([first, second]).toEqual([10.125, 10.375]);
  });

  it('have few instants where they come late, and one at least', async () => {
    const noted = notingScreen();
    for (let i = 0; i < 10; i++) await refresh(noted, exposed(10 + i, 0.5, 25), 200);
    expect(noted.aims.at(-1)).toBe(1);
    const waiting = notingScreen(false);
    for (let i = 0; i < 10; i++) await refresh(waiting, exposed(10 + i, 0.5, 25));
    expect(waiting.aims.at(-1)).toBe(1);
  });

  it('have all of them where the film stands, unless somebody goes through it by hand', async () => {
    const noted = notingScreen();
    await refresh(noted, exposed(10, 2, 0), 400);
    expect(noted.drawn.at(-1)).toHaveLength(64);
    expect(Math.max(...noted.drawn.at(-1)!)).toBeCloseTo(12 - 1 / 64, 9);
    nowMs += 400;
    await refresh(noted, exposed(20, 0.5, 0));
    expect(noted.aims.at(-1)).toBe(64);
    for (const place of [21, 22, 23]) {
      expect((await refresh(noted, exposed(place, 0.5, 0))).unfinished).toBe(true);
      expect(noted.aims.at(-1)).toBeLessThan(64);
    }
    expect((await refresh(noted, exposed(23, 0.5, 0), 301)).unfinished).toBe(false);
    expect(noted.aims.at(-1)).toBe(64);
  });

  it('take whole frames that are farther apart where there is no room for all of them', async () => {
    const noted = notingScreen();
    const huge = { ...noted.screen, bytes: () => 2 ** 24 };
    const presenter = new Presenter(huge as Screen, { arrived() {}, failed() {} });
    for (let i = 0; i < 3; i++) await refresh({ ...noted, presenter }, exposed(10, 40, 0), 400);
    const frames = new Set(noted.drawn.at(-1));
    expect(frames.size).toBeGreaterThan(2);
    expect(frames.size).toBeLessThanOrEqual(6);
  });

  it('are no others than they were without a shutter', async () => {
    const noted = notingScreen();
    expect((await refresh(noted, exposed(10.5, 0, 0))).unfinished).toBe(false);
    expect(noted.drawn).toEqual([[10.5]]);
  });
});

describe('pictures of a film that moves', () => {
  it('never lead back, where fewer of them are shown from now on', async () => {
    const noted = notingScreen();
    const show = async (place: number, framesPerSecond: number) => {
      for (let i = 0; i < 2; i++) {
        noted.presenter.refresh(exposed(place, 0, framesPerSecond), VIEW, 60);
        await new Promise((resolve) => setTimeout(resolve));
      }
    };
    await show(10, 25);
    await show(11, 25);
    for (const place of [11.2, 13, 17]) await show(place, 500);
    const places = noted.drawn.map(([place]) => place!);
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(places.at(-1)).toBeGreaterThan(11);
  });
});

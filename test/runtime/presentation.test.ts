/** What attributes make of a film: the pictures of `WeftFilm.frames`, for screens of both kinds. */

import { describe, expect, it } from 'vitest';
import { planFrames } from '../../runtime/film/frameOptions.js';
import { Presentation, type PresentationTexts } from '../../runtime/player/presentation.js';
import type { OpenedFilm } from '../../runtime/player/workerMessages.js';

const INFO = { width: 480, height: 270, rate: [25, 1], frames: 100 };
/** Two scenes of 2 seconds. */
const FILM = { info: INFO, segmentStarts: [0, 50] } as unknown as OpenedFilm;
const NOTHING: PresentationTexts = {
  retime: undefined,
  freeze: undefined,
  shutter: undefined,
  pan: undefined,
};
const EDITED = { ...NOTHING, retime: '0:1, 1:0.5, 3:2', freeze: '1.5:0.5, 4:1' };
const OPTIONS = {
  retime: [
    { at: 0, speed: 1 },
    { at: 1, speed: 0.5 },
    { at: 3, speed: 2 },
  ],
  freeze: [
    { at: 1.5, seconds: 0.5 },
    { at: 4, seconds: 1 },
  ],
};
const MOMENT = { rate: 1, moves: true, smooth: false, loop: false };

const present = (texts: Partial<PresentationTexts>) => new Presentation(FILM, { ...NOTHING, ...texts });
const plan = (options: object) => planFrames(FILM.info, options);

/** Across a boundary of segments the nearer frame is shown, and behind the last one this. */
function shown(place: number): number {
  if (place > 49 && place < 50) return place < 49.5 ? 49 : 50;
  return Math.min(place, 99);
}

describe('a film that is presented', () => {
  it('as it is has its own frames and times', () => {
    const film = present({});
    expect(film.instants.seconds).toBe(4);
    expect(film.wanted({ ...MOMENT, time: 1.3 }, false)).toMatchObject({
      ...{ place: 32.5, framesPerSecond: 25, between: false, line: { frames: 100 } },
    });
    expect(film.contentOf(7, false)).toEqual({ places: [7] });
    expect(film.timeOf(7, true, 0)).toBe(7 / 25);
  });

  it('at other times shows what `frames` gives, on both kinds of screens', () => {
    const film = present(EDITED);
    const { count, instant } = plan(OPTIONS);
    for (let i = 0; i < count; i++) {
      const place = shown(instant(i));
      const time = i / 25;
      expect(film.contentOf(i, false).places).toEqual([expect.closeTo(place, 5)]);
      expect(film.wanted({ ...MOMENT, time }, true).place).toBeCloseTo(place, 5);
      const asked = film.wanted({ ...MOMENT, time }, false);
      expect(asked).toMatchObject({ place: i, framesPerSecond: 25, line: { frames: count } });
      expect(film.timeOf(i, false, time)).toBe(time);
      if (place === instant(i)) expect(film.timeOf(place, true, time)).toBeCloseTo(time, 5);
    }
  });

  it('moves as fast as it is shown, and not at all while a picture stands', () => {
    const film = present(EDITED);
    const { times } = film.instants;
    const speedAt = (place: number) =>
      film.wanted({ ...MOMENT, time: times.shownAt(place) + 0.1 }, true).framesPerSecond / 25;
    expect([0.3, 1.5, 2, 3.5].map(speedAt)).toEqual([1, 0, 0.5, 2]);
    // What is slower than the film is shown at every refresh, what is faster at its pictures.
    const time = (place: number) =>
      film.wanted({ ...MOMENT, time: times.shownAt(place) + 0.105 }, false).place;
    expect(time(2) % 1).not.toBe(0);
    expect(time(0.3) % 1).toBe(0);
  });

  it('is exposed at the places of `frames`, and never beyond its scene', () => {
    const film = present({ ...EDITED, shutter: '360' });
    const { count, instant } = plan({ ...OPTIONS, shutter: 360 });
    for (let i = 0; i < count; i++) {
      const { places } = film.contentOf(i, false);
      const { place, exposure } = film.wanted({ ...MOMENT, time: i / 25 }, true);
      expect(places[0]).toBeCloseTo(shown(instant(i)), 5);
      expect(places[0]).toBe(place);
      for (const k of [0, 31, 64, 128]) expect(exposure!(k / 128)).toBe(places[k]);
      const scene = places.map((at) => Math.floor(at / 50));
      expect(new Set(scene).size).toBe(1);
      expect(Math.max(...places)).toBeLessThanOrEqual(scene[0] === 0 ? 49 : 99);
      if (instant(i + 1) < 49) expect(places[64]).toBeCloseTo(instant(i + 0.5), 5);
    }
  });

  it('shows the part of each of its pictures', () => {
    const pan = '0:0,0,480,270; 2:100,50,240,135';
    const film = present({ pan });
    const { cropOf } = plan({
      pan: [
        { at: 0, crop: { x: 0, y: 0, width: 480, height: 270 } },
        { at: 2, crop: { x: 100, y: 50, width: 240, height: 135 } },
      ],
    });
    for (const i of [0, 20, 33.5, 60]) {
      expect(film.contentOf(i, true).crop).toEqual(cropOf!(i));
      expect(film.contentOf(i, false).crop).toBeUndefined();
    }
  });

  it('leaves out what is wrong, and says what that is', () => {
    const film = present({ retime: '0:0', freeze: '1:2, 9:1', shutter: 'half', pan: '' });
    expect(film.notes).toEqual([
      'The option retime[0].speed is out of range. Legal: 0.01..100.',
      'The option freeze[1].at is out of range. Legal: 0..4.',
      expect.stringMatching(/^pan '': give TIME:X,Y,WIDTH,HEIGHT/),
      'The option shutter is out of range. Legal: 0..360.',
    ]);
    expect(film.isEdited).toBe(false);
    expect(film.instants.seconds).toBe(4);
    const half = present({ retime: '0:0', freeze: '1:2' });
    expect(half.notes).toHaveLength(1);
    expect(half.instants.seconds).toBe(6);
  });
});

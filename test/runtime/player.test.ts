/** The parts of the player that need no browser: time, wishes, pieces, keys, spans, zoom. */

import { describe, expect, it } from 'vitest';
import { InterruptedError, SourceError } from '../../runtime/errors.js';
import { filmInstants } from '../../runtime/player/filmInstants.js';
import { FrameQueue } from '../../runtime/player/frameQueue.js';
import { pieceAt, type Showing, strideOf, wishedPieces } from '../../runtime/player/frameWishes.js';
import { heldFrames, WatchedSource } from '../../runtime/player/heldBytes.js';
import { JobLine } from '../../runtime/player/jobLine.js';
import { commandOf, SPEEDS, speedFrom, speedText, timeText } from '../../runtime/player/keyboard.js';
import { MediaClock } from '../../runtime/player/mediaClock.js';
import { receivedError, sentError } from '../../runtime/player/sentErrors.js';
import { TimeSpans } from '../../runtime/player/timeSpans.js';
import * as view from '../../runtime/player/view.js';
import { bytesSource } from '../../runtime/source/byteSource.js';

describe('the clock', () => {
  /** A clock, and a machine whose time is set by hand. */
  function handClock(): { clock: MediaClock; pass(ms: number): number } {
    let now = 5000;
    const clock = new MediaClock(() => now);
    return {
      clock,
      pass: (ms) => {
        now += ms;
        return clock.time;
      },
    };
  }

  it('runs by the machine where there is no sound, at any speed', () => {
    const { clock, pass } = handClock();
    expect(pass(1000)).toBe(0);
    clock.start();
    expect(pass(500)).toBeCloseTo(0.5, 9);
    clock.rate = 1 / 64;
    expect(pass(64_000)).toBeCloseTo(1.5, 9);
    clock.rate = 8;
    expect(pass(250)).toBeCloseTo(3.5, 9);
    clock.stop();
    expect(pass(1000)).toBeCloseTo(3.5, 9);
    clock.seek(1);
    expect(clock.time).toBe(1);
  });

  it('waits for sound to begin, and to run evenly, then runs between its readings and follows them', () => {
    const { clock, pass } = handClock();
    clock.start();
    clock.awaitSound(0);
    expect(pass(200)).toBe(0);
    clock.hear(0);
    expect(pass(100)).toBe(0);
    // Browsers tell of sound before it is heard: it moves, stands, and moves again.
    for (const heard of [0.016, 0.018, 0.018, 0.018, 0.018, 0.022, 0.038, 0.055]) {
      clock.hear(heard);
      expect(pass(17)).toBeCloseTo(heard, 9);
    }
    pass(200);
    clock.hear(0.05);
    expect(clock.time).toBeCloseTo(0.055, 9);
    expect(pass(20)).toBeCloseTo(0.07, 9);
    // Sound that is 20 ms ahead draws time along, little by little.
    let heard = 0.09;
    for (let i = 0; i < 100; i++) {
      clock.hear(heard);
      pass(16);
      heard += 0.016;
    }
    expect(clock.time).toBeCloseTo(heard, 2);
  });

  it('goes to where sound has jumped, but never back', () => {
    const { clock, pass } = handClock();
    clock.start();
    clock.hear(0.001);
    pass(100);
    clock.hear(2);
    expect(clock.time).toBeCloseTo(2, 9);
    clock.hear(1.5);
    expect(clock.time).toBeCloseTo(2, 9);
    let before = clock.time;
    for (let i = 0; i < 40; i++) {
      clock.hear(1.5 + 0.016 * i);
      const time = pass(16);
      expect(time).toBeGreaterThanOrEqual(before);
      before = time;
    }
    expect(before).toBeLessThan(2.3);
  });

  it('stands where sound stands, and does not wait for sound that never begins', () => {
    const { clock, pass } = handClock();
    clock.start();
    clock.hear(1);
    expect(pass(10_000)).toBeLessThan(1.3);
    clock.forgetSound();
    expect(pass(1000)).toBeGreaterThan(2);
    const other = handClock();
    other.clock.start();
    other.clock.awaitSound(0);
    expect(other.pass(3000)).toBeCloseTo(2, 9);
  });
});

describe('instants', () => {
  it('lead from frames to seconds and back', () => {
    const instants = filmInstants({ rate: [30000, 1001], frames: 100 });
    for (let frame = 0; frame < 100; frame++) expect(instants.frameOn(instants.secondsAt(frame))).toBe(frame);
    expect(instants.frameAt(instants.secondsAt(7.25))).toBeCloseTo(7.25, 9);
    expect(instants.frameOn(instants.seconds)).toBe(99);
  });

  it('do so where frames have times of their own', () => {
    const times = { tick: [1, 1000] as [number, number], ticks: [0, 40, 80, 1080, 1120] };
    const instants = filmInstants({ rate: [25, 1], frames: 4, times });
    expect([0, 1, 2, 3].map(instants.secondsAt)).toEqual([0, 0.04, 0.08, 1.08]);
    for (const place of [0.5, 1.25, 2.5, 2.999]) {
      expect(instants.frameAt(instants.secondsAt(place))).toBeCloseTo(place, 6);
    }
    // The third frame stands for a second.
    expect(instants.frameOn(0.9)).toBe(2);
  });
});

describe('wishes', () => {
  const still: Showing = { place: 10, framesPerSecond: 0, between: false, loop: false };
  const film = { frames: 100, segmentStarts: [0, 40], segmentAheadSeconds: 2, count: 4 };
  const fast = { refreshHz: 60, pieceSeconds: 0.005 };

  it('are whole frames, further apart where the film is faster than the screen or the machine', () => {
    const plays = (framesPerSecond: number, more: Partial<Showing> = {}) => ({
      ...still,
      framesPerSecond,
      ...more,
    });
    expect(strideOf(plays(25), fast, false)).toBe(1);
    expect(strideOf(plays(60), fast, false)).toBe(1);
    expect(strideOf(plays(200), fast, false)).toBe(3);
    expect(strideOf(plays(25), { refreshHz: 60, pieceSeconds: 0.2 }, true)).toBe(5);
    expect(strideOf(plays(25), { refreshHz: 60, pieceSeconds: 60 }, true)).toBeLessThanOrEqual(25);
  });

  it('are parts of frames where a renderer needs each picture', () => {
    const slow = { ...still, framesPerSecond: 25 / 8, between: true };
    expect(strideOf(slow, fast, true)).toBe(1);
    expect(strideOf(slow, fast, false)).toBe(1 / 16);
    expect(strideOf(slow, { refreshHz: 60, pieceSeconds: 0.15 }, false)).toBe(0.5);
    expect(strideOf({ ...slow, framesPerSecond: 0.1 }, fast, false)).toBe(1 / 64);
    expect(pieceAt(10.3, 0.25)).toBe(10.25);
    expect(pieceAt(11, 3)).toBe(9);
  });

  it('go on to the end, round it in a loop, and to the segment that follows soon', () => {
    const wish = (more: Partial<Showing>, stride = 1) =>
      wishedPieces({ ...film, showing: { ...still, ...more }, stride });
    expect(wish({})).toEqual([10, 11, 12, 13]);
    expect(wish({ place: 98 })).toEqual([98, 99]);
    expect(wish({ place: 98, loop: true, framesPerSecond: 25 })).toEqual([98, 99, 0, 1]);
    expect(wish({ place: 10, framesPerSecond: 25 })).toEqual([10, 11, 12, 13, 40]);
    expect(wish({ place: 70, framesPerSecond: 25, loop: true })).toEqual([70, 71, 72, 73, 0]);
    expect(wish({ place: 10, framesPerSecond: 25 }, 3)).toEqual([9, 12, 15, 18, 42]);
  });
});

describe('the queue of pieces', () => {
  interface Piece {
    readonly place: number;
  }

  /** A queue whose pieces come when they are let. */
  function handQueue(maxBytes = 100) {
    const asked = new Map<number, { come(): void; fail(error: Error): void; dropped: boolean }>();
    const freed: number[] = [];
    const failures: unknown[] = [];
    const fetch = (place: number, signal: AbortSignal): Promise<Piece> =>
      new Promise((resolve, reject) => {
        const entry = { come: () => resolve({ place }), fail: reject, dropped: false };
        asked.set(place, entry);
        signal.addEventListener('abort', () => {
          entry.dropped = true;
          reject(new InterruptedError());
        });
      });
    const store = { fetch, bytes: () => 10, free: ({ place }: Piece) => void freed.push(place) };
    const news = { arrived: () => {}, failed: (error: unknown) => void failures.push(error) };
    const queue = new FrameQueue<Piece>(store, { maxBytes, atOnce: 2 }, news);
    const come = async (...places: number[]): Promise<void> => {
      for (const place of places) {
        asked.get(place)!.come();
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
    };
    return { queue, asked, freed, failures, come };
  }

  it('asks for a few at once, the most urgent first', async () => {
    const { queue, asked, come } = handQueue();
    queue.want([5, 6, 7]);
    expect([...asked.keys()]).toEqual([5, 6]);
    await come(5);
    expect([...asked.keys()]).toEqual([5, 6, 7]);
    expect(queue.get(5)).toEqual({ place: 5 });
    await come(7);
    expect(queue.lastIn(0, 9)).toBe(7);
    expect(queue.lastIn(0, 6)).toBe(5);
  });

  it('drops what is on its way and not wanted any more', async () => {
    const { queue, asked, failures, come } = handQueue();
    queue.want([1, 2]);
    queue.want([50, 51]);
    await new Promise((resolve) => setTimeout(resolve, 0));
    expect([1, 2].map((place) => asked.get(place)!.dropped)).toEqual([true, true]);
    await come(50, 51);
    expect(queue.get(51)).toBeDefined();
    expect(failures).toEqual([]);
  });

  it('keeps within its memory, what is near the longest, and frees everything at its end', async () => {
    const { queue, freed, come } = handQueue(50);
    for (let place = 0; place < 10; place++) {
      queue.want([place]);
      await come(place);
    }
    expect(queue.bytes).toBe(50);
    expect(freed).toEqual([0, 1, 2, 3, 4]);
    expect(queue.get(8)).toBeDefined();
    queue.close();
    expect(freed.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('replaces what was made for another view, and shows it until then', async () => {
    const { queue, freed, come } = handQueue();
    queue.want([3]);
    await come(3);
    queue.renew();
    expect(queue.get(3)).toBeDefined();
    expect(queue.isCurrent(3)).toBe(false);
    await come(3);
    expect(queue.isCurrent(3)).toBe(true);
    expect(freed).toEqual([3]);
  });

  it('frees what comes after its end, and tells of failures', async () => {
    const { queue, asked, freed, failures, come } = handQueue();
    queue.want([1, 2]);
    asked.get(1)!.fail(new Error('broken'));
    await new Promise((resolve) => setTimeout(resolve, 0));
    expect(failures).toHaveLength(1);
    queue.close();
    await come(2);
    expect(freed).toEqual([]);
  });
});

describe('the line of jobs', () => {
  /** A line whose jobs end when they are let. */
  function handLine() {
    const line = new JobLine(1);
    const log: string[] = [];
    const ends = new Map<number, () => void>();
    const turn = () => new Promise((resolve) => setTimeout(resolve, 5));
    const add = async (number: number, group: number): Promise<void> => {
      line.add({
        number,
        group,
        run: async (signal) => {
          log.push(`begin ${number}`);
          await new Promise<void>((resolve) => {
            ends.set(number, resolve);
            signal.addEventListener('abort', () => resolve());
          });
          log.push(`${signal.aborted ? 'stop' : 'end'} ${number}`);
        },
      });
      await turn();
    };
    const end = async (number: number): Promise<void> => {
      ends.get(number)!();
      await turn();
    };
    return { line, log, add, end };
  }

  it('leaves out what was cancelled, and lets go on what the next job shares', async () => {
    const { line, log, add, end } = handLine();
    await add(0, 7);
    await add(1, 7);
    await add(2, 7);
    line.cancel(0);
    line.cancel(1);
    expect(log).toEqual(['begin 0']);
    await end(0);
    expect(log).toEqual(['begin 0', 'end 0', 'begin 2']);
  });

  it('stops what was cancelled where another group waits', async () => {
    const { line, log, add } = handLine();
    await add(0, 7);
    line.cancel(0);
    await add(1, 8);
    expect(log).toEqual(['begin 0', 'stop 0', 'begin 1']);
  });
});

describe('keys', () => {
  it('mean what they do in other players', () => {
    expect(commandOf({ key: ' ' })).toEqual({ do: 'toggle' });
    expect(commandOf({ key: 'K' })).toEqual({ do: 'toggle' });
    expect(commandOf({ key: '7' })).toEqual({ do: 'goto', to: 0.7 });
    expect(commandOf({ key: '.' })).toEqual({ do: 'step', by: 1 });
    expect(commandOf({ key: 'x' })).toBeUndefined();
    expect(commandOf({ key: 'constructor' })).toBeUndefined();
    expect(commandOf({ key: 'f', ctrlKey: true })).toBeUndefined();
  });

  it('climb the ladder of speeds', () => {
    expect(speedFrom(1, 1)).toBe(1.5);
    expect(speedFrom(1.2, 1)).toBe(1.5);
    expect(speedFrom(1.2, -1)).toBe(1);
    expect(speedFrom(8, 1)).toBe(8);
    expect(speedFrom(16, -1)).toBe(8);
    expect(speedFrom(1 / 64, -1)).toBe(1 / 64);
    expect(SPEEDS.map(speedText).join(' ')).toBe('1/64 1/32 1/16 1/8 1/4 1/2 1 1.5 2 4 8');
    expect([0, 65, 3723.9, Number.NaN].map(timeText)).toEqual(['0:00', '1:05', '1:02:03', '0:00']);
  });
});

describe('spans of time', () => {
  it('are joined where they touch', () => {
    const spans = new TimeSpans([
      [4, 5],
      [0, 1],
      [1, 2],
      [1.5, 3],
    ]);
    expect(Array.from({ length: spans.length }, (_, i) => [spans.start(i), spans.end(i)])).toEqual([
      [0, 3],
      [4, 5],
    ]);
    expect([spans.includes(2), spans.includes(3.5)]).toEqual([true, false]);
    expect(() => spans.start(2)).toThrow('no span 2');
  });

  it('tell which segments have been read', async () => {
    const source = new WatchedSource(bytesSource(new Uint8Array(100)), () => {});
    await source.read(0, 30);
    await source.read(30, 10);
    const segments = [
      { startFrame: 0, frames: 5, offset: 20, bytes: 20 },
      { startFrame: 5, frames: 7, offset: 40, bytes: 20 },
    ];
    expect(heldFrames(segments, (offset, bytes) => source.holds(offset, bytes))).toEqual([[0, 5]]);
  });
});

describe('errors from the worker', () => {
  it('keep class, code and hint', () => {
    const error = new SourceError('gone', { code: 'SOURCE_UNREADABLE', hint: 'look', path: 'source' });
    const received = receivedError(structuredClone(sentError(error)));
    expect(received).toBeInstanceOf(SourceError);
    expect(received).toMatchObject({
      message: 'gone',
      code: 'SOURCE_UNREADABLE',
      hint: 'look',
      path: 'source',
    });
    expect(receivedError(sentError(new RangeError('no memory')))).toMatchObject({ code: 'ENGINE_FAILED' });
  });
});

describe('zoom', () => {
  const film = { width: 160, height: 90, pixelAspect: 1 };
  const box = { width: 800, height: 600 };

  it('keeps what is under the pointer where it is, and fills the element', () => {
    const whole = view.wholeFilm(film);
    expect(view.placeOnBox(film, whole, box)).toEqual({ x: 0, y: 75, width: 800, height: 450 });
    const point = { x: 200, y: 300 };
    const before = view.filmPoint(film, whole, box, point);
    const crop = view.zoomAt(film, whole, box, 4, point);
    expect(view.zoomOf(film, crop, box)).toBeCloseTo(4, 9);
    const after = view.filmPoint(film, crop, box, point);
    expect(after.x).toBeCloseTo(before.x, 9);
    expect(after.y).toBeCloseTo(before.y, 9);
    expect(view.placeOnBox(film, crop, box)).toEqual({ x: 0, y: 0, width: 800, height: 600 });
    expect(view.isWhole(film, view.zoomAt(film, crop, box, 0.01, point))).toBe(true);
  });

  it('stays inside of the film', () => {
    const crop = view.zoomAt(film, view.wholeFilm(film), box, 3, { x: 0, y: 80 });
    for (const pushed of [
      view.panBy(film, crop, box, 9999, 9999),
      view.panBy(film, crop, box, -9999, -9999),
    ]) {
      expect(pushed.x).toBeGreaterThanOrEqual(0);
      expect(pushed.x + pushed.width).toBeLessThanOrEqual(film.width + 1e-9);
      expect(pushed.y + pushed.height).toBeLessThanOrEqual(film.height + 1e-9);
    }
    expect(view.insideFilm(film, { x: 150, y: -5, width: 40, height: 0 })).toEqual({
      x: 120,
      y: 0,
      width: 40,
      height: 2,
    });
  });

  it('takes the shape of samples in', () => {
    const wide = { ...film, pixelAspect: 2 };
    expect(view.placeOnBox(wide, view.wholeFilm(wide), { width: 320, height: 320 })).toMatchObject({
      width: 320,
      height: 90,
    });
    const crop = view.zoomAt(wide, view.wholeFilm(wide), { width: 320, height: 90 }, 2, { x: 160, y: 45 });
    expect(crop).toEqual({ x: 40, y: 22.5, width: 80, height: 45 });
  });
});

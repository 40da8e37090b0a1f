/** `<weft-player>` with `retime`, `freeze`, `shutter` and `pan`, in Chromium: pictures are those of `WeftFilm.frames`. */

import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { FrameOptions } from '../../runtime/film/frameOptions.js';
import { timeMap } from '../../runtime/film/retiming.js';
import { hasBrowser, type OpenPage, openPage } from './browser.js';
import { difference, FILM, playerBundles, seenFrames, testFilm } from './playerFilms.js';

type Page = typeof import('./pages/player.js');

const { width, height, rate, seconds } = FILM;
const ATTRIBUTES = { src: '/film.weft', style: `width: ${width}px; height: ${height}px`, muted: '' };

const RETIME = '0:1, 0.6:0.5, 1.6:2';
const SPEEDS = [
  { at: 0, speed: 1 },
  { at: 0.6, speed: 0.5 },
  { at: 1.6, speed: 2 },
];
const FREEZE = [{ at: 1, seconds: 0.6 }];
const TIMES = timeMap({ retime: SPEEDS, freeze: FREEZE }, 0, seconds);

const PAN = '0:0,0,112,64; 1:28,16,56,32; 3:0,0,56,32';
const PATH = [
  { at: 0, crop: { x: 0, y: 0, width: 112, height: 64 } },
  { at: 1, crop: { x: 28, y: 16, width: 56, height: 32 } },
  { at: 3, crop: { x: 0, y: 0, width: 56, height: 32 } },
];

interface Edit {
  readonly attributes: Record<string, string>;
  /** What the library is told for the same, and without what is tested. */
  readonly options: FrameOptions;
  readonly bare: FrameOptions;
}

const EDITS: Readonly<Record<string, Edit>> = {
  'at other times': {
    attributes: { retime: RETIME, freeze: '1:0.6' },
    options: { retime: SPEEDS, freeze: FREEZE },
    bare: { end: 1, freeze: [{ at: 1, seconds: 5 }] },
  },
  exposed: { attributes: { shutter: '360' }, options: { shutter: 360 }, bare: {} },
  'exposed where it is fast': {
    attributes: { retime: '0:4', shutter: '180' },
    options: { speed: 4, shutter: 180 },
    bare: { speed: 4 },
  },
  'of a part that moves, while it stands too': {
    attributes: { pan: PAN, freeze: '0.5:1' },
    options: { pan: PATH, freeze: [{ at: 0.5, seconds: 1 }], width, height },
    bare: { freeze: [{ at: 0.5, seconds: 1 }] },
  },
};

describe.runIf(hasBrowser)('<weft-player> that retimes', () => {
  let film: Uint8Array;
  let bundles: Awaited<ReturnType<typeof playerBundles>>;
  let opened: OpenPage<Page> | undefined;

  beforeAll(async () => {
    bundles = await playerBundles();
    film = await testFilm();
  });

  afterEach(async () => {
    await opened?.close();
    opened = undefined;
  });

  const decoded = new Map<FrameOptions, Promise<Uint8ClampedArray[]>>();
  /** The frames as the library shows them: the same for every renderer. */
  function framesOf(options: FrameOptions): Promise<Uint8ClampedArray[]> {
    if (!decoded.has(options)) decoded.set(options, seenFrames(film, options));
    return decoded.get(options)!;
  }

  async function openPlayer(attributes: Record<string, string>): Promise<OpenPage<Page>> {
    opened = await openPage<Page>({
      entry: 'test/browser/pages/player.ts',
      files: { ...bundles, '/film.weft': { bytes: film } },
    });
    await opened.call('show', { ...ATTRIBUTES, ...attributes });
    return opened;
  }

  describe.each(['cpu', 'webgl2', 'webgpu'])('%s', (renderer) => {
    it.each(Object.entries(EDITS))('shows pictures %s', async (_name, { attributes, options, bare }) => {
      const truth = await framesOf(options);
      const plain = await framesOf(bare);
      const { page, call } = await openPlayer({ renderer, ...attributes });
      expect(await page.evaluate(() => globalThis.entry.player().statistics.renderer)).toBe(renderer);
      const pictures = [0.9, 0.2, 0.4, 0.7].map((part) => Math.floor(part * truth.length));
      let changed = 0;
      for (const picture of pictures) {
        // Who goes through a film by hand sees less of an exposure.
        await call('pause', 350);
        const seen = await call('seenAt', picture / rate);
        const limit = renderer === 'cpu' ? 0.6 : 4;
        expect(difference(seen, truth[picture]!), `picture ${picture}`).toBeLessThan(limit);
        if (difference(truth[picture]!, plain[picture]!) < 1.5) continue;
        changed++;
        const apart = difference(seen, plain[picture]!);
        expect(difference(seen, truth[picture]!), `picture ${picture}`).toBeLessThan(apart);
      }
      expect(changed).toBeGreaterThan(0);
    });
  });

  it('is one film of the time shown, from its beginning to its end', async () => {
    const { page, call } = await openPlayer({ retime: RETIME, freeze: '1:0.6' });
    const facts = await page.evaluate(() => {
      const { duration, seekable, buffered, frames, statistics } = globalThis.entry.player();
      return { duration, end: seekable.end(0), held: buffered.end(0), frames, notes: statistics.notes };
    });
    expect(facts).toMatchObject({ duration: TIMES.seconds, end: TIMES.seconds, held: TIMES.seconds });
    expect(facts.frames).toBe(FILM.frames);
    for (const frame of [10, 25, 26, 50]) {
      const at = await page.evaluate(async (frame) => {
        const { player, until } = globalThis.entry;
        player().currentFrame = frame;
        await until(() => !player().seeking);
        return { time: player().currentTime, frame: player().currentFrame };
      }, frame);
      expect(at.frame).toBe(frame);
      expect(at.time).toBeCloseTo(TIMES.shownAt(frame / rate), 9);
    }
    await call('seek', 0);
    await call('forget');
    const played = await page.evaluate(async () => {
      const { player, until } = globalThis.entry;
      const start = performance.now();
      const times: number[] = [];
      const look = (_: number, { mediaTime }: { mediaTime: number }): void => {
        times.push(mediaTime);
        player().requestVideoFrameCallback(look);
      };
      player().requestVideoFrameCallback(look);
      await player().play();
      await until(() => player().ended);
      return { took: (performance.now() - start) / 1000, time: player().currentTime, times };
    });
    expect(played.time).toBe(TIMES.seconds);
    expect(played.took).toBeGreaterThan(TIMES.seconds - 0.1);
    expect(played.times).toEqual([...played.times].sort((a, b) => a - b));
    expect(played.times.at(-1)).toBeGreaterThan(TIMES.seconds - 0.2);
    expect((await call('events')).filter(({ type }) => type === 'ended')).toHaveLength(1);
  });

  it('keeps its sound with the pictures through other speeds, and lets it rest while a picture stands', async () => {
    const { page } = await openPlayer({ retime: RETIME, freeze: '1:0.6' });
    const heard = await page.evaluate(async () => {
      const { player, until, pause } = globalThis.entry;
      const heard: { time: number; sound: number }[] = [];
      await player().play();
      while (!player().ended) {
        heard.push({ time: player().currentTime, sound: player().statistics.soundTime! });
        await pause(20);
      }
      await until(() => player().ended);
      return heard;
    });
    const begins = TIMES.shownAt(1);
    const stands = heard.filter(({ time }) => time > begins + 0.15 && time < begins + 0.55);
    expect(stands.length).toBeGreaterThan(5);
    const sounds = stands.map(({ sound }) => sound);
    expect(Math.max(...sounds) - Math.min(...sounds)).toBeLessThan(0.01);
    expect(sounds[0]).toBeCloseTo(1, 1);
    const errors = heard
      .filter(({ time }) => time > 0.2 && time < TIMES.seconds - 0.1)
      .map(({ time, sound }) => Math.abs(sound - TIMES.filmAt(time)))
      .sort((a, b) => a - b);
    console.info(
      `sound: median ${(1000 * errors[errors.length >> 1]!).toFixed(1)} ms, worst ${(1000 * errors.at(-1)!).toFixed(1)} ms`,
    );
    expect(errors[Math.floor(0.9 * errors.length)]!).toBeLessThan(0.08);
  });

  it('begins again, with its sound, where the first picture stands', async () => {
    const { page } = await openPlayer({ retime: '0:2', freeze: '0:0.4', loop: '' });
    const turned = await page.evaluate(async () => {
      const { player, until } = globalThis.entry;
      player().currentTime = player().duration - 0.3;
      await player().play();
      await until(() => player().currentTime < 0.3);
      const standing = player().statistics.pictureTime;
      await until(() => player().currentTime > 1);
      const { duration, statistics } = player();
      return { duration, standing, ...statistics };
    });
    expect(turned.duration).toBeCloseTo(seconds / 2 + 0.4, 9);
    expect(turned.standing).toBe(0);
    expect(Math.abs(turned.soundTime! - turned.pictureTime!)).toBeLessThan(0.2);
    expect(turned.pictureTime).toBeGreaterThan(1);
  });

  it('is silent where it is slower than a quarter', async () => {
    const { page } = await openPlayer({ retime: '0:0.2' });
    const sound = await page.evaluate(async () => {
      const { player, until } = globalThis.entry;
      await player().play();
      await until(() => player().currentTime > 1);
      const slow = player().statistics.soundTime;
      player().playbackRate = 5;
      const before = player().currentTime;
      await until(() => player().currentTime > before + 2.5);
      const { statistics } = player();
      return { slow, sound: statistics.soundTime!, picture: statistics.pictureTime! };
    });
    expect(sound.slow).toBe(0);
    expect(Math.abs(sound.sound - sound.picture)).toBeLessThan(0.15);
  });

  it.each(['cpu', 'webgl2'])('keeps what is on the screen when attributes change: %s', async (renderer) => {
    const { page, call } = await openPlayer({ renderer });
    await call('forget');
    const after = await page.evaluate(async () => {
      const { player, until } = globalThis.entry;
      await player().play();
      await until(() => player().currentTime > 0.6);
      const before = player().statistics.pictureTime!;
      player().retime = '0:0.25';
      const { currentTime, duration, paused } = player();
      return { before, currentTime, duration, paused };
    });
    expect(after).toMatchObject({ duration: 4 * seconds, paused: false });
    expect(after.currentTime / 4 - after.before).toBeGreaterThan(-0.001);
    expect(after.currentTime / 4 - after.before).toBeLessThan(0.1);
    expect((await call('events')).filter(({ type }) => type === 'durationchange')).toHaveLength(1);
    const back = await page.evaluate(async () => {
      const { player, until } = globalThis.entry;
      player().removeAttribute('retime');
      const { currentTime, duration } = player();
      await until(() => player().ended);
      return { currentTime, duration };
    });
    expect(back.duration).toBe(seconds);
    expect(back.currentTime - after.currentTime / 4).toBeLessThan(0.3);
  });

  it('says what is wrong with an attribute, and plays as without it', async () => {
    const wrong = { retime: '0:1, 1:200', freeze: 'soon', shutter: '400', pan: '0:0,0,500,64' };
    const { page } = await openPlayer(wrong);
    const facts = await page.evaluate(async () => {
      const { player, until } = globalThis.entry;
      const { notes } = player().statistics;
      const { duration, error, view } = player();
      await player().play();
      await until(() => player().ended);
      player().retime = '0:2';
      return { notes, duration, error, view, left: player().statistics.notes };
    });
    expect(facts).toMatchObject({ duration: seconds, error: null, view: { x: 0, y: 0, width, height } });
    for (const words of [
      'The option retime[1].speed is out of range. Legal: 0.01..100.',
      "freeze 'soon': give TIME:SECONDS, for example 2:1.5.",
      'The option shutter is out of range. Legal: 0..360.',
      'The option pan[0].crop is out of range. Legal: inside 112x64.',
    ])
      expect(facts.notes).toContain(words);
    expect(facts.left.join()).not.toMatch(/retime/);
  });

  it('shows the part that somebody has chosen instead, until they show all again', async () => {
    const { page, call } = await openPlayer({ renderer: 'cpu', pan: PAN });
    const views = await page.evaluate(async () => {
      const { player, until, pause } = globalThis.entry;
      player().currentTime = 1;
      await until(() => !player().seeking);
      const panned = player().view;
      player().view = { x: 8, y: 4, width: 28, height: 16 };
      player().currentTime = 2;
      await until(() => !player().seeking);
      await pause(100);
      const chosen = player().view;
      player().view = null;
      await pause(300);
      return { panned, chosen, again: player().view };
    });
    expect(views.panned).toEqual(PATH[1]!.crop);
    expect(views.chosen).toEqual({ x: 8, y: 4, width: 28, height: 16 });
    expect(views.again).toEqual({ x: 14, y: 8, width: 56, height: 32 });
    await expect(call('seenAt', 1)).resolves.toBeDefined();
  });
});

declare global {
  // The page's module, where the page's functions are evaluated.
  var entry: Page;
}

/** `<weft-player>` in Chromium: as a page has it, on a film of two scenes with sound. */

import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { open } from '../../runtime/film/film.js';
import { sampleFilm } from '../runtime/sampleSegments.js';
import { hasBrowser, type OpenPage, openPage } from './browser.js';
import {
  difference,
  FILM,
  mostLike,
  playerBundles,
  seenFrames,
  testFilm,
  withLoudEnlarger,
} from './playerFilms.js';

type Page = typeof import('./pages/player.js');

const { width, height, rate, seconds } = FILM;
/** At its own size, so that a pixel of the canvas is one of the film. */
const NATIVE = {
  src: '/film.weft',
  style: `width: ${width}px; height: ${height}px`,
  muted: '',
};

describe.runIf(hasBrowser)('<weft-player>', () => {
  let film: Uint8Array;
  let bundles: Awaited<ReturnType<typeof playerBundles>>;
  let truth: Uint8ClampedArray[];
  let opened: OpenPage<Page> | undefined;

  beforeAll(async () => {
    bundles = await playerBundles();
    film = await testFilm();
    truth = await seenFrames(film);
  });

  afterEach(async () => {
    await opened?.close();
    opened = undefined;
  });

  async function openPlayer(attributes: Record<string, string> = {}): Promise<OpenPage<Page>> {
    opened = await openPage<Page>({
      entry: 'test/browser/pages/player.ts',
      files: { ...bundles, '/film.weft': { bytes: film } },
    });
    await opened.call('show', { ...NATIVE, ...attributes });
    return opened;
  }

  it('tells what it is about, in the order of media elements, with the state first', async () => {
    const { page, call, errors } = await openPlayer();
    const loading = (await call('events')).filter(
      ({ type }) => !['progress', 'rendererchange'].includes(type),
    );
    expect(loading.map(({ type }) => type)).toEqual([
      ...[
        'loadstart',
        'durationchange',
        'resize',
        'loadedmetadata',
        'loadeddata',
        'canplay',
        'canplaythrough',
      ],
    ]);
    expect(loading.find(({ type }) => type === 'loadedmetadata')!.readyState).toBe(1);
    expect(loading.find(({ type }) => type === 'loadeddata')!.readyState).toBe(2);
    const facts = await page.evaluate(() => {
      const { duration, videoWidth, videoHeight, paused, error, seekable, buffered } =
        globalThis.entry.player();
      return {
        duration,
        videoWidth,
        videoHeight,
        paused,
        error,
        end: seekable.end(0),
        held: buffered.length,
      };
    });
    expect(facts).toEqual({
      ...{ duration: seconds, videoWidth: width, videoHeight: height, paused: true, error: null },
      ...{ end: seconds, held: 1 },
    });
    await call('forget');
    await page.evaluate(async () => {
      const player = globalThis.entry.player();
      await player.play();
      await globalThis.entry.until(() => player.ended);
    });
    const played = await call('events');
    const order = played.map(({ type }) => type).filter((type) => !['timeupdate', 'progress'].includes(type));
    expect(order).toEqual(['play', 'playing', 'pause', 'ended']);
    expect(played.filter(({ type }) => type === 'timeupdate').length).toBeGreaterThan(4);
    expect(played.find(({ type }) => type === 'play')!.paused).toBe(false);
    expect(played.find(({ type }) => type === 'ended')).toMatchObject({ ended: true, paused: true });
    expect(errors).toEqual([]);
  });

  it.each(['cpu', 'webgl2', 'webgpu'])('shows exactly the frame that was asked for: %s', async (renderer) => {
    const { page, call } = await openPlayer({ renderer });
    expect((await page.evaluate(() => globalThis.entry.player().statistics)).renderer).toBe(renderer);
    for (const frame of [17, 3, 29, 30, 59, 44]) {
      // A little behind its beginning, as a hand on a slider would.
      const seen = await call('seenAt', (frame + 0.3) / rate);
      expect(mostLike(seen, truth), `frame ${frame}`).toBe(frame);
      expect(difference(seen, truth[frame]!), `frame ${frame}`).toBeLessThan(renderer === 'cpu' ? 0.6 : 4);
    }
    for (const [steps, frame] of [
      [1, 45],
      [1, 46],
      [-1, 45],
      [-16, 29],
      [1, 30],
    ] as const) {
      const seen = await call('seenAfterStep', steps);
      expect(mostLike(seen, truth), `step ${steps} to ${frame}`).toBe(frame);
      expect(await page.evaluate(() => globalThis.entry.player().currentFrame)).toBe(frame);
    }
  });

  it.each(['cpu', 'webgl2', 'webgpu'])('enlarges as it is told to, at once: %s', async (renderer) => {
    const bytes = await withLoudEnlarger(film);
    const size = { width: 2 * width, height: 2 * height };
    const [taught] = await seenFrames(bytes, { ...size, end: 1 / rate });
    const [plain] = await seenFrames(bytes, { ...size, end: 1 / rate, enlarge: 'lanczos' });
    expect(difference(taught!, plain!)).toBeGreaterThan(4);
    opened = await openPage<Page>({
      entry: 'test/browser/pages/player.ts',
      files: { ...bundles, '/film.weft': { bytes } },
    });
    const { page, call } = opened;
    const style = `width: ${size.width}px; height: ${size.height}px`;
    await call('show', { ...NATIVE, renderer, style, enlarge: 'lanczos' });
    expect(await page.evaluate(() => globalThis.entry.player().enlarge)).toBe('lanczos');
    for (const [enlarge, most] of [
      ['film', taught],
      ['lanczos', plain],
      ['nonsense', taught],
    ] as const) {
      const seen = await call('seenEnlargedBy', enlarge);
      expect([taught, plain][mostLike(seen, [taught!, plain!])], enlarge).toBe(most);
      expect(difference(seen, most!), enlarge).toBeLessThan(renderer === 'cpu' ? 0.6 : 4);
    }
    expect(await page.evaluate(() => globalThis.entry.player().enlarge)).toBe('film');
  });

  it('ends the last of many seeks, and tells of it once', async () => {
    const { page, call } = await openPlayer();
    await call('forget');
    const time = await page.evaluate(async () => {
      const { player, until } = globalThis.entry;
      for (let i = 0; i < 20; i++) player().currentTime = (2.3 * ((7 * i) % 20)) / 20;
      player().currentTime = 1;
      await until(() => !player().seeking);
      return player().statistics.pictureTime;
    });
    expect(time).toBeCloseTo(1, 6);
    const types = (await call('events')).map(({ type }) => type);
    expect(types.filter((type) => type === 'seeking')).toHaveLength(21);
    expect(types.filter((type) => type === 'seeked')).toHaveLength(1);
    expect(types.indexOf('seeked')).toBeGreaterThan(types.lastIndexOf('seeking'));
  });

  it('keeps pictures with the sound, after seeks too', async () => {
    const { page, call } = await openPlayer({ loop: '' });
    await page.evaluate(() => globalThis.entry.player().play());
    await call('pause', 300);
    const errors = await call('soundErrors', 3);
    for (let i = 0; i < 20; i++) {
      await call('seek', ((i * 7) % 20) / 10);
      await call('pause', 60);
      errors.push(...(await call('soundErrors', 0.15)));
    }
    expect(errors.length).toBeGreaterThan(60);
    errors.sort((a, b) => a - b);
    console.info(
      `pictures and sound: median ${errors[errors.length >> 1]!.toFixed(1)} ms, 95% ${errors[Math.floor(errors.length * 0.95)]!.toFixed(1)} ms, worst ${errors.at(-1)!.toFixed(1)} ms`,
    );
    expect(errors[Math.floor(errors.length * 0.9)]!).toBeLessThan(40);
  });

  it('begins again without a gap', async () => {
    const { page, call } = await openPlayer({ loop: '' });
    await call('seek', 1.9);
    await page.evaluate(() => globalThis.entry.player().play());
    const times = await call('shownTimes', 1.4);
    const turn = times.findIndex((time, i) => i > 0 && time < times[i - 1]!);
    expect(turn).toBeGreaterThan(0);
    expect(times[turn - 1]).toBeGreaterThan(seconds - 4 / rate);
    expect(times[turn]).toBeLessThan(4 / rate);
    const state = await page.evaluate(() => {
      const { paused, ended } = globalThis.entry.player();
      return { paused, ended };
    });
    expect(state).toEqual({ paused: false, ended: false });
  });

  it.each([
    [1 / 64, 'slow'],
    [1 / 4, 'slow'],
    [2, 'fast'],
    [8, 'fast'],
  ] as const)('plays at speed %f', async (speed, kind) => {
    const { page, call } = await openPlayer();
    const run = await page.evaluate(async (rate) => {
      const { player, pause } = globalThis.entry;
      player().playbackRate = rate;
      await player().play();
      await pause(100);
      const [from, start] = [player().currentTime, performance.now()];
      await pause(rate > 4 ? 150 : 500);
      return { film: player().currentTime - from, passed: (performance.now() - start) / 1000 };
    }, speed);
    expect(run.film / run.passed / speed).toBeGreaterThan(0.7);
    expect(run.film / run.passed / speed).toBeLessThan(1.3);
    if (kind === 'fast') return;
    const times = await call('shownTimes', 0.5);
    const between = times.filter((time) => Math.abs(time * rate - Math.round(time * rate)) > 1e-3);
    expect(between.length).toBeGreaterThan(2);
  });

  it('shows what lies between frames where motion is to be smooth', async () => {
    const { page, call } = await openPlayer({ renderer: 'webgl2', loop: '' });
    await page.evaluate(() => globalThis.entry.player().play());
    const plain = await call('shownTimes', 0.5);
    expect(plain.every((time) => Math.abs(time * rate - Math.round(time * rate)) < 1e-3)).toBe(true);
    await page.evaluate(() => {
      globalThis.entry.player().smooth = true;
    });
    const smooth = await call('shownTimes', 2);
    const between = smooth.filter((time) => Math.abs(time * rate - Math.round(time * rate)) > 1e-3);
    expect(between.length).toBeGreaterThan(smooth.length / 2);
  });

  it('samples a part of the film anew, at the size of the screen', async () => {
    const { page, call } = await openPlayer({ renderer: 'cpu', style: 'width: 448px; height: 256px' });
    const seen = await page.evaluate(async () => {
      const { player, until, pause } = globalThis.entry;
      player().view = { x: 56, y: 32, width: 28, height: 16 };
      await pause(300);
      await until(() => !player().seeking);
      const canvas = player().shadowRoot!.querySelector('canvas')!;
      return { zoom: player().zoom, view: player().view, size: [canvas.width, canvas.height] };
    });
    expect(seen).toEqual({ zoom: 4, view: { x: 56, y: 32, width: 28, height: 16 }, size: [448, 256] });
    await page.evaluate(() => {
      globalThis.entry.player().view = null;
    });
    expect(await page.evaluate(() => globalThis.entry.player().zoom)).toBe(1);
    expect((await call('events')).filter(({ type }) => type === 'viewchange')).toHaveLength(2);
  });

  it('goes on, with its sound, when the GPU is lost', async () => {
    const { page, call } = await openPlayer({ renderer: 'webgl2' });
    await page.evaluate(async () => {
      const { player } = globalThis.entry;
      await player().play();
      const canvas = player().shadowRoot!.querySelector('canvas')!;
      canvas.getContext('webgl2')!.getExtension('WEBGL_lose_context')!.loseContext();
    });
    await call('pause', 700);
    const after = await page.evaluate(() => {
      const { statistics, paused, error } = globalThis.entry.player();
      return {
        renderer: statistics.renderer,
        paused,
        error,
        late: statistics.soundTime! - statistics.pictureTime!,
      };
    });
    expect(after).toMatchObject({ renderer: 'cpu', paused: false, error: null });
    expect(after.late).toBeLessThan(0.2);
  });

  it('leaves nothing behind when it is taken out, a hundred times', async () => {
    opened = await openPage<Page>({
      entry: 'test/browser/pages/player.ts',
      files: { ...bundles, '/film.weft': { bytes: film } },
    });
    const { page, call } = opened;
    await page.evaluate(() => {
      const counts = { made: 0, revoked: 0 };
      const { createObjectURL, revokeObjectURL } = URL;
      URL.createObjectURL = (blob) => {
        counts.made++;
        return createObjectURL(blob);
      };
      URL.revokeObjectURL = (url) => {
        counts.revoked++;
        revokeObjectURL(url);
      };
      Object.assign(globalThis, { counts });
    });
    await call('show', { ...NATIVE, controls: '' });
    expect(page.workers().length).toBeGreaterThan(0);
    await call('comeAndGo', 83, { ...NATIVE, controls: '' }, 0);
    await call('comeAndGo', 17, { ...NATIVE, controls: '' }, 2);
    // Threads of the decoder that wait for work are given two seconds by Chromium.
    await expect.poll(() => page.workers().length, { timeout: 15_000 }).toBe(0);
    const counts = await page.evaluate(
      () => (globalThis as unknown as { counts: { made: number; revoked: number } }).counts,
    );
    expect(counts.made).toBeGreaterThanOrEqual(100);
    expect(counts.revoked).toBe(counts.made);
  });

  it('fetches the segment that comes next while one is shown, and no more', async () => {
    const size = { width: 320, height: 180, chroma: '420', drawing: 'dense' } as const;
    const { bytes } = sampleFilm({ ...size, frames: [4, 4, 4], anchorDistance: 4 }, 3);
    const [first, second, third] = (await open(bytes)).segments;
    opened = await openPage<Page>({
      entry: 'test/browser/pages/player.ts',
      files: { ...bundles, '/film.weft': { bytes } },
    });
    const { call, requests } = opened;
    await call('show', NATIVE, 2);
    const ends = () =>
      requests.map((request) => Number(/film\.weft bytes=\d+-(\d+)/.exec(request)?.[1] ?? -1));
    await expect.poll(() => Math.max(...ends())).toBeGreaterThanOrEqual(second!.offset + second!.bytes - 1);
    expect(first!.bytes).toBeGreaterThan(65536);
    await call('pause', 300);
    expect(Math.max(...ends())).toBeLessThan(third!.offset + third!.bytes - 1);
  });

  it('fetches nothing before it is wanted, shows its poster until then, and takes a Blob too', async () => {
    opened = await openPage<Page>({
      entry: 'test/browser/pages/player.ts',
      files: { ...bundles, '/film.weft': { bytes: film } },
    });
    const { page, call, requests } = opened;
    const poster = 'data:image/svg+xml,<svg xmlns="http://www.w3.org/2000/svg"/>';
    await call('show', { ...NATIVE, preload: 'none', poster }, 0);
    await call('pause', 200);
    expect(requests.filter((path) => path.startsWith('/film.weft'))).toEqual([]);
    const hidden = () =>
      page.evaluate(() => globalThis.entry.player().shadowRoot!.querySelector('img')!.hidden);
    expect(await hidden()).toBe(false);
    await page.evaluate(() => globalThis.entry.player().play());
    expect(requests.some((path) => path.startsWith('/film.weft'))).toBe(true);
    expect(await hidden()).toBe(true);
    const taken = await page.evaluate(async () => {
      const { player, until } = globalThis.entry;
      player().preload = 'auto';
      player().srcObject = await (await fetch('/film.weft')).blob();
      await until(() => player().readyState === 4);
      return { frames: player().frames, currentSrc: player().currentSrc, buffered: player().buffered.end(0) };
    });
    expect(taken).toEqual({ frames: FILM.frames, currentSrc: '', buffered: seconds });
  });

  it('is where it was when it is put back', async () => {
    const { page, call } = await openPlayer();
    await call('seek', 1.5);
    const back = await page.evaluate(async () => {
      const { player, until, pause } = globalThis.entry;
      const made = player();
      made.remove();
      await pause(50);
      const gone = { readyState: made.readyState, engine: made.statistics.engine };
      document.body.append(made);
      await until(() => made.readyState === 4);
      return { gone, time: made.currentTime, picture: made.statistics.pictureTime };
    });
    expect(back.gone).toEqual({ readyState: 0, engine: '' });
    expect(back.time).toBeCloseTo(1.5, 6);
    expect(back.picture).toBeCloseTo(Math.floor(1.5 * rate) / rate, 6);
  });

  it('plays when it may, and only then: autoplay', async () => {
    const { page } = await openPlayer({ autoplay: '' });
    await page.waitForFunction(() => !globalThis.entry.player().paused);
    expect(await page.evaluate(() => globalThis.entry.player().muted)).toBe(true);
    await page.evaluate(() => {
      const { player } = globalThis.entry;
      player().src = '/nothing.weft';
    });
    await page.waitForFunction(() => globalThis.entry.player().error !== null);
    const error = await page.evaluate(() => globalThis.entry.player().error);
    expect(error).toMatchObject({ code: 4, weftCode: 'SOURCE_UNREADABLE' });
    await expect(page.evaluate(() => globalThis.entry.player().play())).rejects.toThrow(
      /NotSupportedError|404/,
    );
  });
});

declare global {
  // The page's module, where the page's functions are evaluated.
  var entry: Page;
}

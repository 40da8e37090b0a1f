/** The controls of `<weft-player>`, pages with policies, and other people's controls, in Chromium. */

import { Buffer } from 'node:buffer';
import type { ServerResponse } from 'node:http';
import { brotliCompressSync } from 'node:zlib';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { hasBrowser, type OpenPage, openPage } from './browser.js';
import { FILM, playerBundles, testFilm } from './playerFilms.js';

type Page = typeof import('./pages/player.js');
type ChromePage = typeof import('./pages/mediaChrome.js');

const { rate, seconds } = FILM;
const LARGE = {
  src: '/film.weft',
  style: 'width: 560px; height: 320px',
  muted: '',
  controls: '',
};

describe.runIf(hasBrowser)('controls of <weft-player>', () => {
  let film: Uint8Array;
  let bundles: Awaited<ReturnType<typeof playerBundles>>;
  let opened: { close(): Promise<void> } | undefined;

  beforeAll(async () => {
    bundles = await playerBundles();
    film = await testFilm();
  });

  afterEach(async () => {
    await opened?.close();
    opened = undefined;
  });

  async function openPlayer(attributes: Record<string, string> = {}): Promise<OpenPage<Page>> {
    const page = await openPage<Page>({
      entry: 'test/browser/pages/player.ts',
      files: { ...bundles, '/film.weft': { bytes: film } },
    });
    opened = page;
    await page.call('show', { ...LARGE, ...attributes });
    return page;
  }

  const state = ({ page }: OpenPage<Page>) =>
    page.evaluate(() => {
      const player = globalThis.entry.player();
      const { paused, muted, volume, playbackRate, currentFrame, currentTime, zoom, smooth, view } = player;
      return { paused, muted, volume, playbackRate, currentFrame, currentTime, zoom, smooth, view };
    });

  it('follows the keys that people know', async () => {
    const opened = await openPlayer();
    const { page } = opened;
    await page.evaluate(() => globalThis.entry.player().focus());
    const press = async (...keys: string[]): Promise<Awaited<ReturnType<typeof state>>> => {
      for (const key of keys) await page.keyboard.press(key);
      await page.waitForFunction(() => !globalThis.entry.player().seeking);
      return state(opened);
    };
    expect((await press('k')).paused).toBe(false);
    expect((await press(' ')).paused).toBe(true);
    expect((await press('5')).currentTime).toBeCloseTo(seconds / 2, 6);
    expect((await press('.')).currentFrame).toBe(31);
    expect((await press('.', '.', ',')).currentFrame).toBe(32);
    expect((await press('Home')).currentTime).toBe(0);
    expect((await press('l')).currentTime).toBeCloseTo(seconds, 6);
    expect((await press('ArrowLeft')).currentTime).toBe(0);
    expect((await press('m')).muted).toBe(false);
    expect((await press('ArrowDown', 'ArrowDown')).volume).toBeCloseTo(0.9, 6);
    expect((await press('>')).playbackRate).toBe(1.5);
    expect((await press('<', '<', '<')).playbackRate).toBe(1 / 4);
    expect((await press('+', '+')).zoom).toBeCloseTo(2.25, 6);
    expect((await press('-')).zoom).toBeCloseTo(1.5, 6);
    expect((await press('Escape')).zoom).toBe(1);
    expect((await press('s')).smooth).toBe(true);
    await press('f');
    await page.waitForFunction(() => globalThis.entry.player().isFullscreen);
    await press('f');
    await page.waitForFunction(() => !globalThis.entry.player().isFullscreen);
    // Keys of the browser stay its own.
    expect((await press('Control+m')).muted).toBe(false);
  });

  it('follows a mouse: click, wheel, drag, a region with shift', async () => {
    const opened = await openPlayer();
    const { page } = opened;
    const box = (await page.locator('weft-player').boundingBox())!;
    const at = (x: number, y: number): [number, number] => [box.x + x * box.width, box.y + y * box.height];
    await page.mouse.click(...at(0.3, 0.3));
    await page.waitForFunction(() => !globalThis.entry.player().paused);
    await page.mouse.click(...at(0.3, 0.3));
    expect((await state(opened)).paused).toBe(true);
    await page.mouse.wheel(0, -400 * Math.LN2);
    await page.waitForFunction(() => globalThis.entry.player().zoom > 1.9);
    const zoomed = await state(opened);
    // What is under the pointer stays there.
    expect((zoomed.view!.x + 0.3 * zoomed.view!.width) / FILM.width).toBeCloseTo(0.3, 1);
    await page.mouse.move(...at(0.6, 0.5));
    await page.mouse.down();
    await page.mouse.move(...at(0.5, 0.5), { steps: 5 });
    await page.mouse.up();
    const panned = await state(opened);
    expect(panned.view!.x).toBeCloseTo(zoomed.view!.x + 0.1 * zoomed.view!.width, 0);
    expect(panned.paused).toBe(true);
    await page.evaluate(() => {
      globalThis.entry.player().view = null;
    });
    await page.keyboard.down('Shift');
    await page.mouse.move(...at(0.25, 0.25));
    await page.mouse.down();
    await page.mouse.move(...at(0.5, 0.5), { steps: 3 });
    await page.mouse.up();
    await page.keyboard.up('Shift');
    const { view } = await state(opened);
    expect(view!.x).toBeCloseTo(FILM.width / 4, 0);
    expect(view!.width).toBeCloseTo(FILM.width / 4, 0);
    expect(view!.height).toBeCloseTo(FILM.height / 4, 0);
  });

  it('follows fingers: a pinch enlarges, two taps show all again', async () => {
    const opened = await openPlayer();
    const { page } = opened;
    await page.evaluate(() => {
      const surface = globalThis.entry.player().shadowRoot!.querySelector('.ui')!;
      const { left, top, width, height } = surface.getBoundingClientRect();
      const send = (type: string, pointerId: number, x: number): void => {
        const clientX = left + x * width;
        const clientY = top + height / 2;
        const more = { pointerType: 'touch', bubbles: true, composed: true, button: 0 };
        surface.dispatchEvent(new PointerEvent(type, { pointerId, clientX, clientY, ...more }));
      };
      send('pointerdown', 1, 0.4);
      send('pointerdown', 2, 0.6);
      for (let i = 1; i <= 10; i++) {
        send('pointermove', 1, 0.4 - 0.01 * i);
        send('pointermove', 2, 0.6 + 0.01 * i);
      }
      send('pointerup', 1, 0.3);
      send('pointerup', 2, 0.7);
    });
    const pinched = await state(opened);
    expect(pinched.zoom).toBeCloseTo(2, 1);
    expect(pinched.view!.x + pinched.view!.width / 2).toBeCloseTo(FILM.width / 2, 0);
    expect(pinched.paused).toBe(true);
    await page.evaluate(() => {
      const surface = globalThis.entry.player().shadowRoot!.querySelector('.ui')!;
      const { left, top } = surface.getBoundingClientRect();
      for (const type of ['pointerdown', 'pointerup', 'pointerdown', 'pointerup']) {
        const place = { clientX: left + 100, clientY: top + 100, pointerId: 1, button: 0 };
        surface.dispatchEvent(new PointerEvent(type, { ...place, pointerType: 'touch' }));
      }
    });
    expect((await state(opened)).zoom).toBe(1);
  });

  it('works by its buttons and sliders', async () => {
    const opened = await openPlayer({ style: 'width: 720px; height: 320px' });
    const { page } = opened;
    const button = (label: string) => page.locator(`weft-player button[aria-label^="${label}"]`);
    await button('One frame on').click();
    await page.waitForFunction(() => globalThis.entry.player().currentFrame === 1);
    await page.locator('weft-player select').selectOption('0.25');
    expect((await state(opened)).playbackRate).toBe(0.25);
    await button('Larger').click();
    expect((await state(opened)).zoom).toBeCloseTo(1.5, 6);
    await button('Show all of it').click();
    expect((await state(opened)).zoom).toBe(1);
    await button('Smooth motion').click();
    expect((await state(opened)).smooth).toBe(true);
    const seek = page.locator('weft-player input.seek');
    const box = (await seek.boundingBox())!;
    await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
    expect((await state(opened)).currentTime).toBeCloseTo(seconds / 2, 1);
  });

  it('fills the window where a browser has no full screen for elements', async () => {
    const { page } = await openPlayer();
    const size = await page.evaluate(async () => {
      const player = globalThis.entry.player();
      Object.assign(player, { requestFullscreen: undefined, webkitRequestFullscreen: undefined });
      await player.enterFullscreen();
      const { width, height } = player.getBoundingClientRect();
      return { full: player.isFullscreen, fills: width === innerWidth && Math.abs(height - innerHeight) < 1 };
    });
    expect(size).toEqual({ full: true, fills: true });
  });

  it('says in plain words what is wrong', async () => {
    const { page } = await openPlayer({ src: '/nothing.weft' });
    const card = page.locator('weft-player [role="alert"]');
    await card.waitFor();
    expect(await card.textContent()).toMatch(/404.*Check the address.*Try again/s);
  });

  it.each([
    [
      'everything that is documented',
      "worker-src blob:; media-src blob:; script-src 'self' 'wasm-unsafe-eval'",
      /^$/,
    ],
    ['no sound', "worker-src blob:; script-src 'self' 'wasm-unsafe-eval'", /media-src blob:/],
    ['no worker', "script-src 'self' 'wasm-unsafe-eval'", /worker-src blob:/],
    ['no WebAssembly', "worker-src blob:; media-src blob:; script-src 'self'", /No WebAssembly/],
  ])('works on a page with a strict policy, or says why not: %s', async (_, policy, said) => {
    const page = await openPolicyPage(policy);
    await page.waitForFunction(() => {
      const player = document.querySelector('weft-player') as ReturnType<Page['player']> | null;
      return player?.error || player?.readyState === 4;
    });
    const seen = await page.evaluate(() => {
      const player = document.querySelector('weft-player') as ReturnType<Page['player']>;
      const bar = player.shadowRoot!.querySelector('.bar')!;
      const { statistics, error } = player;
      return { notes: statistics.notes, hint: error?.hint, styled: getComputedStyle(bar).position };
    });
    expect([...seen.notes, seen.hint ?? ''].join(' ')).toMatch(said);
    // Styles come without inline ones.
    expect(seen.styled).toBe('absolute');
  });

  async function openPolicyPage(policy: string): Promise<OpenPage<Page>['page']> {
    const html = (_: unknown, response: ServerResponse): void => {
      response.setHeader('Content-Type', 'text/html');
      const rest = "default-src 'none'; connect-src 'self'; img-src 'self'";
      response.setHeader('Content-Security-Policy', `${rest}; ${policy}`);
      response.end(
        '<!doctype html><script type="module" src="/weft-player.js"></script><weft-player controls threads="1" renderer="cpu" src="/film.weft"></weft-player>',
      );
    };
    const page = await openPage<Page>({
      entry: 'test/browser/pages/player.ts',
      files: { ...bundles, '/film.weft': { bytes: film }, '/strict': html },
    });
    opened = page;
    await page.page.goto(`${page.url}strict`);
    return page.page;
  }

  it('can be imported where there is no page', async () => {
    const program = new TextDecoder().decode(bundles['/weft-player.js']!.bytes);
    const module = await import(`data:text/javascript;base64,${Buffer.from(program).toString('base64')}`);
    expect(Object.keys(module).toSorted()).toEqual(['WeftPlayer', 'WeftVideo']);
  });

  it('is small', () => {
    const { bytes } = bundles['/weft-player.js']!;
    expect(brotliCompressSync(bytes).length).toBeLessThan(120_000);
  });

  it('is driven by media-chrome', async () => {
    const chrome = await openPage<ChromePage>({
      entry: 'test/browser/pages/mediaChrome.ts',
      files: { ...bundles, '/film.weft': { bytes: film } },
    });
    opened = chrome;
    const { page, errors } = chrome;
    await chrome.call('show', '/film.weft');
    const read = () => chrome.call('state');
    expect(await read()).toMatchObject({ paused: true, shownDuration: String(seconds) });
    await page.locator('media-play-button').click();
    await page.waitForFunction(() => !(globalThis.entry as unknown as ChromePage).state().paused);
    await page.locator('media-play-button').click();
    expect((await read()).paused).toBe(true);
    const range = (await page.locator('media-time-range').boundingBox())!;
    await page.mouse.click(range.x + range.width / 2, range.y + range.height / 2);
    await page.waitForFunction(
      (half) => Math.abs((globalThis.entry as unknown as ChromePage).state().currentTime - half) < 0.2,
      seconds / 2,
    );
    await page.locator('media-mute-button').click();
    await page.waitForFunction(() => !(globalThis.entry as unknown as ChromePage).state().muted);
    await page.locator('media-playback-rate-button').click();
    await page.waitForFunction(() => (globalThis.entry as unknown as ChromePage).state().playbackRate !== 1);
    await page.locator('media-fullscreen-button').click();
    await page.waitForFunction(() => document.fullscreenElement?.localName === 'media-controller');
    expect(errors).toEqual([]);
    expect(rate).toBe(25);
  });
});

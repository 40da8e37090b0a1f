/** The page of `weft page`, from a disk: as somebody has it who was sent one. */

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { onePage } from '../../src/watch/onePage.js';
import { hasBrowser, openPage } from './browser.js';
import { testFilm } from './playerFilms.js';

type Player = HTMLElement & {
  readyState: number;
  currentTime: number;
  statistics: { engine: string };
  step(frames: number): void;
};

describe.runIf(hasBrowser)('a film and its player in one file', () => {
  it('play from a disk, without a network', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'weft-page-'));
    const film = path.join(folder, 'film.weft');
    const file = path.join(folder, 'film.html');
    await writeFile(film, await testFilm());
    await writeFile(file, onePage({ title: 'film', film }));
    const { page, errors, close } = await openPage({ entry: 'test/browser/pages/echo.ts' });
    await page.context().setOffline(true);
    await page.goto(pathToFileURL(file).href);
    await page.waitForFunction(() => document.querySelector<Player>('weft-player')!.readyState >= 2);
    const shown = await page.evaluate(async () => {
      const player = document.querySelector<Player>('weft-player')!;
      const stepped = new Promise((resolve) => player.addEventListener('seeked', resolve, { once: true }));
      player.step(3);
      await stepped;
      return { seconds: player.currentTime, engine: player.statistics.engine };
    });
    expect(shown.engine).toBe('wasm');
    expect(shown.seconds).toBeGreaterThan(0.05);
    expect(await page.evaluate(() => document.querySelectorAll('[data-piece]').length)).toBe(0);
    expect(errors).toEqual([]);
    await close();
    await rm(folder, { recursive: true });
  });
});

/** Sound of `<weft-player>` that is fetched while it plays, in Chromium. */

import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { hasBrowser, type OpenPage, openPage } from './browser.js';
import { playerBundles } from './playerFilms.js';
import { filmWithHole, SlowFilm, type SoundFilm, soundFilm } from './soundFilms.js';

type Page = typeof import('./pages/player.js');

const ATTRIBUTES = { src: '/film.weft', style: 'width: 64px; height: 48px', muted: '' };

interface Opened extends Pick<OpenPage<Page>, 'page' | 'call'> {
  readonly slow: SlowFilm;
}

describe.runIf(hasBrowser)('sound of <weft-player>', () => {
  /** Its track has 7 MB. */
  let long: SoundFilm;
  let broken: SoundFilm;
  let bundles: Awaited<ReturnType<typeof playerBundles>>;
  let opened: OpenPage<Page> | undefined;

  beforeAll(async () => {
    bundles = await playerBundles();
    long = await soundFilm(600);
    broken = await filmWithHole();
  });

  afterEach(async () => {
    await opened?.close();
    opened = undefined;
  });

  /** @param before done in the page before the player is there */
  async function openPlayer(slow: SlowFilm, attributes = {}, before: () => void = () => {}): Promise<Opened> {
    opened = await openPage<Page>({
      entry: 'test/browser/pages/player.ts',
      files: { ...bundles, '/film.weft': (...asked) => void slow.serve(...asked) },
    });
    const { page, call } = opened;
    await page.evaluate(before);
    await call('show', { ...ATTRIBUTES, ...attributes });
    return { slow, page, call };
  }

  const play = ({ page }: Opened) => page.evaluate(() => globalThis.entry.player().play());
  const time = ({ page }: Opened) => page.evaluate(() => globalThis.entry.player().currentTime);
  const statistics = ({ page }: Opened) => page.evaluate(() => globalThis.entry.player().statistics);
  /** Seconds from the time of the film to that of its sound. */
  const apart = ({ page }: Opened) =>
    page.evaluate(() => {
      const { currentTime, statistics } = globalThis.entry.player();
      return Math.abs(currentTime - statistics.soundTime!);
    });
  const reach = ({ page }: Opened, seconds: number) =>
    page.waitForFunction((seconds) => globalThis.entry.player().currentTime > seconds, seconds);
  const told = async ({ call }: Opened, types: RegExp) =>
    (await call('events')).map(({ type }) => type).filter((type) => types.test(type));

  it('is heard before its track is there, from wherever it is set to', async () => {
    const player = await openPlayer(new SlowFilm(long));
    await play(player);
    expect(await player.call('soundAfter', 0.3)).toBeLessThan(10);
    await player.call('seek', 590);
    expect(await player.call('soundAfter', 0.3)).toBeGreaterThan(590);
    expect(await time(player)).toBeGreaterThan(590);
    // A minute from the beginning, and what is left at the end.
    expect(player.slow.soundBytes).toBeLessThan(long.bytes.length / 5);
  });

  it('begins again without a gap, and ends with the film', async () => {
    const player = await openPlayer(new SlowFilm(long), { loop: '' });
    const { page, call } = player;
    // Twice, as it takes turns between two elements.
    for (const _ of [1, 2]) {
      await call('seek', 599.6);
      await play(player);
      await page.waitForFunction(() => globalThis.entry.player().currentTime < 500);
      await call('forget');
      expect(await call('soundAfter', 0.2)).toBeLessThan(5);
      expect(await told(player, /waiting/)).toEqual([]);
    }
    await page.evaluate(() => {
      globalThis.entry.player().loop = false;
    });
    await call('seek', 599.6);
    await page.waitForFunction(() => globalThis.entry.player().ended);
    expect((await statistics(player)).soundTime).toBeGreaterThan(599.6);
    expect(player.slow.soundBytes).toBeLessThan(long.bytes.length / 5);
  });

  it('is waited for, but not for long, joins in where the film then is, and may be lost', async () => {
    // Of the sound there are some seconds.
    const player = await openPlayer(new SlowFilm(long, 80_000));
    const { slow, page, call } = player;
    await page.evaluate(() => {
      globalThis.entry.player().playbackRate = 4;
    });
    await call('forget');
    await play(player);
    await page.waitForFunction(() => globalThis.entry.events().some(({ type }) => type === 'waiting'));
    expect(await apart(player)).toBeLessThan(1.5);
    await reach(player, (await time(player)) + 0.5);
    // Pictures are fetched beside a request for sound that nothing comes of.
    await call('seek', 200);
    slow.release();
    await call('soundAfter', 0.5);
    expect(await apart(player)).toBeLessThan(1.5);
    expect(await told(player, /waiting|playing|seeked/)).toEqual([
      ...['playing', 'waiting', 'playing', 'waiting', 'seeked', 'playing'],
    ]);
    slow.lose();
    await call('seek', 400);
    await reach(player, 400.2);
    const { notes, soundTime } = await statistics(player);
    expect(notes.join()).toMatch(/No sound: .*404/);
    expect(soundTime).toBeUndefined();
  });

  it('is left out where the film has none, and joins in behind', async () => {
    const player = await openPlayer(new SlowFilm(broken));
    await player.call('seek', 9.7);
    await player.page.waitForFunction(() => globalThis.entry.player().readyState === 4);
    await player.call('forget');
    await play(player);
    expect(await player.call('soundAfter', 0.1)).toBeLessThan(10);
    const within = await player.page.evaluate(async () => {
      const { until, player } = globalThis.entry;
      await until(() => player().currentTime > 10.3);
      return player().statistics.soundTime;
    });
    expect(within).toBeLessThan(10.2);
    expect(await player.call('soundAfter', 0.2)).toBeGreaterThan(11);
    expect(await told(player, /waiting/)).toEqual([]);
  });

  it('is fetched whole by a browser that does not take it in pieces', async () => {
    const player = await openPlayer(new SlowFilm(broken), {}, () => {
      const asked: string[] = [];
      const isTypeSupported = (type: string): boolean => asked.push(type) < 0;
      Object.assign(globalThis, { MediaSource: { isTypeSupported }, asked });
    });
    await play(player);
    expect(await player.call('soundAfter', 0.2)).toBeLessThan(5);
    expect(player.slow.soundBytes).toBe(broken.bytes.length - broken.soundAt);
    const asked = await player.page.evaluate(() => (globalThis as unknown as { asked: string[] }).asked);
    expect(asked).toEqual(['audio/webm; codecs="opus"']);
  });

  it('leaves nothing behind', async () => {
    const { page, call } = await openPlayer(new SlowFilm(long), { loop: '' }, () => {
      const open = new Set<string>();
      const { createObjectURL, revokeObjectURL } = URL;
      URL.createObjectURL = (source) => {
        const url = createObjectURL(source);
        open.add(source instanceof MediaSource ? `sound ${url}` : url);
        return url;
      };
      URL.revokeObjectURL = (url) => {
        open.delete(`sound ${url}`);
        open.delete(url);
        revokeObjectURL(url);
      };
      Object.assign(globalThis, { open });
    });
    const open = () =>
      page.evaluate(() =>
        [...(globalThis as unknown as { open: Set<string> }).open].filter((url) => /sound/.test(url)),
      );
    expect(await open()).toHaveLength(2);
    await call('comeAndGo', 2, { ...ATTRIBUTES, loop: '' }, 4);
    await call('comeAndGo', 2, { ...ATTRIBUTES, loop: '' }, 1);
    await call('pause', 100);
    expect(await open()).toEqual([]);
  });
});

declare global {
  // The page's module, where the page's functions are evaluated.
  var entry: Page;
}

import { describe, expect, it } from 'vitest';
import { hasBrowser, openPage } from './browser.js';

type Echo = typeof import('./pages/echo.js');

describe.runIf(hasBrowser)('a page of a test', () => {
  it('is called with what it is given, and can do what films need', async () => {
    const { call, errors, close } = await openPage<Echo>({ entry: 'test/browser/pages/echo.ts' });
    const value = { numbers: Float32Array.of(1.5, -2), text: 'ü', nested: [{ bytes: Uint8Array.of(255) }] };
    expect(await call('echo', value)).toEqual(value);
    expect(await call('abilities')).toEqual({ threads: true, webgl2: true, webgpu: true });
    expect(errors).toEqual([]);
    await close();
  });

  it('reads files and ranges of them', async () => {
    const bytes = Uint8Array.from({ length: 100 }, (_, i) => i);
    const { page, requests, close } = await openPage<Echo>({
      entry: 'test/browser/pages/echo.ts',
      files: { '/film.weft': { bytes } },
    });
    const part = await page.evaluate(async () => {
      const answer = await fetch('/film.weft', { headers: { Range: 'bytes=10-12' } });
      return [answer.status, ...new Uint8Array(await answer.arrayBuffer())];
    });
    expect(part).toEqual([206, 10, 11, 12]);
    expect(requests).toContain('/film.weft bytes=10-12');
    await close();
  });
});

import { describe, expect, it } from 'vitest';
import { open } from '../../runtime/film/film.js';
import { GOLDEN_FILES, goldenBytes } from '../runtime/goldenFiles.js';
import { type SampleFilm, sampleFilm } from '../runtime/sampleSegments.js';
import { hasBrowser, openPage } from './browser.js';

type Page = typeof import('./pages/wasmDecoder.js');

/** Larger than the memory that an engine begins with, so that it grows while threads work. */
const LARGE: SampleFilm = {
  ...{ width: 320, height: 180, chroma: '420', drawing: 'sparse' },
  ...{ frames: [9], anchorDistance: 8, streams: 3, baseExponent: 8 },
};

const films: readonly (readonly [string, number, () => Uint8Array])[] = [
  ...GOLDEN_FILES.flatMap(({ name }) =>
    [1, 2].map((threads) => [name, threads, () => goldenBytes(name)] as const),
  ),
  ['a larger film', 2, () => sampleFilm(LARGE, 3).bytes],
];

describe.runIf(hasBrowser)('WebAssembly in a browser', () => {
  it.each(films)('decodes %s with %d threads as it is decoded here', async (_, threads, bytesOf) => {
    const bytes = bytesOf();
    const { call, errors, close } = await openPage<Page>({
      entry: 'test/browser/pages/wasmDecoder.ts',
      bundles: { '/worker.js': 'test/browser/pages/wasmWorker.ts' },
    });
    const decoded = await call('decode', bytes, threads);
    expect(decoded.version).toMatch(threads === 1 ? /one thread/ : /2 threads/);
    const film = await open(bytes);
    expect(decoded.latents).toEqual(await film.decodeSegmentLatents(0));
    const [count, seconds] = film.info.rate;
    let p = 0;
    for await (const { planes } of film.frames({ fps: [2 * count, seconds] }))
      for (const plane of planes)
        expect(largestDifference(decoded.pictures[p++]!, plane)).toBeLessThanOrEqual(1);
    expect(decoded.pictures).toHaveLength(p);
    film.close();
    await expectPlanes(bytes, decoded.planes);
    expect(errors).toEqual([]);
    await close();
  });
});

/** Against the engine of this process that hands out its planes. */
async function expectPlanes(bytes: Uint8Array, given: readonly Float32Array[]): Promise<void> {
  const film = await open(bytes, { engine: 'wasm', threads: 1 });
  let p = 0;
  for (let frame = 0; frame < film.info.frames; frame++) {
    const { planes, link } = await film.framePlanes(frame);
    const { motion = [], acceleration = [] } = link ?? {};
    for (const { samples } of [...planes, ...motion, ...acceleration]) expect(given[p++]).toEqual(samples);
  }
  expect(given).toHaveLength(p);
  film.close();
}

function largestDifference(a: Uint8Array, b: Uint8Array): number {
  expect(a).toHaveLength(b.length);
  return a.reduce((most, code, i) => Math.max(most, Math.abs(code - b[i]!)), 0);
}

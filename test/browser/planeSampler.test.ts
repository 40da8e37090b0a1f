/** One suite for the samplers of both APIs, on the processor or on a GPU (launch.ts). */

import process from 'node:process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Enlarger } from '../../runtime/field/enlarger.js';
import { enlargementTo, samplingKernels } from '../../runtime/field/samplingKernels.js';
import { fieldShape } from '../../runtime/field/shape.js';
import type { View } from '../../runtime/gpu/planeSampler.js';
import { createPlane, type FloatPlane, type Planes } from '../../runtime/picture/floatPlane.js';
import type { FilmInfo, Picture } from '../../runtime/picture/picture.js';
import { axisKernel, rasterKernels } from '../../runtime/picture/raster.js';
import { learntDetail } from '../../runtime/reference/enlarger.js';
import { ReferenceDecoderEngine } from '../../runtime/reference/referenceDecoderEngine.js';
import { resample } from '../../runtime/reference/spatialSampler.js';
import { filmOf, tasksOf } from '../runtime/contractFilms.js';
import { LOUD_ENLARGER } from '../runtime/loudEnlarger.js';
import { hasBrowser, type OpenPage, openPage } from './browser.js';
import { filmInfo, type MovingFilm, movingFilm, pictureAt, planesAt } from './movingPlanes.js';

type Page = typeof import('./pages/planeSampler.js');

const APIS = ['webgl2', 'webgpu'] as const;

const ON_GPU = Boolean(process.env.WEFT_TEST_GPU);
/** Sides that no texture and no canvas has; those of GPUs are larger. */
const [TOO_WIDE, TOO_HIGH] = ON_GPU ? [65_537, 70_000] : [16_385, 20_000];

/**
 * Instants at a frame, and between frames whose link is carried by the later and by the earlier one, at an end of the segment and
 * inside of it.
 */
const INSTANTS = [
  [0, 0],
  [0, 0.3],
  [1, 0.5],
  [2, 0.75],
  [3, 0.9],
] as const;

let page: OpenPage<Page>;
beforeAll(async () => {
  if (hasBrowser) page = await openPage<Page>({ entry: 'test/browser/pages/planeSampler.ts' });
});
afterAll(async () => {
  await page?.close();
});

const whole = ({ info: { width, height } }: MovingFilm): View['crop'] => ({ x: 0, y: 0, width, height });

/** Views of a film: as it is, larger, smaller, and parts of it. */
function views(film: MovingFilm): Readonly<Record<string, View>> {
  const crop = whole(film);
  const { width, height } = film.info;
  return {
    native: { crop, width, height },
    double: { crop, width: 2 * width, height: 2 * height },
    half: { crop, width: width >> 1, height: height >> 1 },
    'of an odd size': { crop, width: 53, height: 31 },
    'much smaller': { crop, width: 9, height: 5 },
    'of one axis': { crop, width, height: height + 3 },
    'of a part': {
      crop: { x: 5.3, y: 2.75, width: width - 14.1, height: height - 9.6 },
      width: 61,
      height: 40,
    },
    'of a corner': { crop: { x: width - 6, y: height - 4, width: 6, height: 4 }, width: 48, height: 32 },
  };
}

/** Views that are larger than the film, at sizes that no kernel repeats in, with borders and without; and two that are not. */
function largerViews(film: MovingFilm): Readonly<Record<string, View>> {
  const { native, double, half, ...others } = views(film);
  const crop = whole(film);
  const { width, height } = film.info;
  return {
    double: double!,
    'of odd factors': { crop, width: Math.round(2.7 * width), height: Math.round(1.3 * height) },
    'of a part': others['of a part']!,
    'of a part inside': { crop: { x: 12.4, y: 7.7, width: 14.3, height: 9.1 }, width: 47, height: 31 },
    'of a corner': others['of a corner']!,
    'of one axis': others['of one axis']!,
    native: native!,
    half: half!,
  };
}

/** How far codes differ: at most, and the part of them that does at all. */
function difference(a: Picture, b: Picture): { worst: number; part: number } {
  expect([a.width, a.height, a.chroma]).toEqual([b.width, b.height, b.chroma]);
  const differences = a.planes.flatMap((plane, c) =>
    Array.from(plane, (code, i) => Math.abs(code - b.planes[c]![i]!)),
  );
  const differing = differences.filter((value) => value > 0).length;
  return { worst: Math.max(...differences), part: differing / differences.length };
}

const start = (api: (typeof APIS)[number], { shape, info, frames }: MovingFilm, enlarger?: Enlarger) =>
  page.call('start', api, { shape, info, enlarger }, frames);

/** Codes of a colour (reals, so that no rounding is in them), and what a screen shows of it: BT.601, BT.709, BT.2100 with BT.2408. */
const KNOWN_COLOURS = [
  { ...facts('smpte170m', 'tv'), height: 16, codes: [81, 90, 240], rgb: [254, 0, 0] },
  { ...facts('bt470bg', 'tv'), height: 16, codes: [41, 240, 110], rgb: [0, 0, 255] },
  { ...facts('bt709', 'tv'), height: 16, codes: [63, 102, 240], rgb: [255, 0, 0] },
  { ...facts('bt709', 'tv'), height: 16, codes: [173, 42, 26], rgb: [0, 255, 1] },
  { ...facts('bt2020nc', 'tv'), height: 16, codes: [73.53, 97.04, 240], rgb: [255, 0, 0] },
  { ...facts('unknown', 'tv'), height: 719, codes: [81, 90, 240], rgb: [254, 0, 0] },
  { ...facts('unknown', 'tv'), height: 720, codes: [63, 102, 240], rgb: [255, 0, 0] },
  { ...facts('bt709', 'tv'), height: 16, codes: [16, 128, 128], rgb: [0, 0, 0] },
  { ...facts('bt709', 'pc'), height: 16, codes: [235, 128, 128], rgb: [235, 235, 235] },
  { ...facts('smpte170m', 'pc'), height: 16, codes: [76.245, 84.97, 255.5], rgb: [255, 0, 0] },
  // White of 203 nits is 58% of PQ and 75% of HLG; it goes to 0.52 of the screen's light, and 1000 nits to all of it.
  {
    ...facts('bt2020nc', 'tv', 'smpte2084'),
    height: 16,
    codes: [16 + 219 * 0.5807, 128, 128],
    rgb: [191, 191, 191],
  },
  {
    ...facts('bt2020nc', 'tv', 'smpte2084'),
    height: 16,
    codes: [16 + 219 * 0.7518, 128, 128],
    rgb: [255, 255, 255],
  },
  {
    ...facts('bt2020nc', 'tv', 'arib-std-b67'),
    height: 16,
    codes: [16 + 219 * 0.75, 128, 128],
    rgb: [191, 191, 191],
  },
  { ...facts('bt2020nc', 'pc', 'arib-std-b67'), height: 16, codes: [255, 128, 128], rgb: [255, 255, 255] },
  { ...facts('bt2020nc', 'pc', 'smpte2084'), height: 16, codes: [0, 128, 128], rgb: [0, 0, 0] },
] as const;

/** Where the first sample of chroma lies, in luma samples. */
const SITINGS = [
  ['left', [0, 0.5]],
  ['unknown', [0, 0.5]],
  ['center', [0.5, 0.5]],
  ['topleft', [0, 0]],
  ['top', [0.5, 0]],
  ['bottomleft', [0, 1]],
  ['bottom', [0.5, 1]],
] as const;

function facts(matrix: string, lumaRange: 'tv' | 'pc', transfer = 'bt709') {
  return { matrix, lumaRange, transfer };
}

const near = (value: number, tolerance: number): unknown =>
  expect.toSatisfy((found: number) => Math.abs(found - value) <= tolerance, `about ${value}`);

/** A film of one frame. */
function stillFilm(info: FilmInfo, planes: Planes): MovingFilm {
  const shape = fieldShape(info.width, info.height, info.chroma);
  return { shape, info, frames: [{ planes }], nodes: [], baked: [] };
}

/** A film of one colour, 16 wide. */
function evenFilm(codes: readonly number[], height: number, facts: Partial<FilmInfo>): MovingFilm {
  const even = (code: number): FloatPlane => {
    const plane = createPlane(16, height);
    plane.samples.fill(code - 128);
    return plane;
  };
  const planes: Planes = [even(codes[0]!), even(codes[1]!), even(codes[2]!)];
  return stillFilm({ ...filmInfo(16, height, '444'), ...facts }, planes);
}

/** A grey film whose Cb rises to the right and whose Cr rises downwards, by 3 codes a luma sample. */
function rampFilm(chromaLocation: string, left: number, top: number): MovingFilm {
  const [cb, cr] = [createPlane(16, 16), createPlane(16, 16)];
  for (let i = 0; i < cb.samples.length; i++) {
    cb.samples[i] = 3 * (2 * (i % 16) + left - 16);
    cr.samples[i] = 3 * (2 * Math.floor(i / 16) + top - 12);
  }
  const info = { ...filmInfo(32, 32, '420'), matrix: 'bt709', lumaRange: 'pc' as const, chromaLocation };
  return stillFilm(info, [createPlane(32, 32), cb, cr]);
}

/** R, G and B of the first pixel. */
async function colourOf(api: (typeof APIS)[number], film: MovingFilm, view: View): Promise<number[]> {
  await start(api, film);
  const found = await page.call('drawn', { frame: 0, phase: 0 }, view);
  await page.call('stop', view);
  return Array.from(found.subarray(0, 3));
}

describe.runIf(hasBrowser)('which sampler is made', () => {
  const film = movingFilm(40, 24, '420', 9);
  const { shape, info } = film;

  it('the one that is asked for, else WebGL2 where the processor plays WebGPU', async () => {
    expect((await start('webgpu', film)).api).toBe('webgpu');
    await page.call('stop', views(film).native!);
    const { api, device } = await page.call('start', 'auto', { shape, info }, []);
    expect(api).toBe(ON_GPU ? 'webgpu' : 'webgl2');
    if (ON_GPU) expect(device).not.toMatch(/swiftshader/i);
    else expect(device).toMatch(/swiftshader/i);
    await page.call('stop', views(film).native!);
  });

  it.each(['auto', ...APIS] as const)('none of a film that is too large: %s', async (renderer) => {
    const [code, message] = await page.call('failure', renderer, {
      shape: { ...shape, width: TOO_WIDE },
      info,
    });
    expect(code).toBe('ENGINE_MISSING');
    expect(message).toContain(`${TOO_WIDE}x24`);
  });
});

describe.runIf(hasBrowser).each(APIS)('sampling on %s', (api) => {
  describe.each([
    ['420', 45, 37],
    ['444', 40, 24],
  ] as const)('chroma %s', (chroma, width, height) => {
    const film = movingFilm(width, height, chroma, 3);
    beforeAll(async () => {
      expect((await start(api, film)).api).toBe(api);
    });
    afterAll(async () => {
      expect(await page.call('stop', views(film).native!)).toBeUndefined();
      expect(page.errors).toEqual([]);
    });

    it.each(Object.entries(views(film)))('gives the pictures of the reference: %s', async (_, view) => {
      const kernels = rasterKernels(film.info, view.crop, view.width, view.height);
      for (const [frame, phase] of INSTANTS) {
        const found = await page.call('picture', { frame, phase }, view);
        const { worst, part } = difference(found, pictureAt(film, frame, phase, kernels));
        expect(worst).toBeLessThanOrEqual(1);
        // Where a value lies between two codes.
        expect(part).toBeLessThan(0.002);
      }
    });

    it.each(Object.entries(views(film)))('draws the colours of the planes: %s', async (_, view) => {
      for (const [frame, phase] of INSTANTS) {
        const found = await page.call('drawn', { frame, phase }, view);
        const expected = colours(film.info, planesAt(film, frame, phase), view);
        expect(worstDifference(found, expected)).toBeLessThanOrEqual(1);
      }
    });

    it.each(Object.entries(views(film)))('draws the mean of several instants: %s', async (_, view) => {
      const instants = INSTANTS.map(([frame, phase]) => ({ frame, phase }));
      const [first, ...others] = instants;
      const planes = instants.map(({ frame, phase }) => planesAt(film, frame, phase));
      const mean = planes[0]!.map(({ width, height, samples }, c) => ({
        ...{ width, height },
        samples: samples.map(
          (_, i) => planes.reduce((sum, of) => sum + of[c]!.samples[i]!, 0) / planes.length,
        ),
      })) as unknown as Planes;
      const found = await page.call('drawn', first!, view, others);
      expect(worstDifference(found, colours(film.info, mean, view))).toBeLessThanOrEqual(1);
      const textures = await page.call('texturesOfMeans', 4, view);
      expect(textures[3]).toBe(textures[1]);
    });
  });

  describe.each([
    ['420', 45, 37],
    ['444', 40, 24],
  ] as const)('with an enlarger, chroma %s', (chroma, width, height) => {
    const film = movingFilm(width, height, chroma, 5);
    beforeAll(async () => {
      await start(api, film, LOUD_ENLARGER);
    });
    afterAll(async () => {
      expect(await page.call('stop', views(film).native!)).toBeUndefined();
      expect(page.errors).toEqual([]);
    });

    it.each(Object.entries(largerViews(film)))('gives the pictures of the reference: %s', async (_, view) => {
      const { crop, width, height } = view;
      const kernels = samplingKernels(film.shape, crop, width, height, LOUD_ENLARGER);
      for (const [frame, phase] of INSTANTS) {
        const found = await page.call('picture', { frame, phase }, view);
        const { worst, part } = difference(found, pictureAt(film, frame, phase, kernels));
        expect(worst).toBeLessThanOrEqual(1);
        expect(part).toBeLessThan(0.002);
      }
    });

    it.each(Object.entries(largerViews(film)))('draws the colours of the planes: %s', async (_, view) => {
      for (const [frame, phase] of INSTANTS) {
        const planes = planesAt(film, frame, phase);
        const drawn = await page.call('drawn', { frame, phase }, view);
        expect(worstDifference(drawn, colours(film.info, planes, view, LOUD_ENLARGER))).toBeLessThanOrEqual(
          1,
        );
      }
    });

    it('leaves it out where the view says so', async () => {
      const planes = planesAt(film, 0, 0);
      const double = views(film).double!;
      const at = { frame: 0, phase: 0 };
      const without = colours(film.info, planes, double);
      expect(
        worstDifference(await page.call('drawn', at, { ...double, enlarge: false }), without),
      ).toBeLessThanOrEqual(1);
      expect(worstDifference(await page.call('drawn', at, double), without)).toBeGreaterThan(20);
    });
  });

  it('gives the same with an enlarger where only some rows of features are there at once', async () => {
    const luma = createPlane(4096, 70);
    luma.samples.forEach((_, i) => {
      luma.samples[i] = 90 * Math.sin(i * i);
    });
    const film = stillFilm(filmInfo(4096, 70, '420'), [luma, createPlane(2048, 35), createPlane(2048, 35)]);
    await start(api, film, LOUD_ENLARGER);
    const view = { crop: { x: 2000.5, y: 0, width: 8, height: 70 }, width: 10, height: 141 };
    const kernels = samplingKernels(film.shape, view.crop, view.width, view.height, LOUD_ENLARGER);
    const found = await page.call('picture', { frame: 0, phase: 0 }, view);
    const { worst, part } = difference(found, pictureAt(film, 0, 0, kernels));
    expect(worst).toBeLessThanOrEqual(1);
    expect(part).toBeLessThan(0.002);
    expect(await page.call('stop', view)).toBeUndefined();
  });

  it('gives the pictures of a film that was decoded', async () => {
    const bytes = filmOf({ drawing: 'sparse', width: 67, height: 50 }, 6);
    const [task] = await tasksOf(bytes);
    const engine = new ReferenceDecoderEngine();
    const segment = await engine.bake(task!);
    const frames = await Promise.all([3, 4, 5, 6, 7].map((frame) => segment.framePlanes!(frame)));
    const info = filmInfo(67, 50, '420');
    await page.call('start', api, { shape: task!.shape, info }, frames);
    const view = { crop: { x: 0, y: 0, width: 67, height: 50 }, width: 80, height: 60 };
    const kernels = rasterKernels(info, view.crop, view.width, view.height);
    for (const [frame, phase] of [...INSTANTS, [4, 0] as const]) {
      const expected = await segment.picture(3 + frame, phase, kernels);
      const { worst, part } = difference(await page.call('picture', { frame, phase }, view), expected);
      expect(worst).toBeLessThanOrEqual(1);
      expect(part).toBeLessThan(0.002);
    }
    expect(await page.call('stop', view)).toBeUndefined();
    segment.close();
    engine.close();
  });

  describe('in colour', () => {
    it.each(KNOWN_COLOURS)(
      'shows what standards say: $matrix $lumaRange $transfer $height',
      async (known) => {
        const { codes, rgb, height, ...facts } = known;
        const film = evenFilm(codes, height, { ...facts, height });
        const view = { crop: { x: 0, y: 0, width: 16, height }, width: 4, height: 4 };
        expect(await colourOf(api, film, view)).toEqual(rgb.map((value) => near(value, 1)));
      },
    );

    it.each(SITINGS)('finds chroma where the film has it: %s', async (chromaLocation, [left, top]) => {
      const film = rampFilm(chromaLocation, left, top);
      const view = { crop: { x: 12, y: 10, width: 8, height: 6 }, width: 24, height: 18 };
      await start(api, film);
      const found = await page.call('drawn', { frame: 0, phase: 0 }, view);
      await page.call('stop', view);
      for (let v = 0, at = 0; v < view.height; v++) {
        for (let u = 0; u < view.width; u++, at += 4) {
          const [x, y] = [12 + (u + 0.5) / 3 - 0.5, 10 + (v + 0.5) / 3 - 0.5];
          // Green shows neither Cb nor Cr alone; red and blue show one each.
          expect(found[at]).toEqual(near(128 + 1.5748 * 3 * (y - 12), 1));
          expect(found[at + 2]).toEqual(near(128 + 1.8556 * 3 * (x - 16), 1));
        }
      }
    });
  });

  describe('with its memory', () => {
    const film = movingFilm(40, 24, '420', 4);
    const { native } = views(film);
    const [first, second] = film.frames;

    it('draws pictures of frames that are freed behind it, and gives no memory to two frames', async () => {
      await start(api, film);
      const kernels = rasterKernels(film.info, native!.crop, 40, 24);
      const expected = pictureAt(film, 0, 0, kernels);
      for (const found of await page.call('picturesAcrossFree', first!, second!, native!)) {
        expect(difference(found, expected).worst).toBeLessThanOrEqual(1);
      }
      await page.call('stop', native!);
    });

    it.each([
      ['none', undefined],
      ['one', LOUD_ENLARGER],
    ])(
      'plays without another texture, also where the view changes, with an enlarger: %s',
      async (_, enlarger) => {
        await start(api, film, enlarger);
        const textures = await page.call('texturesWhilePlaying', 40, first!, native!);
        expect(new Set(textures.slice(8))).toEqual(new Set([textures[8]]));
        await page.call('stop', native!);
      },
    );

    it('refuses views that no canvas can have', async () => {
      await start(api, film);
      for (const view of [
        { ...native!, width: 0 },
        { ...native!, height: TOO_HIGH },
        { ...native!, width: 1.5 },
        { ...native!, crop: { x: 0, y: 0, width: 0, height: 4 } },
      ]) {
        expect(await page.call('refused', view)).toBe('VIEW_SIZE');
      }
      expect(await page.call('refused', native!)).toBe('');
      await page.call('stop', native!);
    });

    it('says so when the GPU is lost, and draws nothing more', async () => {
      await start(api, film);
      expect(await page.call('lose', native!)).toEqual({
        reason: expect.stringMatching(/\w/),
        codeOfPicture: 'ENGINE_FAILED',
      });
    });
  });
});

/** Of as many values as expected. */
function worstDifference(found: ArrayLike<number>, expected: readonly number[]): number {
  expect(found.length).toBe(expected.length);
  return expected.reduce((worst, value, i) => Math.max(worst, Math.abs(value - found[i]!)), 0);
}

/** R, G, B and alpha as doubles, by the formulas of BT.601 with codes 16..235, for chroma on the left. */
function colours(info: FilmInfo, planes: Planes, view: View, enlarger?: Enlarger): number[] {
  const [y, cb, cr] = planes.map((plane, c) => sampledAtCanvas(info, plane, c, view).samples);
  const enlargement = enlarger && enlargementTo(info, view.crop, view.width, view.height, enlarger);
  const detail = enlargement && learntDetail(planes[0], enlargement).samples;
  for (const [i, codes] of detail?.entries() ?? []) y![i]! += codes;
  return Array.from(y!).flatMap((value, i) => {
    const luma = (255 * (value + 128 - 16)) / 219;
    const [blue, red] = [(255 * cb![i]!) / 224, (255 * cr![i]!) / 224];
    const all = [luma + 1.402 * red, luma - 0.344136 * blue - 0.714136 * red, luma + 1.772 * blue, 255];
    return all.map((colour) => Math.min(Math.max(colour, 0), 255));
  });
}

function sampledAtCanvas({ chroma }: FilmInfo, plane: FloatPlane, c: number, view: View): FloatPlane {
  const { crop, width, height } = view;
  const [across, down] = [crop.width / width, crop.height / height];
  if (c === 0 || chroma === '444') {
    const columns = axisKernel(plane.width, width, across, crop.x);
    return resample(plane, columns, axisKernel(plane.height, height, down, crop.y));
  }
  // Between two luma samples, and on the left one of two.
  const columns = axisKernel(plane.width, width, across / 2, crop.x / 2 + 0.25);
  return resample(plane, columns, axisKernel(plane.height, height, down / 2, crop.y / 2));
}

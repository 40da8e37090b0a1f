/**
 * What every engine that decodes must do (runtime/engine/decoderEngine.ts). The suite is run once for each engine, and for each
 * way in which an engine may run.
 */

import { beforeAll, describe, expect, it } from 'vitest';
import type { BakedSegment, DecoderEngine, SegmentTask } from '../../runtime/engine/decoderEngine.js';
import { countNodeBits, type NodeBits, StreamStates } from '../../runtime/entropy/latentCoder.js';
import { readSegmentLatents } from '../../runtime/entropy/segmentCoder.js';
import type { Enlarger } from '../../runtime/field/enlarger.js';
import { type SamplingKernels, samplingKernels } from '../../runtime/field/samplingKernels.js';
import { latentPlanes } from '../../runtime/field/shape.js';
import { open } from '../../runtime/film/film.js';
import type { Picture } from '../../runtime/picture/picture.js';
import type { Crop } from '../../runtime/picture/raster.js';
import { ReferenceDecoderEngine } from '../../runtime/reference/referenceDecoderEngine.js';
import { once } from '../once.js';
import { damagedTasks, filmOf, SAMPLES, type Sample, tasksOf } from './contractFilms.js';
import { GOLDEN_FILES, goldenBytes } from './goldenFiles.js';
import { handMadeFilm, type SetLatents } from './handMadeFilm.js';
import { LOUD_ENLARGER } from './loudEnlarger.js';
import { largestDifference, show } from './shownPictures.js';

/** Registers the suite for the engines that `create` makes, but for what compares them with the reference. */
export function contractWithoutPictures(title: string, create: () => DecoderEngine): void {
  describe(`${title}: integers`, () => integers(create));
  describe(`${title}: a film made by hand`, () => handMade(create));
  describe(`${title}: a crop`, () => cropped(create));
  describe(`${title}: calls`, () => calls(create));
  describe(`${title}: a film that it shows`, () => films(create));
}

/** Registers the suite for the engines that `create` makes. */
export function decoderContract(title: string, create: () => DecoderEngine): void {
  contractWithoutPictures(title, create);
  describe(`${title}: pictures`, () => pictures(create));
}

const bytesOf = (sample: Sample): Uint8Array => filmOf(sample, 11 + SAMPLES.indexOf(sample));

const DAMAGED = 60;
// Kept over the engines of a test file: what is expected of all of them takes longest.
const damaged = once(() => damagedTasks(DAMAGED));

/** A segment with what is in it, by the coder itself. */
interface KnownSegment {
  readonly task: SegmentTask;
  readonly latents: readonly Int32Array[];
  readonly bits: readonly CountedBits[];
}

interface CountedBits {
  readonly node: NodeBits;
  /** Its last symbols may lie behind the end of its stream. */
  readonly lastOfStream: boolean;
}

const known = async (bytes: Uint8Array): Promise<KnownSegment[]> =>
  (await tasksOf(bytes)).map((task) => {
    const latents = readSegmentLatents(task.segment, task.shape, task.nets);
    return { task, latents, bits: countedBits(task, latents) };
  });

const knownFilms: readonly (readonly [string, () => Promise<KnownSegment[]>])[] = [
  ...GOLDEN_FILES.map(({ name }) => [name, once(() => known(goldenBytes(name)))] as const),
  ...SAMPLES.map((sample) => [JSON.stringify(sample), once(() => known(bytesOf(sample)))] as const),
];

function integers(create: () => DecoderEngine): void {
  it.each(knownFilms)('has latents and bits of %s', async (_, segments) => {
    const engine = create();
    for (const { task, latents, bits } of await segments()) {
      expect(await engine.latents(task)).toEqual(latents);
      const given = await engine.bits(task);
      expect(given).toHaveLength(bits.length);
      for (const [i, counted] of bits.entries()) expectBits(given[i]!, counted);
    }
    engine.close();
  });

  it('reads damaged streams as the definition does, or refuses them', async () => {
    const engine = create();
    let refused = 0;
    for (const { task, latents } of await damaged()) {
      if (latents) {
        expect(await engine.latents(task)).toEqual(latents);
        continue;
      }
      refused++;
      await expectRefusal([engine.latents(task), engine.bits(task), allPictures(engine, task)], {
        name: 'FormatError',
        code: 'LATENT_RANGE',
      });
    }
    expect(refused).toBeGreaterThan(0);
    expect(refused).toBeLessThan(DAMAGED);
    engine.close();
  });
}

/** A range coder spends a little more than it counts, for it rounds; see the contract. */
function expectBits(given: NodeBits, { node, lastOfStream }: CountedBits): void {
  const behindEnd = lastOfStream ? 32 : 0;
  for (const kind of ['motion', 'innovation'] as const) {
    expect(given[kind]).toBeGreaterThanOrEqual(node[kind] - behindEnd - 1e-6);
    expect(given[kind]).toBeLessThanOrEqual(1.002 * node[kind] + behindEnd + 1 / 8);
  }
}

function countedBits(task: SegmentTask, latents: readonly Int32Array[]): CountedBits[] {
  const { segment, shape, nets, nodes } = task;
  const counted: CountedBits[] = [];
  for (const stream of segment.streams) {
    const states = new StreamStates();
    for (let left = stream.nodes; left > 0; left--) {
      const index = counted.length;
      const { refs, depth } = nodes[index]!;
      const planes = latentPlanes(shape, refs.length);
      const node = countNodeBits(latents[index]!, planes, depth, nets, states);
      counted.push({ node, lastOfStream: left === 1 });
    }
  }
  return counted;
}

/** Every picture of a segment: an engine may read no further than they need. */
async function allPictures(engine: DecoderEngine, task: SegmentTask): Promise<void> {
  const segment = await engine.bake(task);
  for (const { frame } of task.nodes) await segment.picture(frame, 0, native(task));
}

async function expectRefusal(
  calls: Promise<unknown>[],
  error: { name: string; code: string },
): Promise<void> {
  for (const outcome of await Promise.allSettled(calls)) {
    expect(outcome).toEqual({ status: 'rejected', reason: expect.objectContaining(error) });
  }
}

function handMade(create: () => DecoderEngine): void {
  /** Pictures at the given instants, in frames. */
  const shown = async (frames: number, set: SetLatents[], instants = [0]): Promise<Picture[]> => {
    const engine = create();
    const [task] = await tasksOf(handMadeFilm(frames, set));
    const segment = await engine.bake(task!);
    const taken = await Promise.all(
      instants.map((t) => segment.picture(Math.floor(t), t % 1, native(task!))),
    );
    segment.close();
    engine.close();
    return taken;
  };

  it('is grey without latents', async () => {
    const [picture] = await shown(1, []);
    for (const plane of picture!.planes) expect(new Set(plane)).toEqual(new Set([128]));
  });

  it('shows a single fine latent as a single pixel of one step', async () => {
    const [picture] = await shown(1, [{ node: 0, plane: 'i0.0', at: 85, q: 2 }]);
    const expected = new Uint8Array(256).fill(128);
    expected[85] = 128 + 2 * 32;
    expect(picture!.planes[0]).toEqual(expected);
    expect(new Set(picture!.planes[1])).toEqual(new Set([128]));
  });

  it('halves the step per level and narrows it for chroma', async () => {
    const [picture] = await shown(1, [
      { node: 0, plane: 'i0.2', q: 1 },
      { node: 0, plane: 'i1.1', q: -1 },
      { node: 0, plane: 'i2.0', q: 1 },
    ]);
    expect(picture!.planes.map((plane) => [...new Set(plane)])).toEqual([[128 + 8], [115], [154]]);
  });

  it('moves a pixel along its vector, and halfway at half the time', async () => {
    const set = [
      { node: 0, plane: 'i0.0', at: 5 * 16 + 5, q: 2 },
      { node: 0, plane: 'i1.0', at: 2 * 8 + 3, q: 2 },
      { node: 1, plane: 'm0.0', q: -8 },
      { node: 1, plane: 'm1.0', q: 16 },
    ];
    const taken = await shown(2, set, [0, 0.5, 1, 0.25]);
    const peak = (i: number, c: 0 | 1): number =>
      taken[i]!.planes[c].indexOf(Math.max(...taken[i]!.planes[c]));
    // The reference is 2 pixels to the left and 4 below: the pixel goes right and up.
    expect([0, 1, 2].map((i) => peak(i, 0))).toEqual([5 * 16 + 5, 3 * 16 + 6, 16 + 7]);
    expect(peak(2, 1)).toBe(0 * 8 + 4);
    expect(taken[1]!.planes[0][3 * 16 + 6]).toBe(192);
    // A quarter of the way lies between two columns.
    expect(Math.floor(peak(3, 0) / 16)).toBe(4);
  });

  it('changes its light by one factor over black, in luma and chroma', async () => {
    const set = [
      { node: 0, plane: 'i0.2', q: 4 },
      { node: 0, plane: 'i1.1', q: -1 },
      { node: 1, plane: 'm2.0', q: -16 },
    ];
    const [bright, dark] = await shown(2, set, [0, 1]);
    const codes = (picture: Picture | undefined): number[] => picture!.planes.map((plane) => plane[0]!);
    expect(codes(bright)).toEqual([160, 115, 128]);
    expect(codes(dark)).toEqual([16 + (160 - 16) / 2, 122, 128]);
    for (const plane of dark!.planes) expect(new Set(plane).size).toBe(1);
  });
}

/** A raster, and the phases at which every frame is shown on it, or one of so many. */
interface View {
  readonly every?: number;
  readonly width: number;
  readonly height: number;
  readonly crop?: Crop;
  readonly enlarger?: Enlarger;
  readonly phases: readonly number[];
}

/** The views of a film, that of its own size first. */
const viewsOf = ({ shape: { width, height } }: SegmentTask): View[] => [
  { width, height, phases: [0, 0.5] },
  { width: 80, height: 48, phases: [0] },
  { width: 20, height: 12, phases: [0.75], every: 3 },
  { width: 37, height: 29, phases: [0, 5 / 12], every: 3 },
  { width: 45, height: 31, crop: { x: 3, y: 2.5, width: 11, height: 9 }, phases: [0, 0.3], every: 3 },
  { width: 2 * width, height: 2 * height, phases: [0, 0.5], every: 8, enlarger: LOUD_ENLARGER },
  { width: 3 * width - 1, height: height + 7, phases: [0], every: 8, enlarger: LOUD_ENLARGER },
  {
    width: 45,
    height: 31,
    crop: { x: 2, y: 3.5, width: 11, height: 9 },
    phases: [0.3],
    every: 8,
    enlarger: LOUD_ENLARGER,
  },
];

function kernelsOf({ shape }: SegmentTask, { width, height, crop, enlarger }: View): SamplingKernels {
  const whole = { x: 0, y: 0, width: shape.width, height: shape.height };
  return samplingKernels(shape, crop ?? whole, width, height, enlarger);
}

const native = (task: SegmentTask): SamplingKernels => kernelsOf(task, viewsOf(task)[0]!);

/** By view: the pictures of a segment, instant by instant. */
async function shownBy(engine: DecoderEngine, task: SegmentTask): Promise<Picture[][]> {
  const segment = await engine.bake(task);
  const shown: Picture[][] = [];
  for (const view of viewsOf(task)) {
    const kernels = kernelsOf(task, view);
    const { phases, every = 1 } = view;
    const frames = [...task.nodes.keys()].filter((frame) => frame % every === 0);
    const instants = frames.flatMap((frame) => phases.map((phase) => ({ frame, phase })));
    const legal = instants.filter(({ frame, phase }) => phase === 0 || frame < task.nodes.length - 1);
    shown.push(await Promise.all(legal.map(({ frame, phase }) => segment.picture(frame, phase, kernels))));
  }
  segment.close();
  return shown;
}

const expectedPictures = new Map(
  SAMPLES.map((sample) => [
    sample,
    once(async () => {
      const tasks = await tasksOf(bytesOf(sample));
      const reference = new ReferenceDecoderEngine();
      return Promise.all(tasks.map(async (task) => ({ task, views: await shownBy(reference, task) })));
    }),
  ]),
);

function pictures(create: () => DecoderEngine): void {
  describe.each(SAMPLES)('of %j', (sample) => {
    // By itself: it takes longest.
    beforeAll(async () => {
      await expectedPictures.get(sample)!();
    });

    it('are those of the reference, within a code', async () => {
      const engine = create();
      for (const { task, views } of await expectedPictures.get(sample)!()) {
        const taken = await shownBy(engine, task);
        for (const [i, expected] of views.entries()) {
          expect(largestDifference(expected, taken[i]!)).toBeLessThanOrEqual(1);
        }
      }
      engine.close();
    });
  });
}

function cropped(create: () => DecoderEngine): void {
  it('on its own raster is a part of the whole', async () => {
    const engine = create();
    const [task] = await tasksOf(filmOf({ drawing: 'sparse' }, 6));
    const segment = await engine.bake(task!);
    const view = { width: 20, height: 10, crop: { x: 4, y: 2, width: 20, height: 10 }, phases: [] };
    const whole = await segment.picture(3, 0, native(task!));
    const part = await segment.picture(3, 0, kernelsOf(task!, view));
    for (let y = 0; y < 10; y++) {
      const from = (y + 2) * 40 + 4;
      const row = whole.planes[0].subarray(from, from + 20);
      expect(part.planes[0].subarray(20 * y, 20 * y + 20)).toEqual(row);
    }
    engine.close();
  });
}

/** Two segments that are worth some turns of the event loop. */
const busy = once(() => known(filmOf({ drawing: 'sparse', width: 64, height: 48, frames: [9, 7] }, 3)));

const INTERRUPTED = { name: 'InterruptedError', code: 'INTERRUPTED' };

function calls(create: () => DecoderEngine): void {
  it('stop on a signal that has fired', async () => {
    const engine = create();
    const { task } = (await busy())[0]!;
    const signal = AbortSignal.abort();
    const segment = await engine.bake(task);
    const stopped = [engine.latents(task, signal), engine.bits(task, signal), engine.bake(task, signal)];
    await expectRefusal([...stopped, segment.picture(0, 0, native(task), signal)], INTERRUPTED);
    engine.close();
  });

  it('stop on a signal that fires, and leave others alone', async () => {
    const engine = create();
    const { task, latents } = (await busy())[0]!;
    const controller = new AbortController();
    const { signal } = controller;
    const stopped = [engine.latents(task, signal), engine.bits(task, signal), engine.bake(task, signal)];
    const others = [engine.latents(task), engine.latents(task, new AbortController().signal)];
    controller.abort();
    await expectRefusal(stopped, INTERRUPTED);
    expect(await Promise.all(others)).toEqual([latents, latents]);
    engine.close();
  });

  it('give at the same time what they give one by one, in any order', async () => {
    const engine = create();
    const segments = await busy();
    const [{ task }] = segments as [KnownSegment];
    const rasters = [native(task), kernelsOf(task, { width: 50, height: 40, phases: [] })];
    const asked = [5, 0, 3, 3, 6, 1, 4].flatMap((frame) =>
      rasters.flatMap((raster) => [0, 1].map((index) => ({ frame, raster, index }))),
    );
    const bake = () => Promise.all(segments.map((segment) => engine.bake(segment.task)));
    const take = (baked: BakedSegment[], { frame, raster, index }: (typeof asked)[number]) =>
      baked[index]!.picture(frame, frame % 2 ? 0.25 : 0, raster);
    const [together, ...read] = await Promise.all([
      bake().then((baked) => Promise.all(asked.map((one) => take(baked, one)))),
      ...segments.map((segment) => engine.latents(segment.task)),
    ]);
    expect(read).toEqual(segments.map(({ latents }) => latents));
    const baked = await bake();
    for (const [i, one] of asked.toReversed().entries()) {
      expect(await take(baked, one)).toEqual(together.at(-1 - i));
    }
    engine.close();
  });

  it('end before what they need is freed', async () => {
    const engine = create();
    const { task, latents } = (await busy())[0]!;
    const segment = await engine.bake(task);
    const before = await segment.picture(4, 0, native(task));
    const [asked, baking, reading] = [
      segment.picture(4, 0, native(task)),
      engine.bake(task),
      engine.latents(task),
    ];
    segment.close();
    engine.close();
    expect(await asked).toEqual(before);
    expect(await reading).toEqual(latents);
    (await baking).close();
  });
}

function films(create: () => DecoderEngine): void {
  const nine = () => open(filmOf({ drawing: 'sparse' }, 6), { decoder: create() });

  it('stops on a signal, and keeps no segment half baked', async () => {
    const film = await nine();
    const controller = new AbortController();
    const stopped = show(film, { signal: controller.signal });
    controller.abort();
    await expect(stopped).rejects.toMatchObject({ code: 'INTERRUPTED', exitCode: 130 });
    expect(await show(film)).toHaveLength(9);
    film.close();
  });

  it('goes on for one viewer when another stops', async () => {
    const film = await nine();
    const controller = new AbortController();
    const stopped = show(film, { signal: controller.signal });
    const watched = show(film);
    controller.abort();
    await expect(stopped).rejects.toMatchObject({ code: 'INTERRUPTED' });
    expect(await watched).toHaveLength(9);
    film.close();
  });

  it('shows frames in any order and many at once', async () => {
    const bytes = filmOf({ drawing: 'sparse', frames: [9, 9, 9, 9, 9] }, 4);
    const film = await open(bytes, { decoder: create() });
    const all = await show(film);
    const starts = [40, 3, 22, 31, 12, 0, 44];
    const parts = await Promise.all(
      starts.map((frame) => show(film, { start: frame / 25, end: (frame + 1) / 25 })),
    );
    for (const [i, frame] of starts.entries()) expect(parts[i]).toEqual([all[frame]]);
    film.close();
  });
}

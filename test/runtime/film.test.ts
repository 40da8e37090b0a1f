import { describe, expect, it } from 'vitest';
import { writeNets } from '../../runtime/entropy/netCoder.js';
import { writeSegment } from '../../runtime/entropy/segmentCoder.js';
import { netsFromQuantized, priorTensors } from '../../runtime/field/nets.js';
import { fieldShape, latentCount, latentPlanes } from '../../runtime/field/shape.js';
import { segmentStructure } from '../../runtime/field/structure.js';
import { open, type WeftFilm } from '../../runtime/film/film.js';
import type { FrameOptions } from '../../runtime/film/frameOptions.js';
import { writeWeft } from '../../runtime/format/container.js';
import type { Picture } from '../../runtime/picture/picture.js';
import { randomTensors, sampleFilm } from './sampleSegments.js';

/** A film 16x16 at the prior, base step 32 codes, whose latents are set by name: "m0.0" motion 0, "i1.2" Cb level 2. */
function handMade(
  frames: number,
  set: { node: number; plane: string; at?: number; q: number }[],
): Uint8Array {
  const shape = fieldShape(16, 16, '420');
  const nets = netsFromQuantized(priorTensors());
  const latents = segmentStructure({ frames, anchorDistance: 1 }).map((node, n) => {
    const planes = latentPlanes(shape, node.refs.length);
    const values = new Int32Array(latentCount(planes));
    for (const { plane, at, q } of set.filter((s) => s.node === n)) {
      const p = planes.find((p) => `${p.kind[0]}${p.component}.${p.level}` === plane)!;
      if (at === undefined) values.fill(q, p.offset, p.offset + p.width * p.height);
      else values[p.offset + at] = q;
    }
    return values;
  });
  const segment = writeSegment({ shape, nets, frames, anchorDistance: 1, baseExponent: 40, latents });
  const header = { width: 16, height: 16, rate: [10, 1] as [number, number], depthOffset: [0, 0, 0, 0, 0] };
  return writeWeft({ header, nets: writeNets(priorTensors()), segments: [{ frames, bytes: segment }] });
}

async function show(film: WeftFilm, options: FrameOptions = {}): Promise<Picture[]> {
  const pictures: Picture[] = [];
  for await (const picture of film.frames(options)) pictures.push(picture);
  return pictures;
}

const openReference = (bytes: Uint8Array): Promise<WeftFilm> => open(bytes, { engine: 'reference' });

describe('a film made by hand', () => {
  it('is grey without latents', async () => {
    const [picture] = await show(await openReference(handMade(1, [])));
    for (const plane of picture!.planes) expect(new Set(plane)).toEqual(new Set([128]));
  });

  it('shows a single fine latent as a single pixel of one step', async () => {
    const [picture] = await show(
      await openReference(handMade(1, [{ node: 0, plane: 'i0.0', at: 85, q: 2 }])),
    );
    const expected = new Uint8Array(256).fill(128);
    expected[85] = 128 + 2 * 32;
    expect(picture!.planes[0]).toEqual(expected);
    expect(new Set(picture!.planes[1])).toEqual(new Set([128]));
  });

  it('halves the step per level and narrows it for chroma', async () => {
    const bytes = handMade(1, [
      { node: 0, plane: 'i0.2', q: 1 },
      { node: 0, plane: 'i1.1', q: -1 },
      { node: 0, plane: 'i2.0', q: 1 },
    ]);
    const [picture] = await show(await openReference(bytes));
    expect(picture!.planes.map((plane) => [...new Set(plane)])).toEqual([[128 + 8], [115], [154]]);
  });

  it('moves a pixel along its vector, and halfway at half the time', async () => {
    const bytes = handMade(2, [
      { node: 0, plane: 'i0.0', at: 5 * 16 + 5, q: 2 },
      { node: 0, plane: 'i1.0', at: 2 * 8 + 3, q: 2 },
      { node: 1, plane: 'm0.0', q: -8 },
      { node: 1, plane: 'm1.0', q: 16 },
    ]);
    const film = await openReference(bytes);
    const pictures = await show(film, { fps: [20, 1] });
    expect(pictures).toHaveLength(4);
    const peak = (i: number, c: 0 | 1): number =>
      pictures[i]!.planes[c].indexOf(Math.max(...pictures[i]!.planes[c]));
    // The reference is 2 pixels to the left and 4 below: the pixel goes right and up.
    expect([0, 1, 2, 3].map((i) => peak(i, 0))).toEqual([5 * 16 + 5, 3 * 16 + 6, 16 + 7, 16 + 7]);
    expect(peak(2, 1)).toBe(0 * 8 + 4);
    expect(pictures[1]!.planes[0][3 * 16 + 6]).toBe(192);
  });

  it('changes its light by one factor over black, in luma and chroma', async () => {
    const bytes = handMade(2, [
      { node: 0, plane: 'i0.2', q: 4 },
      { node: 0, plane: 'i1.1', q: -1 },
      { node: 1, plane: 'm2.0', q: -16 },
    ]);
    const [bright, dark] = await show(await openReference(bytes));
    const codes = (picture: Picture | undefined): number[] => picture!.planes.map((plane) => plane[0]!);
    expect(codes(bright)).toEqual([160, 115, 128]);
    expect(codes(dark)).toEqual([16 + (160 - 16) / 2, 122, 128]);
    for (const plane of dark!.planes) expect(new Set(plane).size).toBe(1);
  });
});

describe('a film', () => {
  const sample = { width: 36, height: 22, chroma: '420', anchorDistance: 4, drawing: 'sparse' } as const;

  it('shows every frame once, across segments, and the same frame on request', async () => {
    const { bytes } = sampleFilm({ ...sample, frames: [6, 1, 5] }, 5, randomTensors(2));
    const film = await openReference(bytes);
    const all = await show(film);
    expect(all).toHaveLength(12);
    expect(all[0]!.planes.map((p) => p.length)).toEqual([36 * 22, 18 * 11, 18 * 11]);
    const some = await show(film, { start: 7 / 25, end: 9 / 25 });
    expect(some).toEqual(all.slice(7, 9));
    const slow = await show(film, { speed: 0.5 });
    expect(slow).toHaveLength(24);
    expect(slow.filter((_, i) => i % 2 === 0)).toEqual(all);
    // Between the last frame of a segment and the first of the next there is nothing to sample: the nearer is shown.
    const cut = await show(film, { start: 5 / 25, end: 6 / 25, fps: [100, 1] });
    expect(cut[1]).toEqual(all[5]);
    expect(cut[3]).toEqual(all[6]);
  });

  it('crops and scales', async () => {
    const { bytes } = sampleFilm({ ...sample, frames: [1] }, 6);
    const film = await openReference(bytes);
    const [full] = await show(film);
    const [part] = await show(film, { crop: { x: 4, y: 2, width: 20, height: 10 } });
    expect([part!.width, part!.height]).toEqual([20, 10]);
    for (let y = 0; y < 10; y++) {
      const from = (y + 2) * 36 + 4;
      expect(part!.planes[0].subarray(20 * y, 20 * y + 20)).toEqual(
        full!.planes[0].subarray(from, from + 20),
      );
    }
    const [large] = await show(film, { width: 72 });
    expect([large!.width, large!.height, large!.planes[1].length]).toEqual([72, 44, 36 * 22]);
    const [tiny] = await show(film, { width: 5, height: 3 });
    expect(tiny!.planes.map((p) => p.length)).toEqual([15, 6, 6]);
  });

  it('decodes 444 and odd sizes', async () => {
    for (const chroma of ['420', '444'] as const) {
      const { bytes } = sampleFilm(
        { ...sample, width: 19, height: 33, chroma, frames: [5] },
        7,
        randomTensors(9),
      );
      const pictures = await show(await openReference(bytes), { speed: 0.4 });
      expect(pictures).toHaveLength(13);
    }
  });

  it('stops on a signal', async () => {
    const { bytes } = sampleFilm({ ...sample, frames: [9] });
    const film = await openReference(bytes);
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 1);
    await expect(show(film, { signal: controller.signal })).rejects.toMatchObject({
      code: 'INTERRUPTED',
      exitCode: 130,
    });
    // An interrupted segment is not kept half baked.
    expect(await show(film)).toHaveLength(9);
  });

  it('goes on for one viewer when another stops', async () => {
    const { bytes } = sampleFilm({ ...sample, frames: [9] });
    const film = await openReference(bytes);
    const controller = new AbortController();
    const stopped = show(film, { signal: controller.signal });
    const watched = show(film);
    setTimeout(() => controller.abort(), 1);
    await expect(stopped).rejects.toMatchObject({ code: 'INTERRUPTED' });
    expect(await watched).toHaveLength(9);
  });

  it.each([
    [{ width: 0 }, 'OPTION_RANGE'],
    [{ fps: [25, 0] }, 'OPTION_RANGE'],
    [{ start: -1 }, 'OPTION_RANGE'],
    [{ start: 0.1, end: 0.05 }, 'OPTION_RANGE'],
    [{ speed: 0 }, 'OPTION_RANGE'],
    [{ crop: { x: 30, y: 0, width: 10, height: 10 } }, 'OPTION_RANGE'],
    [{ widht: 10 }, 'OPTION_UNKNOWN'],
  ])('refuses %j', async (options, code) => {
    const { bytes } = sampleFilm({ ...sample, frames: [6] });
    await expect(show(await openReference(bytes), options as FrameOptions)).rejects.toMatchObject({ code });
  });
});

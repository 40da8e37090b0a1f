import { describe, expect, it } from 'vitest';
import { open, type WeftFilm } from '../../runtime/film/film.js';
import type { FrameOptions } from '../../runtime/film/frameOptions.js';
import { packChunk } from '../../runtime/format/chunks.js';
import { writeWeft } from '../../runtime/format/container.js';
import { unpackHeader } from '../../runtime/format/header.js';
import { partsOf } from '../fuzz/fileParts.js';
import { randomTensors, sampleFilm } from './sampleSegments.js';
import { show } from './shownPictures.js';

const openReference = (bytes: Uint8Array): Promise<WeftFilm> => open(bytes, { engine: 'reference' });

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
    // Behind the last frame it stands still.
    expect(slow.at(-1)).toEqual(all[11]);
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

  it('reads no more of a file than is asked for, and closes it', async () => {
    const { bytes } = sampleFilm({ ...sample, frames: [6, 1, 5] }, 5, randomTensors(2));
    const sound = { name: 'AUDI', bytes: new Uint8Array(200_000) };
    const whole = Uint8Array.from(Buffer.concat([bytes, packChunk(sound)]));
    const read: [offset: number, length: number][] = [];
    let closed = 0;
    const film = await open(
      {
        size: whole.length,
        async read(offset, length) {
          read.push([offset, length]);
          return whole.slice(offset, offset + length);
        },
        close: () => closed++,
      },
      { engine: 'reference' },
    );
    expect(read).toEqual([[0, 65536]]);
    const [, second] = film.segments;
    const pictures = await show(film, { start: 6 / 25, end: 7 / 25 });
    expect(pictures).toEqual(await show(await openReference(bytes), { start: 6 / 25, end: 7 / 25 }));
    expect(read.slice(1)).toEqual([[second!.offset, second!.bytes]]);
    expect(await film.chunks()).toEqual([sound]);
    expect(film.chunkBytes).toBe(whole.length - bytes.length);
    film.close();
    expect(closed).toBe(1);
  });

  it('shows frames at their own times, and at any instant what lies between', async () => {
    const { header, nets, segments } = partsOf(sampleFilm({ ...sample, frames: [4, 2] }, 5).bytes);
    const durations = [
      [40, 40, 1000, 40],
      [30, 50],
    ];
    const timed = segments.map((segment, i) => ({ ...segment, durations: durations[i] }));
    const bytes = writeWeft({ header: { ...unpackHeader(header), tick: [1, 1000] }, nets, segments: timed });
    const film = await openReference(bytes);
    expect(film.info.times).toEqual({ tick: [1, 1000], ticks: [0, 40, 80, 1080, 1120, 1150, 1200] });
    const frames = await show(film);
    expect(frames).toHaveLength(6);
    // On display at half a second: the third, which stands until an interval of the rate before the fourth.
    const plan = film.plan({ start: 0.5 });
    expect([plan.count, plan.times?.ticks]).toEqual([4, [0, 580, 620, 650, 700]]);
    expect(await show(film, { start: 0.5 })).toEqual(frames.slice(2));
    const sampled = await show(film, { fps: [50, 1] });
    expect(sampled).toHaveLength(60);
    expect([sampled[0], sampled[2], sampled[52]]).toEqual([frames[0], frames[1], frames[2]]);
    expect([sampled[54], sampled[56], sampled[59]]).toEqual([frames[3], frames[4], frames[5]]);
    // Between two frames of a movement, and in the last interval before the fourth, there is something between.
    for (const [i, before] of [
      [1, 0],
      [53, 2],
    ] as const) {
      expect(sampled[i]).not.toEqual(frames[before]);
      expect(sampled[i]).not.toEqual(frames[before + 1]);
    }
    expect((await show(film, { speed: 0.5 })).length).toBe(60);
  });

  it.each([
    [{ width: 0 }, 'OPTION_RANGE'],
    [{ fps: [25, 0] }, 'OPTION_RANGE'],
    [{ start: -1 }, 'OPTION_RANGE'],
    [{ start: 0.1, end: 0.05 }, 'OPTION_RANGE'],
    [{ speed: 0 }, 'OPTION_RANGE'],
    [{ crop: { x: 30, y: 0, width: 10, height: 10 } }, 'OPTION_RANGE'],
    [{ shutter: 361 }, 'OPTION_RANGE'],
    [{ enlarge: 'cubic' }, 'OPTION_RANGE'],
    [{ retime: [{ at: 0, speed: 0 }] }, 'OPTION_RANGE'],
    [{ retime: [{ at: 0, speed: 2 }], speed: 2 }, 'OPTION_CONFLICT'],
    [{ freeze: [{ at: 7, seconds: 1 }] }, 'OPTION_RANGE'],
    [{ pan: [{ at: 0, crop: { x: 30, y: 0, width: 10, height: 10 } }] }, 'OPTION_RANGE'],
    [{ pan: [], crop: { x: 0, y: 0, width: 10, height: 10 } }, 'OPTION_CONFLICT'],
    [{ widht: 10 }, 'OPTION_UNKNOWN'],
  ])('refuses %j', async (options, code) => {
    const { bytes } = sampleFilm({ ...sample, frames: [6] });
    await expect(show(await openReference(bytes), options as FrameOptions)).rejects.toMatchObject({ code });
  });
});

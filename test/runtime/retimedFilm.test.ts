/** Speed curves, freezes, shutters and pans of real films, against their pictures asked for one by one. */

import { beforeAll, describe, expect, it } from 'vitest';
import { CropKernels } from '../../runtime/film/cropKernels.js';
import { open, type WeftFilm } from '../../runtime/film/film.js';
import { writeWeft } from '../../runtime/format/container.js';
import { unpackHeader } from '../../runtime/format/header.js';
import { createPicture, type Picture } from '../../runtime/picture/picture.js';
import { partsOf } from '../fuzz/fileParts.js';
import { randomTensors, sampleFilm } from './sampleSegments.js';
import { largestDifference, show } from './shownPictures.js';

const sample = { width: 36, height: 22, chroma: '420', anchorDistance: 4, drawing: 'dense' } as const;
/** 25 frames a second, in three segments. */
const { bytes } = sampleFilm({ ...sample, frames: [6, 1, 5] }, 5, randomTensors(2));

let film: WeftFilm;
beforeAll(async () => {
  film = await open(bytes, { engine: 'reference' });
});

/** The picture at an instant of the film. */
async function at(seconds: number, more: object = {}): Promise<Picture> {
  const [picture] = await show(film, { start: seconds, fps: [1000, 1], end: seconds + 0.001, ...more });
  return picture!;
}

function meanOf(pictures: readonly Picture[]): Picture {
  const mean = createPicture(pictures[0]!.width, pictures[0]!.height, '420');
  for (const [p, plane] of mean.planes.entries()) {
    for (let i = 0; i < plane.length; i++)
      plane[i] = pictures.reduce((sum, { planes }) => sum + planes[p]![i]!, 0) / pictures.length + 0.5;
  }
  return mean;
}

describe('a film at speeds that change', () => {
  const retime = [
    { at: 0, speed: 1 },
    { at: 0.2, speed: 0.25 },
  ];

  it('shows the instants that its plan says, as many as they take', async () => {
    const plan = film.plan({ retime });
    // A ramp of 0.2 s of the film lasts as long as its mean pace, 2.5.
    expect(plan.count).toBe(Math.ceil((0.1 + 0.2 * 2.5 + 4 * (0.48 - 0.3)) * 25));
    const pictures = await show(film, { retime });
    expect(pictures).toHaveLength(plan.count);
    expect(pictures.slice(0, 3)).toEqual((await show(film)).slice(0, 3));
    for (const i of [5, 9, 14, 20]) expect(pictures[i], String(i)).toEqual(await at(plan.instant(i) / 25));
    const slow = Array.from({ length: 10 }, (_, i) => plan.instant(i + 16) - plan.instant(i + 15));
    for (const step of slow) expect(step).toBeCloseTo(0.25, 9);
  });

  it('lets a picture stand', async () => {
    const frames = await show(film);
    const still = await show(film, { freeze: [{ at: 0.08, seconds: 0.2 }] });
    expect(still).toEqual([...frames.slice(0, 2), ...new Array(5).fill(frames[2]), ...frames.slice(2)]);
    const end = await show(film, { start: 0.4, freeze: [{ at: 0.48, seconds: 0.08 }] });
    expect(end).toEqual([frames[10], frames[11], frames[11], frames[11]]);
  });

  it('has a constant rate then, also a film that has none', async () => {
    const { header, nets, segments } = partsOf(sampleFilm({ ...sample, frames: [3] }, 5).bytes);
    const timed = segments.map((segment) => ({ ...segment, durations: [40, 80, 40] }));
    const variable = writeWeft({
      header: { ...unpackHeader(header), tick: [1, 1000] },
      ...{ nets, segments: timed },
    });
    const own = await open(variable, { engine: 'reference' });
    const freeze = [{ at: 0.04, seconds: 0.4 }];
    for (const options of [{ freeze }, { retime }, { shutter: 90 }]) {
      expect(own.plan(options).times, Object.keys(options)[0]).toBeUndefined();
    }
    expect(own.plan({ freeze }).count).toBe(4 + 10);
    const moved = own.plan({
      pan: [
        { at: 0, crop: { x: 0, y: 0, width: 20, height: 10 } },
        { at: 0.24, crop: { x: 10, y: 0, width: 20, height: 10 } },
      ],
    });
    expect(moved.times!.ticks).toEqual([0, 40, 120, 160]);
    // The third frame is shown in the middle of the pan.
    expect(moved.cropOf!(2).x).toBeCloseTo(5, 9);
  });
});

describe('a shutter', () => {
  it('gives the mean of what is shown while it is open, which begins with the picture', async () => {
    const exposed = await show(film, { shutter: 180, end: 0.16 });
    for (const [i, picture] of exposed.entries()) {
      // 64 instants in the first half of the duration: every second one of 256 a frame.
      const fine = await show(film, { start: i / 25, end: i / 25 + 0.02, fps: [25 * 256, 1] });
      const mean = meanOf(fine.filter((_, k) => k % 2 === 1));
      expect(largestDifference([mean], [picture])).toBeLessThanOrEqual(2);
      expect(largestDifference([picture], [fine[0]!])).toBeGreaterThan(4);
    }
  });

  it('sees no other segment, and no film where a picture stands', async () => {
    const frames = await show(film);
    const wide = await show(film, { shutter: 360 });
    expect(wide).toHaveLength(12);
    // The last frames of the segments, behind which no movement leads on.
    for (const i of [5, 6, 11]) expect(wide[i], String(i)).toEqual(frames[i]);
    for (const i of [0, 4, 7]) expect(wide[i], String(i)).not.toEqual(frames[i]);
    const fast = await show(film, { shutter: 360, speed: 4 });
    // From the fifth frame on to the ninth; of that its segment is shown up to the middle between the sixth and the seventh.
    const fine = await show(film, { start: 4 / 25, end: 5.5 / 25, fps: [25 * 256, 1] });
    const mean = meanOf(fine.filter((_, k) => k % 2 === 1));
    expect(largestDifference([mean], [fast[1]!])).toBeLessThanOrEqual(2);
    const still = await show(film, { shutter: 180, freeze: [{ at: 0.04, seconds: 0.12 }] });
    for (const i of [1, 2, 3]) expect(still[i], String(i)).toEqual(frames[1]);
  });
});

describe('a pan', () => {
  const pan = [
    { at: 0, crop: { x: 0, y: 0, width: 36, height: 22 } },
    { at: 0.2, crop: { x: 9, y: 5.5, width: 18, height: 11 } },
    { at: 0.4, crop: { x: 1, y: 5.5, width: 18, height: 11 } },
  ];

  it('shows of every picture its part, of the size of the first', async () => {
    const plan = film.plan({ pan });
    expect([plan.width, plan.height, plan.count]).toEqual([36, 22, 12]);
    const pictures = await show(film, { pan });
    for (const i of [0, 1, 3, 5, 6, 8, 11]) {
      const crop = plan.cropOf!(i);
      const [alone] = await show(film, { crop, width: 36, height: 22, start: i / 25, end: (i + 1) / 25 });
      expect(pictures[i], String(i)).toEqual(alone);
    }
    expect(plan.cropOf!(5)).toEqual(pan[1]!.crop);
  });

  it('is sampled with the same weights as long as it shows the same part', () => {
    const kernels = new CropKernels(film.shape, { width: 36, height: 22 }, undefined, true);
    const [first, second] = pan.map(({ crop }) => kernels.of({ ...crop }));
    expect(second).not.toBe(first);
    expect(kernels.of({ ...pan[0]!.crop })).toBe(first);
    for (const x of [2, 3, 4, 5]) kernels.of({ ...pan[2]!.crop, x });
    expect(kernels.of(pan[0]!.crop)).not.toBe(first);
  });

  it('goes on while a picture stands, and shrinks as a crop does', async () => {
    const freeze = [{ at: 0, seconds: 0.2 }];
    const size = { width: 11, height: 7 };
    const plan = film.plan({ pan, freeze, ...size });
    const pictures = await show(film, { pan, freeze, ...size });
    for (const i of [0, 2, 4]) {
      const [alone] = await show(film, { crop: plan.cropOf!(i), ...size, end: 0.04 });
      expect(largestDifference([alone!], [pictures[i]!])).toBeLessThanOrEqual(1);
    }
    expect(pictures[0]).not.toEqual(pictures[2]);
  });
});

describe('all of it at once', () => {
  const options = {
    ...{ start: 0.04, end: 0.44, fps: [50, 1] as [number, number], width: 48, shutter: 120 },
    retime: [
      { at: 0.1, speed: 0.5 },
      { at: 0.3, speed: 2 },
    ],
    freeze: [{ at: 0.2, seconds: 0.1 }],
    pan: [
      { at: 0, crop: { x: 2, y: 1, width: 24, height: 16 } },
      { at: 0.5, crop: { x: 20, y: 10, width: 12, height: 8 } },
    ],
  };

  it('is the same with engines that are asked ahead', async () => {
    const expected = await show(film, options);
    expect(expected.length).toBe(film.plan(options).count);
    for (const threads of [1, 2]) {
      const other = await open(bytes, { threads });
      // Where a mean is near to the tolerance, one may take twice the instants of the other.
      expect(largestDifference(expected, await show(other, options))).toBeLessThanOrEqual(3);
      other.close();
    }
  });

  it('stops when it is told to', async () => {
    const stop = new AbortController();
    const pictures = film.frames({ ...options, signal: stop.signal });
    await pictures.next();
    stop.abort();
    await expect(pictures.next()).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });
});

/** Exposed pictures: how many instants they take, and that they are the mean of them. */

import { describe, expect, it } from 'vitest';
import { exposedPicture, type FilmPlace } from '../../runtime/film/shutter.js';
import { createPicture, type Picture } from '../../runtime/picture/picture.js';

/** A picture 128x1 with an edge, so many pixels from the left. */
function edge(pixels: number): Picture {
  const picture = createPicture(128, 1, '444');
  for (let x = 0; x < 128; x++)
    picture.planes[0][x] = Math.round(200 * Math.min(1, Math.max(0, x + 1 - pixels)));
  return picture;
}

/** Exposes an edge that moves by so many pixels a frame; `asked` are the places that were sampled. */
async function expose(speed: number, placeAt: (part: number) => FilmPlace, ahead = 0) {
  const asked: FilmPlace[] = [];
  const sample = async (place: FilmPlace) => {
    asked.push(place);
    return edge(20 + speed * (place.frame + place.phase));
  };
  return { picture: await exposedPicture(placeAt, sample, ahead), asked };
}

const moving =
  (frames: number) =>
  (part: number): FilmPlace => {
    const instant = frames * part;
    return { frame: Math.floor(instant), phase: instant - Math.floor(instant) };
  };

describe('an exposed picture', () => {
  it.each([
    [0, 3],
    [0.005, 3],
    [3, 15],
    [40, 63],
  ])('of an edge that moves %d pixels in half a frame takes %d pictures', async (pixels, count) => {
    const { asked } = await expose(2 * pixels, moving(0.5));
    expect(asked).toHaveLength(count);
  });

  it('takes no more than 64 at once, whatever moves', async () => {
    let asked = 0;
    const sample = async () => edge(asked++ % 2 === 0 ? 0 : (asked * 7919) % 128);
    await exposedPicture(moving(0.5), sample, 0);
    expect(asked).toBe(1 + 2 + 4 + 8 + 16 + 32 + 64);
    await exposedPicture(moving(1000), sample, 0);
    expect(asked).toBe(127 + 64);
    await exposedPicture(moving(0.5), sample, 0, 4);
    expect(asked).toBe(127 + 64 + 4);
  });

  it('is the mean over the time', async () => {
    for (const ahead of [0, 2]) {
      const { picture } = await expose(60, moving(0.5), ahead);
      // The edge crosses from 20 to 50: the longer ago, the lighter.
      for (let x = 0; x < 128; x++) {
        const exact = 200 * Math.min(1, Math.max(0, (x + 0.5 - 20) / 30));
        expect(Math.abs(picture.planes[0][x]! - exact), String(x)).toBeLessThan(4);
      }
    }
  });

  it('is one picture where nothing passes, and weighs what stands by how long it stands', async () => {
    const { picture, asked } = await expose(9, () => ({ frame: 3, phase: 0.25 }));
    expect(asked).toEqual([{ frame: 3, phase: 0.25 }]);
    expect(picture).toEqual(edge(20 + 9 * 3.25));
    const stands = await expose(100, (part) => ({ frame: part < 0.75 ? 0 : 1, phase: 0 }));
    expect(stands.picture.planes[0][60]).toBe(150);
    // 1, then 2 and 2 of 4 and of 8: never more than there are.
    expect(stands.asked).toHaveLength(1 + 2 + 2 + 2);
  });

  it('misses no frame of those that pass', async () => {
    const flash = async ({ frame }: FilmPlace) => edge(frame === 5 ? 0 : 128);
    const picture = await exposedPicture(moving(8), flash, 0);
    expect(picture.planes[0][60]).toBe(25);
  });
});

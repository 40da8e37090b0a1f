import { describe, expect, it } from 'vitest';
import { createPicture, type Picture } from '../../runtime/picture/picture.js';
import { psnrOfPictures } from '../../src/bench/benchFilm.js';
import { keptFrames, missingFrames } from '../../src/bench/slowMotion.js';
import { areaAverage, cropped, wholeSize } from '../../src/measure/areaAverage.js';
import { blend, crossFaded } from '../../src/measure/blend.js';
import { addDifference, noDifference } from '../../src/measure/sampleDifference.js';

/** A picture whose samples count up from `first`. */
function counting(width: number, height: number, first = 0): Picture {
  const picture = createPicture(width, height, '420');
  for (const plane of picture.planes) plane.set(plane.map((_, i) => first + i));
  return picture;
}

describe('area averaging', () => {
  it('takes the mean of 2x2 samples, halves rounded up', () => {
    const picture = counting(4, 2);
    picture.planes[0].set([1, 2, 10, 20, 3, 4, 30, 43]);
    picture.planes[1].set([7, 8]);
    const half = areaAverage(picture, 2);
    expect([half.width, half.height]).toEqual([2, 1]);
    expect([...half.planes[0]]).toEqual([3, 26]); // 2.5 and 25.75
    expect([...half.planes[1]]).toEqual([8]); // 7.5: one row of chroma
  });

  it('takes the mean of what is there where chroma has an odd number of samples', () => {
    const half = areaAverage(counting(6, 6), 2); // chroma 3x3 to 2x2
    expect([half.width, half.height]).toEqual([3, 3]);
    expect([...half.planes[1]]).toEqual([2, 4, 7, 8]); // (0+1+3+4)/4, (2+5)/2, (6+7)/2, 8
  });

  it('needs an even size, which cropping gives', () => {
    const picture = counting(5, 3);
    expect(() => areaAverage(picture, 2)).toThrow(RangeError);
    const { width, height } = wholeSize(picture, 2);
    const even = cropped(picture, width, height);
    expect([...even.planes[0]]).toEqual([0, 1, 2, 3, 5, 6, 7, 8]);
    expect([...even.planes[2]]).toEqual([0, 1]);
    expect(areaAverage(even, 2).planes[0]).toEqual(Uint8Array.of(3, 5));
  });

  it('shares samples between areas that are no whole number of them', () => {
    const picture = createPicture(6, 3, '444');
    picture.planes[0].set([0, 90, 90, 30, 60, 90, 0, 90, 90, 30, 60, 90, 0, 90, 90, 30, 60, 90]);
    const { width, height, planes } = areaAverage(picture, 1.5);
    expect([width, height]).toEqual([4, 2]);
    // (0 + 90 / 2) / 1.5, (90 / 2 + 90) / 1.5, (30 + 60 / 2) / 1.5, (60 / 2 + 90) / 1.5
    expect([...planes[0]]).toEqual([30, 90, 40, 80, 30, 90, 40, 80]);
    expect(wholeSize({ width: 481, height: 271 }, 1.5)).toEqual({ width: 480, height: 270 });
  });
});

describe('slow motion', () => {
  it('keeps every second frame, the first included', () => {
    expect(keptFrames([0, 1, 2, 3, 4], 2)).toEqual([0, 2, 4]);
    expect(keptFrames([0, 1, 2, 3], 2)).toEqual([0, 2]);
  });

  it('keeps every fourth or eighth frame', () => {
    const frames = Array.from({ length: 18 }, (_, frame) => frame);
    expect(keptFrames(frames, 4)).toEqual([0, 4, 8, 12, 16]);
    expect(keptFrames(frames, 8)).toEqual([0, 8, 16]);
  });

  it('measures the frames between two kept ones, but the first two and the last', () => {
    expect(missingFrames(13, 2)).toEqual([5, 7, 9]); // of 1, 3, 5, 7, 9, 11
    expect(missingFrames(14, 2)).toEqual([5, 7, 9]); // 13 has no kept frame after it
    expect(missingFrames(97, 2)).toHaveLength(45);
    expect(missingFrames(1, 2)).toEqual([]);
  });

  it('measures all frames between two kept ones, but those of the first two intervals and of the last', () => {
    expect(missingFrames(21, 4)).toEqual([9, 10, 11, 13, 14, 15]);
    expect(missingFrames(24, 4)).toEqual(missingFrames(21, 4)); // 21 to 23 have no kept frame after them
    expect(missingFrames(33, 8)).toEqual([17, 18, 19, 20, 21, 22, 23]);
    for (const factor of [2, 4, 8]) {
      expect(missingFrames(4 * factor + 1, factor)).toHaveLength(factor - 1);
      for (const frames of [0, 1, factor + 1, 4 * factor]) expect(missingFrames(frames, factor)).toEqual([]);
    }
  });
});

describe('comparing pictures', () => {
  it('blends to the nearest code', () => {
    const mixed = blend(counting(2, 2), counting(2, 2, 3), 0.5);
    expect([...mixed.planes[0]]).toEqual([2, 3, 4, 5]); // 1.5 to 4.5
    expect(blend(counting(2, 2), counting(2, 2, 40), 0.25).planes[0][0]).toBe(10);
  });

  it('blends by nearness between one picture and the next', () => {
    const film = [counting(2, 2), counting(2, 2, 40), counting(2, 2, 20)];
    const first = (pictures: Picture[]) => pictures.map(({ planes }) => planes[0][0]);
    expect(first(crossFaded(film, 4))).toEqual([0, 10, 20, 30, 40, 35, 30, 25, 20]);
    expect(first(crossFaded(film.slice(0, 1), 4))).toEqual([0]);
    expect(crossFaded([], 4)).toEqual([]);
  });

  it('counts how far codes lie apart', () => {
    const total = noDifference();
    const other = counting(4, 2);
    other.planes[0][3]! += 2;
    other.planes[2][0]! += 1;
    addDifference(total, counting(4, 2), other);
    expect(total).toEqual({ samples: 12, within1: 11, largest: 2 });
  });

  it('measures films by their mean squared error, and only films of one length', () => {
    const flat = (code: number) => blend(counting(1, 1, code), counting(1, 1, code), 0);
    expect(psnrOfPictures([flat(10), flat(10)], [flat(10), flat(12)]).y).toBeCloseTo(
      10 * Math.log10(255 ** 2 / 2),
      9,
    );
    expect(() => psnrOfPictures([flat(1)], [])).toThrow(RangeError);
  });
});

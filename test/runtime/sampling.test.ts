import { describe, expect, it } from 'vitest';
import { fieldShape } from '../../runtime/field/shape.js';
import { createPlane, type FloatPlane } from '../../runtime/picture/floatPlane.js';
import { axisKernel } from '../../runtime/picture/raster.js';
import { CellsAround, cellSide } from '../../runtime/reference/motion.js';
import { CubicSampler } from '../../runtime/reference/plane.js';
import { predict } from '../../runtime/reference/prediction.js';
import { doublePlane } from '../../runtime/reference/pyramid.js';
import { resample } from '../../runtime/reference/spatialSampler.js';
import { planesBetween } from '../../runtime/reference/temporalSampler.js';
import { uniforms } from './randomNumbers.js';

function plane(width: number, height: number, value: (x: number, y: number) => number): FloatPlane {
  const p = createPlane(width, height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) p.samples[y * width + x] = value(x, y);
  }
  return p;
}

const largestDifference = (a: FloatPlane, b: FloatPlane): number =>
  a.samples.reduce((most, value, i) => Math.max(most, Math.abs(value - b.samples[i]!)), 0);

describe('doubling', () => {
  it('keeps a constant and, inside, a ramp', () => {
    for (const [width, height] of [
      [9, 6],
      [10, 5],
      [1, 2],
    ] as const) {
      const coarse = plane((width + 1) >> 1, (height + 1) >> 1, () => 3);
      expect(
        largestDifference(
          doublePlane(coarse, { width, height }),
          plane(width, height, () => 3),
        ),
      ).toBeLessThan(1e-6);
    }
    const ramp = doublePlane(
      plane(12, 10, (x, y) => 2 * x + y),
      { width: 24, height: 20 },
    );
    for (let y = 6; y < 14; y++) {
      for (let x = 6; x < 18; x++) {
        expect(ramp.samples[y * 24 + x]).toBeCloseTo(2 * ((x + 0.5) / 2 - 0.5) + (y + 0.5) / 2 - 0.5, 4);
      }
    }
  });

  it('spreads an impulse by the taps of the specification', () => {
    const out = doublePlane(
      plane(7, 1, (x) => (x === 3 ? 1 : 0)),
      { width: 14, height: 1 },
    );
    const taps = [0, 8, 31, -70, -146, 288, 913, 913, 288, -146, -70, 31, 8, 0];
    expect([...out.samples]).toEqual(taps.map((tap) => expect.closeTo(tap / 1024, 6)));
  });
});

describe('cubic sampler', () => {
  it('returns samples at whole positions, ramps between them, and edges far outside', () => {
    const random = uniforms(3);
    const noise = plane(9, 7, () => random());
    const sampler = new CubicSampler();
    expect(sampler.at(noise, 4, 5)).toBe(noise.samples[5 * 9 + 4]);
    const ramp = plane(9, 9, (x, y) => x - 2 * y);
    expect(sampler.at(ramp, 3.3, 4.8)).toBeCloseTo(3.3 - 9.6, 5);
    expect(sampler.at(noise, -1e12, 1e12)).toBeCloseTo(noise.samples[6 * 9]!, 6);
  });
});

describe('cells around a place', () => {
  const grid = plane(6, 5, (x, y) => x + 10 * y);
  const at = (side: number, x: number, y: number): CellsAround => {
    const around = new CellsAround(grid, side);
    around.moveTo(x, y);
    return around;
  };
  const mean = (side: number, x: number, y: number): number => at(side, x, y).mean(grid);

  it('weigh bilinearly, add up to 1, and stay within the grid', () => {
    expect(mean(8, 20, 20)).toBeCloseTo(11 * (20.5 / 8 - 0.5), 5);
    expect(mean(4, 9.25, 9.25)).toBeCloseTo(11 * (9.75 / 4 - 0.5), 5);
    for (const [x, y] of [
      [0, 0],
      [43, 36],
      [-1e12, 17],
      [13, 1e12],
    ] as const) {
      const { cells, weights } = at(8, x, y);
      expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12);
      for (const weight of weights) expect(weight).toBeGreaterThanOrEqual(0);
      for (const cell of cells) expect(grid.samples[cell]).toBeDefined();
    }
    expect(mean(8, -1e12, 1e12)).toBeCloseTo(grid.samples[4 * 6]!, 6);
  });

  it('are half as far from each other in subsampled chroma', () => {
    expect([0, 1, 2].map((c) => cellSide(c, '420'))).toEqual([8, 4, 4]);
    expect([0, 1, 2].map((c) => cellSide(c, '444'))).toEqual([8, 8, 8]);
    // A chroma sample lies in the middle of its four luma pixels.
    expect(mean(4, 5, 3)).toBeCloseTo(mean(8, 10.5, 6.5), 10);
  });
});

describe('prediction', () => {
  it('is the bilinear mean of what the cells predict, with an edge of motion as sharp as the cells', () => {
    const random = uniforms(5);
    const width = 48;
    const height = 24;
    const shape = fieldShape(width, height, '444');
    const reference = plane(width, height, () => 200 * random() - 100);
    const motion = [0, 1, 2].map(() => createPlane(6, 3));
    // The three columns of cells on the left stand still, those on the right move by (5, -2).
    for (let cell = 0; cell < 18; cell++) {
      motion[0]!.samples[cell] = cell % 6 < 3 ? 0 : 5;
      motion[1]!.samples[cell] = cell % 6 < 3 ? 0 : -2;
    }
    const [luma] = predict(shape, [[reference, reference, reference]], motion);
    const at = (x: number, y: number): number => reference.samples[y * width + x]!;
    for (let y = 4; y < 20; y++) {
      for (let x = 4; x < 40; x++) {
        const moved = Math.min(Math.max((x + 0.5) / 8 - 2.5, 0), 1);
        const expected = (1 - moved) * at(x, y) + moved * at(x + 5, y - 2);
        expect(luma!.samples[y * width + x]).toBeCloseTo(expected, 3);
      }
    }
  });
});

describe('between two frames', () => {
  const width = 64;
  const height = 32;
  const random = uniforms(6);
  const scenery = plane(width + 8, height, () => 200 * random() - 100);
  const moved = (by: number): FloatPlane =>
    plane(width, height, (x, y) => scenery.samples[y * scenery.width + x + by]!);
  const nodes = [
    { frame: 0, depth: 0, refs: [], motion: [] },
    { frame: 1, depth: 1, refs: [0], motion: [null] },
  ];
  /** @param said displacement across of the second frame's cells towards the first */
  const halfWay = (
    first: FloatPlane,
    second: FloatPlane,
    said: number | ((x: number, y: number) => number),
  ): FloatPlane => {
    const across = plane(width / 8, height / 8, typeof said === 'number' ? () => said : said);
    const none = plane(width / 8, height / 8, () => 0);
    const motion = [across, none, none];
    const baked = [first, second].map((p, frame) => ({
      planes: [p, p, p] as const,
      motion: frame ? motion : [],
    }));
    return planesBetween(fieldShape(width, height, '444'), nodes, baked, 0, 0.5)[0]!;
  };
  const meanDifference = (a: FloatPlane, b: FloatPlane): number => {
    let sum = 0;
    for (let y = 0; y < height; y++) {
      for (let x = 16; x < width - 16; x++)
        sum += Math.abs(a.samples[y * width + x]! - b.samples[y * width + x]!);
    }
    return sum / (height * (width - 32));
  };

  it('what moves is half way along its trajectory', () => {
    expect(meanDifference(halfWay(moved(0), moved(4), 4), moved(2))).toBeLessThan(0.01);
  });

  it('a cell that was badly coded takes what its neighbours say', () => {
    const said = (x: number, y: number): number => (x === 4 && y === 2 ? -3 : 4);
    expect(meanDifference(halfWay(moved(0), moved(4), said), moved(2))).toBeLessThan(0.1);
  });

  it('a cell that moves otherwise than all around it keeps its own way', () => {
    // A square over scenery that moves by 4; coded motion is by the cells of the second frame, where the square lies on them.
    const shape = plane(16, 16, () => 200 * random() - 100);
    const squareAt = (by: number, left: number): FloatPlane =>
      plane(width, height, (x, y) =>
        x >= left && x < left + 16 && y >= 8 && y < 24
          ? shape.samples[(y - 8) * 16 + x - left]!
          : moved(by).samples[y * width + x]!,
      );
    const said = (x: number, y: number): number => (x >= 3 && x < 5 && (y === 1 || y === 2) ? -2 : 4);
    const out = halfWay(squareAt(0, 22), squareAt(4, 24), said);
    let sum = 0;
    for (let y = 12; y < 20; y++) {
      for (let x = 27; x < 35; x++)
        sum += Math.abs(out.samples[y * width + x]! - shape.samples[(y - 8) * 16 + x - 23]!);
    }
    expect(sum / 64).toBeLessThan(1);
  });

  it('what stands still does not follow cells that say what moves behind it', () => {
    expect(meanDifference(halfWay(moved(0), moved(0), 4), moved(0))).toBeLessThan(0.01);
  });

  describe('where velocities change', () => {
    // Places of the scenery by frame: a fall.
    const place = (instant: number): number => instant ** 2;
    const smooth = (by: number): FloatPlane =>
      plane(width, height, (x, y) => 60 * Math.sin((x + by) / 3 + y) + 30 * Math.cos((x + by) / 5));
    const frames = [0, 1, 2, 3];
    const chain = frames.map((frame) => ({
      ...{ frame, depth: Math.min(1, frame) },
      ...(frame === 0 ? { refs: [], motion: [] } : { refs: [frame - 1], motion: [null] }),
    }));
    const fall = frames.map((frame) => {
      const p = smooth(place(frame));
      const across = plane(width / 8, height / 8, () => place(frame) - place(frame - 1));
      const none = plane(width / 8, height / 8, () => 0);
      return { planes: [p, p, p] as const, motion: frame === 0 ? [] : [across, none, none] };
    });
    const differenceAt = (instant: number, expected: number): number => {
      const frame = Math.floor(instant);
      const planes = planesBetween(fieldShape(width, height, '444'), chain, fall, frame, instant - frame);
      return meanDifference(planes[0]!, smooth(expected));
    };

    it('ways bend as the intervals before and after say', () => {
      for (const instant of [1.25, 1.5, 1.75])
        expect(differenceAt(instant, place(instant))).toBeLessThan(0.3);
      expect(differenceAt(1.5, 2.5)).toBeGreaterThan(2);
    });

    it('at the ends of a segment they bend half as much', () => {
      expect(differenceAt(0.5, 0.375)).toBeLessThan(0.3);
      expect(differenceAt(2.5, 6.375)).toBeLessThan(0.3);
    });
  });

  it('what neither explains is a mixture of both', () => {
    const other = plane(width, height, () => 200 * random() - 100);
    const atRest = plane(
      width,
      height,
      (x, y) => (moved(0).samples[y * width + x]! + other.samples[y * width + x]!) / 2,
    );
    const out = meanDifference(halfWay(moved(0), other, 4), atRest);
    expect(out).toBeGreaterThan(5);
    expect(out).toBeLessThan(meanDifference(moved(0), atRest));
  });
});

describe('spatial sampler', () => {
  const random = uniforms(8);
  const noise = plane(24, 18, () => 255 * random() - 128);

  it('returns the samples on the native raster and on a crop of it', () => {
    expect(resample(noise, axisKernel(24, 24, 1, 0), axisKernel(18, 18, 1, 0))).toEqual(noise);
    const part = resample(noise, axisKernel(24, 7, 1, 3), axisKernel(18, 5, 1, 6));
    for (let y = 0; y < 5; y++) {
      for (let x = 0; x < 7; x++) expect(part.samples[y * 7 + x]).toBe(noise.samples[(y + 6) * 24 + x + 3]);
    }
  });

  it('keeps constants at any ratio', () => {
    for (const outputs of [1, 5, 23, 24, 25, 48, 100]) {
      const kernel = axisKernel(24, outputs, 24 / outputs, 0);
      for (let u = 0; u < outputs; u++) {
        const row = kernel.weights.subarray(u * kernel.taps, (u + 1) * kernel.taps);
        expect(row.reduce((sum, w) => sum + w, 0)).toBeCloseTo(1, 12);
      }
    }
  });

  it('reduces smooth content to its area mean', () => {
    const smooth = plane(64, 64, (x, y) => 100 * Math.sin(x / 9) * Math.cos(y / 11));
    const kernel = axisKernel(64, 32, 2, 0);
    const half = resample(smooth, kernel, kernel);
    for (let y = 4; y < 28; y++) {
      for (let x = 4; x < 28; x++) {
        const at = 2 * y * 64 + 2 * x;
        const mean = [0, 1, 64, 65].reduce((sum, d) => sum + smooth.samples[at + d]! / 4, 0);
        expect(Math.abs(half.samples[y * 32 + x]! - mean)).toBeLessThan(1);
      }
    }
  });

  it('does not let the finest stripes through as coarse ones when reducing', () => {
    const stripes = plane(128, 1, (x) => (x % 2 ? 100 : -100));
    const kernel = axisKernel(128, 42, 128 / 42, 0);
    const out = resample(stripes, kernel, axisKernel(1, 1, 1, 0));
    // The area mean of three stripes is a third; sampling without a box would let all of it through.
    for (let x = 3; x < 39; x++) expect(Math.abs(out.samples[x]!)).toBeLessThan(25);
  });

  it('enlarges a sine better than the cubic kernel does', () => {
    const line = plane(64, 1, (x) => Math.sin(x));
    const big = resample(line, axisKernel(64, 256, 0.25, 0), axisKernel(1, 1, 1, 0));
    const sampler = new CubicSampler();
    let lanczos = 0;
    let cubic = 0;
    for (let u = 40; u < 216; u++) {
      const x = (u + 0.5) / 4 - 0.5;
      lanczos += (big.samples[u]! - Math.sin(x)) ** 2;
      cubic += (sampler.at(line, x, 0) - Math.sin(x)) ** 2;
    }
    expect(lanczos).toBeLessThan(cubic);
    expect(Math.sqrt(lanczos / 176)).toBeLessThan(0.02);
  });
});

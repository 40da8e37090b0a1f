import { describe, expect, test } from 'vitest';
import { completeHeader, filmInfo } from '../../runtime/format/header.js';
import { planOutput } from '../../src/commands/decode.js';
import {
  numberWithin,
  parseAmount,
  parseCrop,
  parseNames,
  parseNumbers,
  parseSeconds,
  parseSize,
  parseWholeOrAll,
} from '../../src/optionValues.js';

const sides = { min: 1, max: 16384 };

test('sizes, amounts, times and crops as people write them', () => {
  expect(parseSize('640x360', '--size', sides)).toEqual({ width: 640, height: 360 });
  expect(parseAmount('500k', '--target-size')).toBe(500_000);
  expect(parseAmount('1.5Mi', '--target-size')).toBe(1_572_864);
  expect(parseAmount('2MB', '--target-size')).toBe(2_000_000);
  expect(parseSeconds('11.875', '--start')).toBe(11.875);
  expect(parseSeconds('1:02.5', '--start')).toBe(62.5);
  expect(parseSeconds('1:00:01', '--start')).toBe(3601);
  expect(parseCrop('1,2,30,40.5')).toEqual({ x: 1, y: 2, width: 30, height: 40.5 });
  expect(parseSize(undefined, '--size', sides)).toBeUndefined();
});

test('lists and counts as people write them', () => {
  expect(parseNumbers('24, 30.5,24', '--crf', 0, 51)).toEqual([24, 30.5]);
  expect(parseNames('b,a,b', '--preset', ['a', 'b'])).toEqual(['b', 'a']);
  expect(['33', 'all', '0'].map((text) => parseWholeOrAll(text, '--frames'))).toEqual([33, 'all', 'all']);
  const wrong = expect.objectContaining({ code: 'BAD_VALUE' });
  for (const text of ['', '24,,30', '52', 'x']) {
    expect(() => parseNumbers(text, '--crf', 0, 51)).toThrow(wrong);
  }
  expect(() => parseNames('a,c', '--preset', ['a', 'b'])).toThrow(wrong);
  for (const text of ['-1', '1.5', 'some']) expect(() => parseWholeOrAll(text, '--frames')).toThrow(wrong);
});

test.each([
  () => parseSize('640', '--size', sides),
  () => parseSize('0x10', '--size', sides),
  () => parseSize('20000x10', '--size', sides),
  () => parseAmount('0', '--bitrate'),
  () => parseAmount('many', '--bitrate'),
  () => parseSeconds('-1', '--start'),
  () => parseCrop('1,2,3'),
  () => parseCrop('1,2,0,5'),
  () => parseCrop('a,2,3,5'),
  () => numberWithin('--crf', 0, 51)(52),
  () => numberWithin('--seed', 0, 10, true)(1.5),
])('%s is refused with exit code 2', (parse) => {
  expect(parse).toThrow(expect.objectContaining({ code: 'BAD_VALUE', exitCode: 2 }));
});

describe('what a decode gives', () => {
  const header = completeHeader({
    ...{
      width: 176,
      height: 144,
      chroma: '420' as const,
      rate: [30000, 1001] as [number, number],
      frames: 30,
    },
    ...{ lumaRange: 'tv' as const, matrix: 'bt709', primaries: 'bt709', transfer: 'bt709' },
    ...{ chromaLocation: 'left', sampleAspect: [12, 11] as [number, number] },
  });
  const film = filmInfo(header);
  const input = 'film.weft';

  test('is the film as it was', () => {
    const { info, options } = planOutput(film, { input });
    expect(info).toEqual(film);
    expect(options).toEqual({ width: 176, height: 144 });
  });

  test('scales, multiplies and slows down', () => {
    const { info } = planOutput(film, { input, scale: 2.5, fpsMulti: 2, speed: 0.5 });
    expect(info).toMatchObject({
      width: 440,
      height: 360,
      rate: [60000, 1001],
      frames: 120,
      sampleAspect: [12, 11],
    });
  });

  test('keeps the shape of the picture when the raster changes its own', () => {
    const { info } = planOutput(film, { input, size: { width: 192, height: 144 } });
    expect(info.sampleAspect).toEqual([1, 1]);
  });

  test('keeps the times of a film without a rate, unless the output has none or a rate is asked for', () => {
    const times = { tick: [1, 30] as [number, number], ticks: [0, 1, 4, 5] };
    const variable = { ...film, rate: [30, 1] as [number, number], frames: 3, times };
    expect(planOutput(variable, { input, output: 'a.mkv' }).info).toMatchObject({ frames: 3, times });
    const late = planOutput(variable, { input, start: 0.1, end: 0.15 }).info;
    expect(late).toMatchObject({ frames: 2, times: { tick: [1, 30], ticks: [0, 1, 2] } });
    for (const asked of [{ output: '-' }, { output: 'a.y4m' }, { fps: [30, 1] as [number, number] }]) {
      const { info } = planOutput(variable, { input, ...asked });
      expect([info.frames, info.times]).toEqual([5, undefined]);
    }
    expect(planOutput(variable, { input, fpsMulti: 2 }).info).toMatchObject({ frames: 10, rate: [60, 1] });
  });

  test('is refused where the film has nothing to show', () => {
    const refused = expect.objectContaining({ code: 'OPTION_RANGE', exitCode: 2 });
    expect(() => planOutput(film, { input, crop: { x: 100, y: 0, width: 100, height: 10 } })).toThrow(
      refused,
    );
    expect(() => planOutput(film, { input, start: 2 })).toThrow(refused);
    expect(() => planOutput(film, { input, scale: 100 })).toThrow(refused); // 17600 pixels wide
  });
});

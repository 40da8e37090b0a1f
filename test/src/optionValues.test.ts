import { describe, expect, test } from 'vitest';
import { outputInfo } from '../../src/commands/decode.js';
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

test('sizes, amounts, times and crops as people write them', () => {
  expect(parseSize('640x360')).toEqual({ width: 640, height: 360 });
  expect(parseAmount('500k', '--target-size')).toBe(500_000);
  expect(parseAmount('1.5Mi', '--target-size')).toBe(1_572_864);
  expect(parseAmount('2MB', '--target-size')).toBe(2_000_000);
  expect(parseSeconds('11.875', '--start')).toBe(11.875);
  expect(parseSeconds('1:02.5', '--start')).toBe(62.5);
  expect(parseSeconds('1:00:01', '--start')).toBe(3601);
  expect(parseCrop('1,2,30,40.5')).toEqual({ x: 1, y: 2, width: 30, height: 40.5 });
  expect(parseSize(undefined)).toBeUndefined();
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
  () => parseSize('640'),
  () => parseSize('0x10'),
  () => parseSize('20000x10'),
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
  const source = {
    ...{
      width: 176,
      height: 144,
      chroma: '420' as const,
      rate: [30000, 1001] as [number, number],
      frames: 30,
    },
    ...{ lumaRange: 'tv' as const, matrix: 'bt709', primaries: 'bt709', transfer: 'bt709' },
    ...{ chromaLocation: 'left', sampleAspect: [12, 11] as [number, number] },
  };
  const input = 'film.weft';

  test('is the film as it was', () => {
    expect(outputInfo(source, { input })).toEqual(source);
  });

  test('scales, multiplies and slows down', () => {
    const info = outputInfo(source, { input, scale: 2.5, fpsMulti: 2, speed: 0.5 });
    expect(info).toMatchObject({
      width: 440,
      height: 360,
      rate: [60000, 1001],
      frames: 120,
      sampleAspect: [12, 11],
    });
  });

  test('keeps the shape of the picture when the raster changes its own', () => {
    const { sampleAspect } = outputInfo(source, { input, size: { width: 192, height: 144 } });
    expect(sampleAspect).toEqual([1, 1]);
  });
});

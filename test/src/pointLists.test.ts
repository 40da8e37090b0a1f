import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DECODE_OPTIONS } from '../../src/commands/decodeOptions.js';
import { gatherRepeated } from '../../src/optionTable.js';
import { parseFreezes, parsePan, parseSpeeds, writtenPoints } from '../../src/pointLists.js';

let folder: string;
const file = (name: string): string => path.join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'weft points '));
  writeFileSync(file('speeds.txt'), '# slow from here\r\n0:1\n\n2.5:0.25, 1:04:1 # as fast as it was\n');
  writeFileSync(file('pan.txt'), '0: 0,0,480,270\n2: 100,50,240,135\n');
  writeFileSync(file('nothing.txt'), '# nothing\n');
  writeFileSync(file('long.txt'), `0:1${' '.repeat(2 ** 20)}`);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('points in time', () => {
  const speeds = [
    { at: 0, speed: 1 },
    { at: 2.5, speed: 0.25 },
    { at: 64, speed: 1 },
  ];
  const pan = [
    { at: 0, crop: { x: 0, y: 0, width: 480, height: 270 } },
    { at: 2, crop: { x: 100, y: 50, width: 240, height: 135 } },
  ];

  test('as people write them', () => {
    expect(parseSpeeds('0:1, 2.5:0.25, 1:04:1', '--retime')).toEqual(speeds);
    expect(parsePan('0:0,0,480,270; 2:100,50,240,135', '--pan')).toEqual(pan);
    expect(parseFreezes('1:02.5:3', '--freeze')).toEqual([{ at: 62.5, seconds: 3 }]);
    expect(parseSpeeds(undefined, '--retime')).toBeUndefined();
  });

  test('there and back', () => {
    expect(parseSpeeds(writtenPoints(speeds), '--retime')).toEqual(speeds);
    expect(parsePan(writtenPoints(pan), '--pan')).toEqual(pan);
    const freezes = [{ at: 62.5, seconds: 3 }];
    expect(parseFreezes(writtenPoints(freezes), '--freeze')).toEqual(freezes);
  });

  test('from files, with comments', () => {
    expect(parseSpeeds(file('speeds.txt'), '--retime')).toEqual(speeds);
    expect(parsePan(file('pan.txt'), '--pan')).toEqual(pan);
  });

  test.each([
    [() => parseSpeeds('0:fast', '--retime'), 'TIME:SPEED'],
    [() => parseSpeeds('0:-1', '--retime'), 'TIME:SPEED'],
    [() => parseSpeeds('0:1, 2', '--retime'), 'TIME:SPEED'],
    [() => parseSpeeds('', '--retime'), 'no such file'],
    [() => parseSpeeds('none.txt', '--retime'), 'no such file'],
    [() => parseSpeeds(file('nothing.txt'), '--retime'), 'TIME:SPEED'],
    [() => parseSpeeds(file('long.txt'), '--retime'), 'too long'],
    [() => parseSpeeds(folder, '--retime'), 'no such file'],
    [() => parseFreezes('1', '--freeze'), 'no such file'],
    [() => parseFreezes('1:', '--freeze'), 'TIME:SECONDS'],
    [() => parsePan('0:1,2,3', '--pan'), 'x,y,width,height'],
    [() => parsePan('0:0,0,4,4; 1', '--pan'), 'TIME:X,Y,WIDTH,HEIGHT'],
  ])('%s is refused with exit code 2', (parse, hint) => {
    const error = { code: 'BAD_VALUE', exitCode: 2, message: expect.stringContaining(hint) };
    expect(parse).toThrow(expect.objectContaining(error));
  });
});

test('an option that is given several times is gathered, whatever is around it', () => {
  const gathered = (...words: string[]) => gatherRepeated(words, DECODE_OPTIONS);
  expect(gathered('decode', '--freeze', '1:2', 'film', '--freeze=3:1', '-y', '--', '--freeze', 'x')).toEqual([
    ...['decode', 'film', '-y', '--freeze=1:2,3:1', '--', '--freeze', 'x'],
  ]);
  expect(gathered('decode', '--start', '1', '--start', '2')).toEqual([
    'decode',
    '--start',
    '1',
    '--start',
    '2',
  ]);
  expect(gathered('decode', 'film', '--freeze')).toEqual(['decode', 'film', '--freeze']);
});

import { availableParallelism } from 'node:os';
import { describe, expect, test } from 'vitest';
import { ENCODE_COMMAND_OPTIONS } from '../../src/commands/encode.js';
import { encodeOptions } from '../../src/commands/encodeSettings.js';
import { environmentValues, optionValues, parserOptions } from '../../src/optionTable.js';
import { ENCODE_OPTIONS, type EncodeOptions, resolveOptions } from '../../trainers/options.js';

const defaults = {
  ...{ crf: 27, preset: 'medium', tune: 'psnr', seed: 0, groupPixels: 12e6 },
  ...{ threads: availableParallelism(), engine: 'auto', enlarger: 'auto' },
};

describe('the options of an encode', () => {
  test('have defaults, of which crf counts only where no other goal is given', () => {
    expect(resolveOptions({})).toEqual(defaults);
    expect(resolveOptions({ crf: undefined, seed: undefined })).toEqual(defaults);
    const { crf: _, ...others } = defaults;
    expect(resolveOptions({ bitrate: 1e5, seed: 7 })).toEqual({ ...others, bitrate: 1e5, seed: 7 });
    expect(resolveOptions({ crf: 0 }).crf).toBe(0);
  });

  test.each([
    { crf: -1 },
    { crf: 51.01 },
    { crf: Number.NaN },
    { crf: '27' },
    { targetPsnr: 9 },
    { targetBytes: 100 },
    { targetBytes: 1500.5 },
    { seed: 1.5 },
    { seed: 2 ** 32 },
    { threads: 0 },
    { threads: 1.5 },
    { preset: 'quick' },
    { tune: 'eyes' },
    { engine: 'steam' },
  ])('are refused out of range: %j', (wrong) => {
    const [name, value] = Object.entries(wrong)[0]!;
    expect(() => resolveOptions(wrong as Partial<EncodeOptions>)).toThrow(
      expect.objectContaining({ code: 'OPTION_RANGE', path: `options.${name}`, value, exitCode: 2 }),
    );
  });

  test('say what would be legal', () => {
    expect(() => resolveOptions({ seed: 1.5 })).toThrow(
      expect.objectContaining({
        message: 'seed 1.5 is out of range.',
        hint: 'Give a whole number from 0 to 4294967295.',
        range: '0..4294967295',
      }),
    );
    expect(() => resolveOptions({ preset: 'quick' as 'fast' })).toThrow(
      expect.objectContaining({ hint: 'Choose one of draft, fast, medium, slow, overnight.' }),
    );
    expect(() => resolveOptions({ colour: 1 } as object)).toThrow(
      expect.objectContaining({ code: 'OPTION_UNKNOWN', hint: expect.stringContaining('targetBytes') }),
    );
    expect(() => resolveOptions({ toString: 1 } as object)).toThrow(
      expect.objectContaining({ code: 'OPTION_UNKNOWN' }),
    );
  });

  test('have one goal', () => {
    expect(() => resolveOptions({ crf: 20, targetBytes: 1e6 })).toThrow(
      expect.objectContaining({
        code: 'OPTION_CONFLICT',
        message: 'crf and targetBytes cannot be asked for together.',
      }),
    );
  });
});

describe('their table on the command line', () => {
  const parser = parserOptions(ENCODE_COMMAND_OPTIONS);

  test('shows every default, and has no two goals at once', () => {
    const shown = Object.fromEntries(
      Object.entries(parser).map(([flag, { defaultDescription }]) => [flag, defaultDescription]),
    );
    expect(shown).toMatchObject({ crf: '27', preset: 'medium', seed: '0', engine: 'auto', frames: 'all' });
    expect(shown).toMatchObject({ threads: 'one for each core', output: '<in>.weft' });
    expect(parser.crf!.conflicts).toEqual(['target-psnr', 'target-size', 'bitrate']);
    expect(parser['target-size']!.conflicts).toEqual(['bitrate']);
  });

  test('reads amounts as the library takes them, and refuses those out of range', () => {
    const read = parser['target-size']!.coerce!;
    expect([read('1.5k'), read('2M'), read(undefined)]).toEqual([1500, 2e6, undefined]);
    expect(() => read('100')).toThrow(expect.objectContaining({ code: 'BAD_VALUE', path: '--target-size' }));
    expect(() => parser.threads!.coerce!(1.5)).toThrow(expect.objectContaining({ code: 'BAD_VALUE' }));
  });

  test('gives values by the names of the library', () => {
    const values = optionValues(ENCODE_COMMAND_OPTIONS, {
      'target-size': 5000,
      output: 'a',
      input: 'b',
      seed: 3,
    });
    expect(values).toMatchObject({ targetBytes: 5000, output: 'a' });
    const asked = encodeOptions(values);
    expect(resolveOptions(asked)).toEqual(resolveOptions({ targetBytes: 5000, seed: 3 }));
  });

  test('takes variables of its own, no others and no empty ones', () => {
    const environment = { WEFT_PRESET: 'fast', WEFT_THREADS: '', WEFT_CRF: '3', WEFT_ISA: 'avx2' };
    expect(environmentValues(ENCODE_OPTIONS, environment)).toEqual({ preset: 'fast' });
  });
});

/** What a caller may ask of the encoder: one table, for the library, the command line and docs/options.md. */

import { availableParallelism } from 'node:os';
import { UsageError } from '../runtime/errors.js';
import { ENGINE_NAMES, type EngineName } from './engines.js';
import { checkOption, fallbackOf, type OptionField, type OptionType } from './optionField.js';
import { PRESETS, type PresetName } from './presets.js';
import { TUNES, type TuneName } from './rateControl.js';

/**
 * Options of an encode; ENCODE_OPTIONS has their ranges and defaults. Of `crf`, `targetPsnr`, `targetBytes` and `bitrate`,
 * at most one may be given.
 */
export interface EncodeOptions {
  /** Quality on x264's scale. */
  crf?: number;
  /** PSNR yuv to aim at, dB. */
  targetPsnr?: number;
  /** File size to stay below, bytes. */
  targetBytes?: number;
  /** Bits per second of film to stay below. */
  bitrate?: number;
  /** Training effort. */
  preset: PresetName;
  /** What the encode makes the best of. */
  tune: TuneName;
  /** The same seed and number of threads give the same bytes on the same machine. */
  seed: number;
  /** Pixels of film that are trained together and have nets in common; scenes stay whole. */
  groupPixels: number;
  /** Whether the film teaches its players how to enlarge it: some 700 bytes. `auto`: where they are a hundredth of it at most. */
  enlarger: (typeof ENLARGER_CHOICES)[number];
  /** Threads to use. */
  threads: number;
  /** What trains; `auto` takes the fastest engine that is there. */
  engine: EngineName | 'auto';
}

export const DEFAULT_CRF = 27;
export const CRF_RANGE = [0, 51] as const;
export const DEFAULT_PRESET: PresetName = 'medium';
export const DEFAULT_TUNE: TuneName = 'psnr';
export const TUNE_NAMES = Object.keys(TUNES) as TuneName[];
/** Presets, quickest first. */
export const PRESET_NAMES = Object.keys(PRESETS) as PresetName[];

export const ENLARGER_CHOICES = ['auto', 'always', 'never'] as const;

const goal = { oneOf: 'quality', group: 'Quality (one of):' } as const;

/** All options of an encode, in the order that help and documentation show them. */
export const ENCODE_OPTIONS: {
  readonly [Name in keyof EncodeOptions]-?: OptionField<OptionType, EncodeOptions[Name]>;
} = {
  crf: {
    flag: 'crf',
    type: { kind: 'number', min: CRF_RANGE[0], max: CRF_RANGE[1] },
    fallback: DEFAULT_CRF,
    ...goal,
    doc: "Quality on x264's scale: about 18 is fine, 36 coarse",
  },
  targetPsnr: {
    flag: 'target-psnr',
    type: { kind: 'number', min: 10, max: 80 },
    ...goal,
    doc: 'Aim at this PSNR yuv, in dB',
  },
  targetBytes: {
    flag: 'target-size',
    type: { kind: 'number', min: 200, max: 2 ** 40, whole: true, suffixes: true },
    ...goal,
    doc: 'Stay just below this file size: bytes, 500k, 2M',
  },
  bitrate: {
    flag: 'bitrate',
    type: { kind: 'number', min: 100, max: 1e10, suffixes: true },
    ...goal,
    doc: 'Stay just below so many bits per second of film: 120k is 120000',
  },
  preset: {
    flag: 'preset',
    type: { kind: 'word', words: PRESET_NAMES },
    fallback: DEFAULT_PRESET,
    variable: 'WEFT_PRESET',
    doc: 'Time to spend',
  },
  tune: {
    flag: 'tune',
    type: { kind: 'word', words: TUNE_NAMES },
    fallback: DEFAULT_TUNE,
    variable: 'WEFT_TUNE',
    doc: 'What to make the best of: psnr, errors alike wherever they are; ssim, what the eye sees of them',
  },
  seed: {
    flag: 'seed',
    type: { kind: 'number', min: 0, max: 2 ** 32 - 1, whole: true },
    fallback: 0,
    doc: 'The same seed and number of threads give the same bytes on the same machine',
  },
  groupPixels: {
    flag: 'group-pixels',
    type: { kind: 'number', min: 1, max: 1e12, whole: true, suffixes: true },
    fallback: 12e6,
    doc: 'Film that is trained together and has nets in common, in pixels; what is lost at most when an encode is cut off',
  },
  enlarger: {
    flag: 'enlarger',
    type: { kind: 'word', words: ENLARGER_CHOICES },
    fallback: 'auto',
    doc: 'Learn from the film how to enlarge it, for some 700 bytes in the file: always, never, or where that is a hundredth of it at most',
  },
  threads: {
    flag: 'threads',
    type: { kind: 'number', min: 1, max: 256, whole: true },
    fallback: availableParallelism,
    fallbackDoc: 'one for each core',
    variable: 'WEFT_THREADS',
    doc: 'Threads to use',
  },
  engine: {
    flag: 'engine',
    type: { kind: 'word', words: ['auto', ...ENGINE_NAMES] },
    fallback: 'auto',
    variable: 'WEFT_ENGINE',
    doc: 'Engine that trains, auto for the fastest; weft doctor lists those that are there',
  },
};

const FIELDS = Object.entries(ENCODE_OPTIONS) as [keyof EncodeOptions, OptionField][];

/**
 * Fills in the defaults; what is undefined counts as not given.
 *
 * @throws UsageError `OPTION_UNKNOWN`, `OPTION_RANGE` or `OPTION_CONFLICT`
 */
export function resolveOptions(given: Partial<EncodeOptions>): EncodeOptions {
  checkNames(given);
  const named = FIELDS.filter(([name]) => (given[name] ?? undefined) !== undefined);
  const goals = named.filter(([, field]) => field.oneOf === goal.oneOf).map(([name]) => name);
  if (goals.length > 1) throw conflict(goals);
  const values = FIELDS.map(([name, field]): [string, unknown] => {
    const hasFallback = field.oneOf === undefined || goals.length === 0;
    const value = given[name] ?? (hasFallback ? fallbackOf(field) : undefined);
    if (value !== undefined) checkOption(name, value, field.type);
    return [name, value];
  });
  return Object.fromEntries(values.filter(([, value]) => value !== undefined)) as unknown as EncodeOptions;
}

function checkNames(given: object): void {
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(ENCODE_OPTIONS, name)) continue;
    throw new UsageError(`There is no option ${name}.`, {
      code: 'OPTION_UNKNOWN',
      hint: `Known options: ${FIELDS.map(([known]) => known).join(', ')}.`,
      path: `options.${name}`,
    });
  }
}

function conflict(goals: readonly string[]): UsageError {
  return new UsageError(`${goals.join(' and ')} cannot be asked for together.`, {
    code: 'OPTION_CONFLICT',
    hint: 'Give one of them.',
    path: `options.${goals[0]}`,
  });
}

/** What a caller may ask of the encoder, and its defaults. */

import { availableParallelism } from 'node:os';
import { UsageError } from '../runtime/errors.js';
import { ENGINE_NAMES, type EngineName } from './engines.js';
import { PRESETS, type PresetName } from './presets.js';

/** Options of an encode. Of `crf`, `targetPsnr`, `targetBytes` and `bitrate`, at most one may be given. */
export interface EncodeOptions {
  /** Quality on x264's scale, 0..51; default 27. */
  crf?: number;
  /** PSNR yuv to aim at, dB, 10..80. */
  targetPsnr?: number;
  /** File size to stay below, bytes. */
  targetBytes?: number;
  /** Bits per second of film to stay below. */
  bitrate?: number;
  /** Training effort; default medium. */
  preset: PresetName;
  /** 0..2^32-1; the same seed and number of threads give the same bytes on the same machine. Default 0. */
  seed: number;
  /** Default: one for each core. */
  threads: number;
  /** What trains; `auto` takes the fastest engine that is there. */
  engine: EngineName | 'auto';
}

export const DEFAULT_CRF = 27;
export const CRF_RANGE = [0, 51] as const;
const MAX_SEED = 2 ** 32 - 1;

const RANGES: Record<string, readonly [number, number]> = {
  crf: CRF_RANGE,
  targetPsnr: [10, 80],
  targetBytes: [200, 2 ** 40],
  bitrate: [100, 1e10],
  seed: [0, MAX_SEED],
  threads: [1, 256],
};
const GOALS = ['crf', 'targetPsnr', 'targetBytes', 'bitrate'] as const;

/**
 * Fills in the defaults.
 *
 * @throws UsageError `OPTION_UNKNOWN`, `OPTION_RANGE` or `OPTION_CONFLICT`
 */
export function resolveOptions(given: Partial<EncodeOptions>): EncodeOptions {
  const options: EncodeOptions = {
    preset: given.preset ?? 'medium',
    seed: given.seed ?? 0,
    threads: given.threads ?? availableParallelism(),
    engine: given.engine ?? 'auto',
  };
  const goals = GOALS.filter((goal) => given[goal] !== undefined);
  for (const goal of goals) options[goal] = given[goal] as number;
  if (goals.length === 0) options.crf = DEFAULT_CRF;
  checkNames(given);
  if (goals.length > 1) throw conflict(goals);
  for (const [name, range] of Object.entries(RANGES)) checkRange(name, options[name as 'crf'], range);
  checkWord('preset', options.preset, Object.keys(PRESETS));
  checkWord('engine', options.engine, ['auto', ...ENGINE_NAMES]);
  return options;
}

function checkNames(given: object): void {
  const known = new Set([...Object.keys(RANGES), 'preset', 'engine']);
  for (const name of Object.keys(given)) {
    if (known.has(name)) continue;
    throw new UsageError(`There is no option ${name}.`, {
      code: 'OPTION_UNKNOWN',
      hint: `Known options: ${[...known].join(', ')}.`,
      path: `options.${name}`,
    });
  }
}

function checkRange(name: string, value: number | undefined, [low, high]: readonly [number, number]): void {
  if (value === undefined || (value >= low && value <= high)) return;
  throw new UsageError(`${name} ${value} is out of range.`, {
    code: 'OPTION_RANGE',
    hint: `Give a number from ${low} to ${high}.`,
    path: `options.${name}`,
    value,
    range: `${low}..${high}`,
  });
}

function checkWord(name: string, value: string, words: readonly string[]): void {
  if (words.includes(value)) return;
  throw new UsageError(`There is no ${name} ${value}.`, {
    code: 'OPTION_RANGE',
    hint: `Choose one of ${words.join(', ')}.`,
    path: `options.${name}`,
    value,
    range: words.join(', '),
  });
}

function conflict(goals: readonly string[]): UsageError {
  return new UsageError(`${goals.join(' and ')} cannot be asked for together.`, {
    code: 'OPTION_CONFLICT',
    hint: 'Give one of them.',
    path: `options.${goals[0]}`,
  });
}

import { UsageError } from '../../runtime/errors.js';
import { MAX_SIDE_PX, MIN_SIDE_PX } from '../../runtime/field/constants.js';
import type { EncodeOptions } from '../../trainers/encode.js';
import { ENGINE_NAMES, type EngineName } from '../../trainers/engines.js';
import { PRESETS, type PresetName } from '../../trainers/presets.js';
import { type Film, openFilm } from '../media/filmReader.js';
import { parseRate } from '../media/rational.js';
import { numberWithin, parseAmount, parseSeconds, parseSize } from '../optionValues.js';
import type { CommandContext } from './context.js';

/** Presets of the encoder, quickest first. */
export const presets = Object.keys(PRESETS) as PresetName[];

/** Options of `encode` and `estimate`: what is read of the film, and how it is coded. */
export const sourceOptions = {
  crf: {
    type: 'number',
    describe: "Quality on x264's scale: about 18 is fine, 27 usual, 36 coarse",
    group: 'Quality (one of):',
    conflicts: ['target-psnr', 'target-size', 'bitrate'],
    coerce: numberWithin('--crf', 0, 51),
  },
  'target-psnr': {
    type: 'number',
    describe: 'Aim at this PSNR yuv, in dB',
    group: 'Quality (one of):',
    conflicts: ['target-size', 'bitrate'],
    coerce: numberWithin('--target-psnr', 10, 80),
  },
  'target-size': {
    type: 'string',
    describe: 'Aim at this file size: bytes, 500k, 2M',
    group: 'Quality (one of):',
    conflicts: ['bitrate'],
    coerce: (text?: string) => parseAmount(text, '--target-size'),
  },
  bitrate: {
    type: 'string',
    describe: 'Aim at this bit rate: 120k is 120000 bits a second',
    group: 'Quality (one of):',
    coerce: (text?: string) => parseAmount(text, '--bitrate'),
  },
  preset: {
    choices: presets,
    describe: 'Time to spend [default: medium]',
  },
  size: {
    type: 'string',
    describe: 'Resize the film first: WIDTHxHEIGHT',
    coerce: (text?: string) => parseSize(text),
  },
  fps: {
    type: 'string',
    describe: 'Change its frame rate first: 25, 23.976, 30000/1001',
    coerce: (text?: string) => (text === undefined ? undefined : parseRate(text)),
  },
  start: {
    type: 'string',
    describe: 'Begin at this time: seconds or m:s',
    coerce: (text?: string) => parseSeconds(text, '--start'),
  },
  end: {
    type: 'string',
    describe: 'End before this time',
    conflicts: ['frames'],
    coerce: (text?: string) => parseSeconds(text, '--end'),
  },
  frames: {
    type: 'number',
    describe: 'Read so many frames',
    coerce: numberWithin('--frames', 1, 2 ** 24, true),
  },
  seed: {
    type: 'number',
    describe: 'Seed: the same seed gives the same bytes [default: 0]',
    coerce: numberWithin('--seed', 0, 2 ** 32 - 1, true),
  },
  threads: {
    type: 'number',
    describe: 'Threads to use [default: one for each core]',
    coerce: numberWithin('--threads', 1, 256, true),
  },
  engine: {
    choices: ['auto', ...ENGINE_NAMES] as const,
    describe: 'Engine that trains; weft doctor lists those that are there [default: auto]',
  },
} as const;

/** Values of `sourceOptions` after parsing. */
export interface SourceArguments {
  crf?: number | undefined;
  targetPsnr?: number | undefined;
  targetSize?: number | undefined;
  bitrate?: number | undefined;
  preset?: PresetName | undefined;
  size?: { width: number; height: number } | undefined;
  fps?: [number, number] | undefined;
  start?: number | undefined;
  end?: number | undefined;
  frames?: number | undefined;
  seed?: number | undefined;
  threads?: number | undefined;
  engine?: 'auto' | EngineName | undefined;
}

/** `record` without the entries that are undefined: what was not given is the default of whoever reads it. */
export function given<T extends object>(record: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(record).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> };
}

/**
 * Opens the film that the arguments name.
 *
 * @throws MediaError; UsageError FILM_SIZE, EMPTY_RANGE
 */
export async function openSource(
  input: string,
  args: SourceArguments,
  context: CommandContext,
): Promise<Film> {
  const { size, fps, start, end, frames } = args;
  const film = await openFilm(input, {
    ...given({ size, fps, start, end, frames, ffmpeg: context.ffmpeg }),
    log: (line) => context.reporter.note(line),
  });
  const { width, height } = film.info;
  if (Math.min(width, height) >= MIN_SIDE_PX && Math.max(width, height) <= MAX_SIDE_PX) return film;
  await film.close();
  throw new UsageError(`A film of ${width}x${height} cannot be encoded.`, {
    code: 'FILM_SIZE',
    hint: `A side has ${MIN_SIDE_PX} to ${MAX_SIDE_PX} pixels; resize the film with --size.`,
    path: '--size',
    value: `${width}x${height}`,
    range: `${MIN_SIDE_PX}..${MAX_SIDE_PX}`,
  });
}

/** The options of the encoder that the arguments name. */
export function encodeOptions(args: SourceArguments): Partial<EncodeOptions> {
  const { crf, targetPsnr, bitrate, preset, seed, threads, engine } = args;
  return given({ crf, targetPsnr, targetBytes: args.targetSize, bitrate, preset, seed, threads, engine });
}

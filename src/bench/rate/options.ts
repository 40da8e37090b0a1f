/** What the rate-distortion bench is asked for on the command line. */
import {
  CRF_RANGE,
  DEFAULT_PRESET,
  DEFAULT_TUNE,
  ENCODE_OPTIONS,
  PRESET_NAMES,
  TUNE_NAMES,
} from '../../../trainers/options.js';
import type { PresetName } from '../../../trainers/presets.js';
import type { TuneName } from '../../../trainers/rateControl.js';
import { sourceSides } from '../../commands/sourceOptions.js';
import { given } from '../../given.js';
import { anchors } from '../../measure/anchors.js';
import type { ReadOptions } from '../../media/filmReader.js';
import { parserOption } from '../../optionTable.js';
import { parseNames, parseNumbers, parseSize, parseWholeOrAll } from '../../optionValues.js';
import { defaultCacheFolder } from './pointCache.js';

/** What the rate-distortion bench runs. */
export interface RateDistortionArguments {
  /** Files; neither these nor sets: stretches of the sample film. */
  films: string[];
  /** Files that name films and how many frames of each. */
  sets: string[];
  /** First frames of each film that no set names; undefined: all. */
  frames: number | undefined;
  /** Films are resized to this first; undefined: their own size. */
  size: ReadOptions['size'];
  /** A curve of weft for each preset and tune, a point of it for each crf. */
  presets: PresetName[];
  tunes: TuneName[];
  crfs: number[];
  /** Names; the first is the reference. */
  anchors: string[];
  /** Of weft; undefined: one for each core. */
  threads: number | undefined;
  /** Folder for the page; undefined: none is written. */
  output: string | undefined;
  /** Folder of measured points; undefined: every point is measured. */
  cache: string | undefined;
}

const anchorNames = anchors.map(({ name }) => name);

const usual = {
  crfs: [24, 30, 36],
  presets: [DEFAULT_PRESET],
  tunes: [DEFAULT_TUNE],
  anchors: ['x264-medium-psnr', 'x264-medium-ssim', 'x265-veryslow-psnr', 'x265-veryslow-ssim', 'svt-av1-4'],
};
const quick = {
  crfs: [26, 34],
  presets: ['fast'] as PresetName[],
  tunes: [DEFAULT_TUNE],
  anchors: ['x264-medium-psnr', 'x264-medium-ssim'],
};
const QUICK_FILMS = 4;

/** A value that is given twice comes as a list here, since benches take lists of files: the last one counts. */
function last<T>(parse: (text: string | undefined) => T): (text?: string | string[]) => T {
  return (text) => parse(Array.isArray(text) ? text.at(-1) : text);
}

/** Options of `weft bench rd`. */
export const rateOptions = {
  frames: {
    type: 'string',
    default: '33',
    describe: 'First frames of each film, or all; 1 for stills',
    coerce: last((text) => parseWholeOrAll(text, '--frames')),
  },
  set: {
    type: 'string',
    array: true,
    describe:
      'File that names films and how many frames of each: [{"file": NAME, "frames": N or "all"}, ...]',
  },
  size: {
    type: 'string',
    describe: 'Resize the films first: WIDTHxHEIGHT',
    coerce: last((text) => parseSize(text, '--size', sourceSides)),
  },
  crf: {
    type: 'string',
    describe: `Points of weft's curve [default: ${usual.crfs}; quick: ${quick.crfs}]`,
    coerce: last((text) => parseNumbers(text, '--crf', ...CRF_RANGE)),
  },
  preset: {
    type: 'string',
    describe: `A curve of weft each: ${PRESET_NAMES.join(', ')} [default: ${usual.presets}; quick: ${quick.presets}]`,
    coerce: last((text) => parseNames(text, '--preset', PRESET_NAMES)),
  },
  tune: {
    type: 'string',
    describe: `A curve of weft each: ${TUNE_NAMES.join(', ')} [default: ${usual.tunes}]`,
    coerce: last((text) => parseNames(text, '--tune', TUNE_NAMES)),
  },
  anchors: {
    type: 'string',
    describe:
      `Encoders to compare with, the reference first: ${anchorNames.join(', ')}, or none ` +
      `[default: ${usual.anchors}; quick: ${quick.anchors}, then those that are named]`,
    coerce: last((text) => (text === 'none' ? [] : parseNames(text, '--anchors', anchorNames))),
  },
  threads: { ...parserOption(ENCODE_OPTIONS.threads), describe: 'Threads of weft' },
  quick: {
    type: 'boolean',
    default: false,
    describe:
      'Two rates of the first four films against x264-medium, tuned for PSNR and for SSIM, in about four minutes',
  },
  output: { type: 'string', alias: 'o', describe: 'Folder for a page with drawings, tables and JSON' },
  cache: {
    type: 'string',
    describe: "Folder of measured points [default: WEFT_CACHE, else weft/bench in the user's cache]",
    conflicts: ['no-cache'],
  },
  'no-cache': { type: 'boolean', describe: 'Measure every point anew and keep none' },
} as const;

/** Values of `rateOptions` after parsing. */
export interface RateOptionValues {
  films?: string[] | undefined;
  set?: string[] | undefined;
  frames?: number | 'all' | undefined;
  size?: ReadOptions['size'] | undefined;
  crf?: number[] | undefined;
  preset?: PresetName[] | undefined;
  tune?: TuneName[] | undefined;
  anchors?: string[] | undefined;
  threads?: number | undefined;
  quick: boolean;
  output?: string | undefined;
  cache?: string | undefined;
  noCache?: boolean | undefined;
}

/** Fills in the defaults. */
export function rateDistortionArguments(values: RateOptionValues): RateDistortionArguments {
  const films = values.films ?? [];
  const named = given({
    crfs: values.crf,
    presets: values.preset,
    tunes: values.tune,
    anchors: values.anchors,
  });
  const { frames, size, threads, output, cache, noCache } = values;
  return {
    ...(values.quick ? quick : usual),
    ...named,
    ...(values.quick && { anchors: [...new Set([...quick.anchors, ...(named.anchors ?? [])])] }),
    films: values.quick ? films.slice(0, QUICK_FILMS) : films,
    sets: values.set ?? [],
    frames: frames === 'all' ? undefined : frames,
    ...{ size, threads, output },
    cache: noCache ? undefined : (cache ?? defaultCacheFolder()),
  };
}

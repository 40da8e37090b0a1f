/** What the rate-distortion bench is asked for on the command line. */
import type { PresetName } from '../../../trainers/presets.js';
import { given, presets } from '../../commands/sourceOptions.js';
import { anchors, x264Medium } from '../../measure/anchors.js';
import type { ReadOptions } from '../../media/filmReader.js';
import { numberWithin, parseNames, parseNumbers, parseSize, parseWholeOrAll } from '../../optionValues.js';
import { defaultCacheFolder } from './pointCache.js';

/** What the rate-distortion bench runs. */
export interface RateDistortionArguments {
  /** Files; none: stretches of the sample film. */
  films: string[];
  /** First frames of each film; undefined: all. */
  frames: number | undefined;
  /** Films are resized to this first; undefined: their own size. */
  size: ReadOptions['size'];
  /** A curve of weft for each preset, a point of it for each crf. */
  presets: PresetName[];
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
  size: {
    type: 'string',
    describe: 'Resize the films first: WIDTHxHEIGHT',
    coerce: last((text) => parseSize(text)),
  },
  crf: {
    type: 'string',
    describe: "Points of weft's curve [default: 24,30,36; quick: 26,34]",
    coerce: last((text) => parseNumbers(text, '--crf', 0, 51)),
  },
  preset: {
    type: 'string',
    describe: `A curve of weft each: ${presets.join(', ')} [default: medium; quick: fast]`,
    coerce: last((text) => parseNames(text, '--preset', presets)),
  },
  anchors: {
    type: 'string',
    describe:
      `Encoders to compare with, the reference first: ${anchorNames.join(', ')}, or none ` +
      '[default: x264-medium,x265-veryslow,svt-av1-4; quick: x264-medium, then those that are named]',
    coerce: last((text) => (text === 'none' ? [] : parseNames(text, '--anchors', anchorNames))),
  },
  threads: {
    type: 'number',
    describe: 'Threads of weft [default: one for each core]',
    coerce: numberWithin('--threads', 1, 256, true),
  },
  quick: {
    type: 'boolean',
    default: false,
    describe: 'Two rates of the first four films against x264-medium, in about four minutes',
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
  frames?: number | 'all' | undefined;
  size?: ReadOptions['size'] | undefined;
  crf?: number[] | undefined;
  preset?: PresetName[] | undefined;
  anchors?: string[] | undefined;
  threads?: number | undefined;
  quick: boolean;
  output?: string | undefined;
  cache?: string | undefined;
  noCache?: boolean | undefined;
}

const usual = {
  crfs: [24, 30, 36],
  presets: ['medium'] as PresetName[],
  anchors: [x264Medium.name, 'x265-veryslow', 'svt-av1-4'],
};
const quick = { crfs: [26, 34], presets: ['fast'] as PresetName[], anchors: [x264Medium.name] };
const QUICK_FILMS = 4;

/** Fills in the defaults. */
export function rateDistortionArguments(values: RateOptionValues): RateDistortionArguments {
  const films = values.films ?? [];
  const named = given({ crfs: values.crf, presets: values.preset, anchors: values.anchors });
  const { frames, size, threads, output, cache, noCache } = values;
  return {
    ...(values.quick ? quick : usual),
    ...named,
    ...(values.quick && { anchors: [...new Set([...quick.anchors, ...(named.anchors ?? [])])] }),
    films: values.quick ? films.slice(0, QUICK_FILMS) : films,
    frames: frames === 'all' ? undefined : frames,
    ...{ size, threads, output },
    cache: noCache ? undefined : (cache ?? defaultCacheFolder()),
  };
}

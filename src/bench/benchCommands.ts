import type { Argv } from 'yargs';
import { DEFAULT_PRESET, PRESET_NAMES } from '../../trainers/options.js';
import type { PresetName } from '../../trainers/presets.js';
import type { CommandContext } from '../commands/context.js';
import { parseNumbers } from '../optionValues.js';
import { benchAnalyticScenes } from './analyticScene.js';
import { benchDecodeSpeed } from './decodeSpeed.js';
import { benchEnlarge, ENLARGE_FACTORS } from './enlarge.js';
import { benchKernels } from './kernelSpeed.js';
import { benchParity } from './parity.js';
import { type RateOptionValues, rateDistortionArguments, rateOptions } from './rate/options.js';
import { benchRateDistortion } from './rateDistortion.js';
import { benchReduce } from './reduce.js';
import { benchSlowMotion, SLOW_FACTORS } from './slowMotion.js';
import { benchTrainingSpeed } from './trainingSpeed.js';

const preset = { choices: PRESET_NAMES, default: DEFAULT_PRESET } as const;
const framesOption = { type: 'number', describe: 'First frames of each film' } as const;
const threadsOption = { type: 'string', default: '1,2', describe: 'Numbers of threads to compare' } as const;

/** A value that is given twice comes as a list here, since benches take lists of files: the last one counts. */
function last<T>(value: T | T[]): T {
  return Array.isArray(value) ? (value.at(-1) as T) : value;
}

const picturesOption = {
  type: 'string',
  requiresArg: true,
  describe: 'Folder for a PNG each: crops of the truth and of every way, where they differ most',
  coerce: last<string | undefined>,
} as const;

/** Names of files, at least one. */
function files<T>(cli: Argv<T>) {
  return cli.positional('files', { type: 'string', array: true, demandOption: true });
}

/** Options of a bench that encodes films at one quality. */
function filmOptions<T>(cli: Argv<T>, crf: number, frames?: number) {
  return files(cli).options({
    frames: frames === undefined ? framesOption : { ...framesOption, default: frames },
    crf: { type: 'number', default: crf },
    preset,
  });
}

function threadNumbers(text: string): number[] {
  return parseNumbers(text, '--threads', 1, 256) ?? [];
}

/** What a chosen bench does. */
export type Bench = (context: CommandContext) => Promise<void>;

/**
 * Adds the benches as subcommands; the last results of the speeds are in docs/bench, of the others in docs/lab.
 *
 * @param choose gets the bench that the command line names
 */
export function addBenches(cli: Argv, choose: (bench: Bench) => void): Argv {
  return speedBenches(pictureBenches(cli, choose), choose).demandCommand(
    1,
    'Name a bench: weft bench --help.',
  );
}

function speedBenches(cli: Argv, choose: (bench: Bench) => void): Argv {
  return cli
    .command(
      'kernels',
      'Every kernel of the trainer: error against the plain definition, speed, share of the peak',
      (sub) =>
        sub.options({
          seed: { type: 'number', describe: 'Of the random input [default: another in every run]' },
          seconds: { type: 'number', default: 0.3, describe: 'For each kernel' },
        }),
      ({ seed, seconds }) =>
        choose(({ reporter }) => benchKernels({ seed: seed ?? Date.now() % 2 ** 31, seconds }, reporter)),
    )
    .command(
      'train [film]',
      'Training steps at several sizes, by part [default film: the sample film]',
      (sub) =>
        sub.positional('film', { type: 'string' }).options({
          sizes: {
            type: 'string',
            default: '176x144,352x288,1280x720,1920x1080',
            describe: 'Sizes that the film is scaled to',
          },
          frames: { ...framesOption, default: 9 },
          threads: threadsOption,
          seconds: { type: 'number', default: 3, describe: 'For each size' },
        }),
      ({ film, sizes, frames, threads, seconds }) =>
        choose((context) =>
          benchTrainingSpeed(
            { film, sizes: sizes.split(','), frames, threads: threadNumbers(threads), seconds },
            context,
          ),
        ),
    )
    .command(
      'decode <files..>',
      '.weft files: speed of the native decoder, by part, and of WebAssembly; seeking',
      (sub) =>
        files(sub).options({
          threads: threadsOption,
          runs: { type: 'number', default: 3, describe: 'Best of this many runs' },
        }),
      ({ files: films, threads, runs }) =>
        choose(({ reporter }) =>
          benchDecodeSpeed({ files: films, threads: threadNumbers(threads), runs }, reporter),
        ),
    );
}

function pictureBenches(cli: Argv, choose: (bench: Bench) => void): Argv {
  return cli
    .command(
      'rd [films..]',
      'Films: rate and distortion beside x264, x265, SVT-AV1 and WebP [default films: stretches of the sample film]',
      (sub) => sub.positional('films', { type: 'string', array: true }).options(rateOptions),
      (values) =>
        choose((context) =>
          benchRateDistortion(rateDistortionArguments(values as RateOptionValues), context),
        ),
    )
    .command(
      'enlarge <files..>',
      'Films: made smaller, encoded, decoded at their size, beside Lanczos',
      (sub) =>
        filmOptions(sub, 18, 17).options({
          factor: { choices: ENLARGE_FACTORS, default: 2, describe: 'Times smaller' },
          pictures: picturesOption,
        }),
      ({ files: films, frames, crf, preset: chosen, factor, pictures }) =>
        choose((context) => benchEnlarge({ films, frames, crf, preset: chosen, factor, pictures }, context)),
    )
    .command(
      'reduce <files..>',
      'Films or .weft files: decode at half the size against the area average of the native decode',
      (sub) => filmOptions(sub, 27, 33).default('preset', 'fast' as PresetName),
      ({ files: films, frames, crf, preset: chosen }) =>
        choose((context) => benchReduce({ films, frames, crf, preset: chosen }, context)),
    )
    .command(
      'slowmotion <files..>',
      'Films: every second, fourth or eighth frame encoded, decoded at the rate of all, beside blend and minterpolate',
      (sub) =>
        filmOptions(sub, 22).options({
          factor: { choices: SLOW_FACTORS, default: 2, describe: 'Of so many frames one is encoded' },
          pictures: picturesOption,
        }),
      ({ files: films, frames, crf, preset: chosen, factor, pictures }) =>
        choose((context) =>
          benchSlowMotion({ films, frames, crf, preset: chosen, factor, pictures }, context),
        ),
    )
    .command(
      'scene',
      'Analytic scenes: encoded at 160x90 and 15 Hz, decoded at 640x360 and 60 Hz, against the truth',
      (sub) =>
        sub.options({
          frames: framesOption,
          crf: { type: 'number', default: 18 },
          preset,
          samples: { type: 'number', default: 2, describe: 'Samples on each side of a true pixel' },
          pictures: picturesOption,
        }),
      ({ frames, crf, preset: chosen, samples, pictures }) =>
        choose((context) => benchAnalyticScenes({ frames, crf, preset: chosen, samples, pictures }, context)),
    )
    .command(
      'parity <files..>',
      '.weft files: native decoder against reference decoder, symbols and pictures',
      (sub) => files(sub).options({ frames: framesOption }),
      ({ files: films, frames }) => choose(({ reporter }) => benchParity({ files: films, frames }, reporter)),
    );
}

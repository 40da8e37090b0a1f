import process from 'node:process';
import yargs, { type Argv } from 'yargs';
import type { PresetName } from '../../trainers/presets.js';
import type { CommandContext } from '../commands/context.js';
import { presets } from '../commands/sourceOptions.js';
import { Reporter } from '../reporter.js';
import { benchAnalyticScenes } from './analyticScene.js';
import { benchDecodeSpeed } from './decodeSpeed.js';
import { benchEnlarge } from './enlarge.js';
import { benchParity } from './parity.js';
import { benchRateDistortion } from './rateDistortion.js';
import { benchReduce } from './reduce.js';
import { benchSlowMotion } from './slowMotion.js';

const preset = { choices: presets, default: 'medium' as PresetName } as const;
const framesOption = { type: 'number', describe: 'First frames of each film' } as const;

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

async function run(json: boolean, bench: (context: CommandContext) => Promise<void>): Promise<void> {
  const { stdout, stderr } = process;
  const reporter = new Reporter({ progress: 'none', json, debug: true, stdout, stderr });
  try {
    await bench({ reporter, ffmpeg: undefined, overwrite: true });
  } catch (error) {
    process.exitCode = reporter.error(error);
  }
}

/** `npm run bench -- NAME ...`: for developers; the last results are in docs/lab.md. */
await yargs(process.argv.slice(2))
  .scriptName('bench')
  .option('json', { type: 'boolean', default: false, describe: 'One event a line on standard output' })
  .command(
    'rd <files..>',
    'Films: rate-distortion against x264-medium',
    (cli) =>
      files(cli).options({
        frames: { ...framesOption, default: 33 },
        crf: { type: 'string', default: '24,30,36', describe: 'Points of the curve' },
        preset,
      }),
    ({ files: films, crf, frames, preset, json }) =>
      run(json, (context) =>
        benchRateDistortion({ films, frames, crfs: crf.split(',').map(Number), preset }, context),
      ),
  )
  .command(
    'decode <files..>',
    '.weft files: speed of the native decoder, by part',
    (cli) =>
      files(cli).options({
        threads: { type: 'number', default: 2 },
        runs: { type: 'number', default: 5, describe: 'Best of this many runs' },
      }),
    ({ files, threads, runs, json }) =>
      run(json, ({ reporter }) => benchDecodeSpeed({ files, threads, runs }, reporter)),
  )
  .command(
    'enlarge <files..>',
    'Films: halved, encoded, decoded at twice the size, beside Lanczos',
    (cli) => filmOptions(cli, 18, 17),
    ({ files: films, json, frames, crf, preset }) =>
      run(json, (context) => benchEnlarge({ films, frames, crf, preset }, context)),
  )
  .command(
    'reduce <files..>',
    'Films or .weft files: decode at half the size against the area average of the native decode',
    (cli) => filmOptions(cli, 27, 33).default('preset', 'fast' as PresetName),
    ({ files: films, json, frames, crf, preset }) =>
      run(json, (context) => benchReduce({ films, frames, crf, preset }, context)),
  )
  .command(
    'slowmotion <files..>',
    'Films: every second frame encoded, decoded at twice the rate, beside blend and minterpolate',
    (cli) => filmOptions(cli, 22),
    ({ files: films, json, frames, crf, preset }) =>
      run(json, (context) => benchSlowMotion({ films, frames, crf, preset }, context)),
  )
  .command(
    'scene',
    'Analytic scenes: encoded at 160x90 and 15 Hz, decoded at 640x360 and 60 Hz, against the truth',
    (cli) =>
      cli.options({
        frames: framesOption,
        crf: { type: 'number', default: 18 },
        preset,
        samples: { type: 'number', default: 2, describe: 'Samples on each side of a true pixel' },
      }),
    ({ json, frames, crf, preset, samples }) =>
      run(json, (context) => benchAnalyticScenes({ frames, crf, preset, samples }, context)),
  )
  .command(
    'parity <files..>',
    '.weft files: native decoder against reference decoder, symbols and pictures',
    (cli) => files(cli).options({ frames: framesOption }),
    ({ files, frames, json }) => run(json, ({ reporter }) => benchParity({ files, frames }, reporter)),
  )
  .strict()
  .demandCommand(1)
  .parseAsync();

import process from 'node:process';
import yargs from 'yargs';
import type { PresetName } from '../../trainers/presets.js';
import { presets } from '../commands/sourceOptions.js';
import { Reporter } from '../reporter.js';
import { benchDecodeSpeed } from './decodeSpeed.js';
import { benchRateDistortion } from './rateDistortion.js';

/** `npm run bench -- rd FILM...`, `-- decode FILE...`: for developers; the last results are in docs/lab.md. */
const args = await yargs(process.argv.slice(2))
  .scriptName('bench')
  .command('rd <films..>', 'Rate-distortion against x264-medium, by written and decoded files', (cli) =>
    cli.positional('films', { type: 'string', array: true, demandOption: true }),
  )
  .command('decode <files..>', 'Speed of the native decoder on .weft files, by part', (cli) =>
    cli.positional('files', { type: 'string', array: true, demandOption: true }),
  )
  .options({
    threads: { type: 'number', default: 2, describe: 'decode: threads' },
    runs: { type: 'number', default: 5, describe: 'decode: best of this many runs' },
    frames: { type: 'number', default: 33, describe: 'First frames of each film' },
    crf: { type: 'string', default: '24,30,36', describe: 'Points of the curve' },
    preset: { choices: presets, default: 'medium' as PresetName },
    json: { type: 'boolean', default: false },
  })
  .strict()
  .demandCommand(1)
  .parseAsync();

const { stdout, stderr } = process;
const reporter = new Reporter({ progress: 'none', json: args.json, debug: true, stdout, stderr });
try {
  if (args._[0] === 'decode') {
    await benchDecodeSpeed(
      { files: args.files as string[], threads: args.threads, runs: args.runs },
      reporter,
    );
  } else {
    const films = args.films as string[];
    const crfs = args.crf.split(',').map(Number);
    await benchRateDistortion(
      { films, frames: args.frames, crfs, preset: args.preset },
      { reporter, ffmpeg: undefined, overwrite: true },
    );
  }
} catch (error) {
  process.exitCode = reporter.error(error);
}

import process from 'node:process';
import yargs, { type Argv } from 'yargs';
import { UsageError, WeftError } from '../runtime/errors.js';
import { weftVersion } from '../trainers/version.js';
import type { CommandContext } from './commands/context.js';
import { type DecodeArguments, decodeOptions, runDecode } from './commands/decode.js';
import { type DemoArguments, demoOptions, runDemo } from './commands/demo.js';
import { type EncodeArguments, runEncode } from './commands/encode.js';
import { type EstimateArguments, runEstimate } from './commands/estimate.js';
import { type InfoArguments, runInfo } from './commands/info.js';
import { sourceOptions } from './commands/sourceOptions.js';
import { runVerify, type VerifyArguments, verifyOptions } from './commands/verify.js';
import { type ProgressStyle, Reporter } from './reporter.js';

const group = 'General:';

const generalOptions = {
  overwrite: {
    group,
    alias: 'y',
    type: 'boolean',
    describe: 'Write over existing outputs',
    conflicts: ['keep'],
  },
  keep: { group, alias: 'n', type: 'boolean', describe: 'Never write over existing outputs (the default)' },
  progress: {
    group,
    choices: ['auto', 'bar', 'plain', 'none'] as const,
    default: 'auto' as ProgressStyle,
    describe: 'How progress is shown',
  },
  json: { group, type: 'boolean', default: false, describe: 'Events as lines of JSON on standard output' },
  debug: { group, type: 'boolean', default: false, describe: 'Stacks of errors' },
  ffmpeg: { group, type: 'string', describe: 'Path of ffmpeg [default: from PATH, else the bundled one]' },
} as const;

interface GeneralArguments {
  overwrite?: boolean | undefined;
  progress: ProgressStyle;
  json: boolean;
  debug: boolean;
  ffmpeg?: string | undefined;
  input?: string | undefined;
}

const outputOption = {
  output: { type: 'string', alias: 'o', describe: 'File to write [default: <in>.weft]' },
} as const;

/** Only these settings may come from the environment, as WEFT_FFMPEG and so on; others belong to the build. */
const environmentNames = new Set([
  'WEFT_FFMPEG',
  'WEFT_PROGRESS',
  'WEFT_PRESET',
  'WEFT_THREADS',
  'WEFT_ENGINE',
]);

/** yargs takes every WEFT_ variable for an option, and with `strict` refuses those that are none. */
function withoutForeignVariables<T>(action: () => T): T {
  const foreign = Object.keys(process.env).filter(
    (name) => name.startsWith('WEFT_') && !environmentNames.has(name),
  );
  const kept = Object.fromEntries(foreign.map((name) => [name, process.env[name]]));
  for (const name of foreign) delete process.env[name];
  try {
    return action();
  } finally {
    Object.assign(process.env, kept);
  }
}

/** Stands for `-` while yargs parses: behind `--output`, and as a positional, yargs takes a lone dash for no value. */
const dashToken = 'standard-stream:';

function withoutDash(argv: string[]): string[] {
  return argv.map((word) => (word === '-' ? dashToken : word));
}

function withDash<T extends object>(args: T): T {
  const entries = Object.entries(args).map(([key, value]) => [key, value === dashToken ? '-' : value]);
  return Object.fromEntries(entries) as T;
}

type Run<T> = (args: T, context: CommandContext) => Promise<void>;

/** Remembers what the parser chose, so that it runs after parsing and its errors are told from the parser's. */
interface Chosen {
  run?: (context: CommandContext) => Promise<void>;
}

function buildParser(argv: string[], chosen: Chosen): Argv {
  const choose =
    <T>(run: Run<T>) =>
    (args: unknown) => {
      chosen.run = (context) => run(withDash(args as T & object), context);
    };
  const film = (cli: Argv, describe: string) =>
    cli.positional('input', { type: 'string', demandOption: true, describe });
  return yargs(argv)
    .scriptName('weft')
    .usage('$0 <command>\n\nA film as the weights of a small network, decoded at any size and frame rate.')
    .command(
      'encode <input>',
      'Film to weights',
      (cli) =>
        film(cli, 'Film or still image that ffmpeg reads, or - for y4m')
          .options({ ...outputOption, ...sourceOptions })
          .example('$0 encode film.mp4', 'film.weft at the usual quality')
          .example(
            '$0 encode film.mp4 --start 10 --end 13 --size 480x270 --crf 24 -o part.weft',
            'three seconds, smaller',
          ),
      choose<EncodeArguments>(runEncode),
    )
    .command(
      'decode <input>',
      'Weights to film',
      (cli) =>
        film(cli, 'A .weft file')
          .options(decodeOptions)
          .example('$0 decode film.weft --scale 2 --fps-multi 2', 'twice the size and the frame rate')
          .example('$0 decode film.weft --speed 0.25 -o slow.mp4', 'slow motion')
          .example('$0 decode film.weft -o - | mpv -', 'into a player'),
      choose<DecodeArguments>(runDecode),
    )
    .command(
      'info <input>',
      'What a .weft file holds',
      (cli) => film(cli, 'A .weft file'),
      choose<InfoArguments>(runInfo),
    )
    .command(
      'verify <input>',
      'Check a .weft file, and compare it with its film',
      (cli) => film(cli, 'A .weft file').options(verifyOptions),
      choose<VerifyArguments>(runVerify),
    )
    .command(
      'estimate <input>',
      'Time, bytes and memory of an encode, from a few measured steps',
      (cli) => film(cli, 'As for encode').options(sourceOptions),
      choose<EstimateArguments>(runEstimate),
    )
    .command(
      'demo',
      'Encode and decode a few seconds of the sample film, and show the result',
      (cli) => cli.options(demoOptions),
      choose<DemoArguments>(runDemo),
    )
    .options(generalOptions)
    .env('WEFT')
    .completion('completion', 'Print a completion script for the shell')
    .parserConfiguration({ 'duplicate-arguments-array': false, 'boolean-negation': false })
    .strict()
    .demandCommand(1, 'Name a command: encode, decode, info, verify, estimate or demo.')
    .recommendCommands()
    .epilogue('Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.')
    .version(weftVersion())
    .locale('en')
    .wrap(Math.min(110, process.stderr.columns ?? 100))
    .help()
    .exitProcess(false)
    .fail(false) as unknown as Argv;
}

/** @throws UsageError: nothing but parsing happens here, so whatever fails is the command line's fault. */
function parse(argv: string[], chosen: Chosen): GeneralArguments {
  try {
    return withoutForeignVariables(() =>
      buildParser(withoutDash(argv), chosen).parseSync(),
    ) as unknown as GeneralArguments;
  } catch (cause) {
    if (cause instanceof WeftError) throw cause;
    const command = argv.find((word) => !word.startsWith('-'));
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), {
      code: 'BAD_ARGUMENTS',
      hint: command ? `See weft --help, or weft ${command} --help.` : 'See weft --help.',
      cause,
    });
  }
}

/**
 * Runs a command line.
 *
 * @returns the exit code: 0 done, 1 failed, 2 wrong usage, 130 interrupted
 */
export async function runCommandLine(argv: string[]): Promise<number> {
  const streams = { stdout: process.stdout, stderr: process.stderr };
  let reporter = new Reporter({
    ...{ progress: 'none', json: argv.includes('--json'), debug: argv.includes('--debug') },
    ...streams,
  });
  let input: string | undefined;
  try {
    const chosen: Chosen = {};
    const parsed = parse(argv, chosen);
    input = parsed.input;
    if (!chosen.run) return 0; // --help, --version or completion
    reporter = new Reporter({
      ...streams,
      progress: parsed.progress,
      json: parsed.json,
      debug: parsed.debug,
    });
    await chosen.run({ reporter, ffmpeg: parsed.ffmpeg, overwrite: parsed.overwrite ?? false });
    return 0;
  } catch (error) {
    return reporter.error(error, input);
  }
}

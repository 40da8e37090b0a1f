import process from 'node:process';
import yargs, { type Argv } from 'yargs';
import { UsageError, WeftError } from '../runtime/errors.js';
import { weftVersion } from '../trainers/version.js';
import { type ChosenRun, commandTable, type Loaded } from './commandTable.js';
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

/** Remembers what the parser chose, so that it runs after parsing and its errors are told from the parser's. */
interface Chosen {
  run?: ChosenRun;
}

/** The commands that the words name; `completion` asks with the words of another command line. */
async function namedCommands(argv: string[], chosen: Chosen): Promise<Map<string, Loaded>> {
  const names = Object.keys(commandTable).filter((name) => argv.includes(name));
  const entries = names.map(async (name): Promise<[string, Loaded]> => {
    const choose = (run: ChosenRun): void => {
      chosen.run = run;
    };
    return [name, await commandTable[name]!.load(choose)];
  });
  return new Map(await Promise.all(entries));
}

function buildParser(argv: string[], chosen: Chosen, named: Map<string, Loaded>): Argv {
  let parser: Argv = yargs(argv)
    .scriptName('weft')
    .usage('$0 <command>\n\nA film as the weights of a small network, decoded at any size and frame rate.');
  for (const [name, { usage, describe }] of Object.entries(commandTable)) {
    const loaded = named.get(name);
    const build = (cli: Argv): Argv => loaded?.build(cli) ?? cli;
    parser = parser.command(usage, describe, build, (args) => {
      if (loaded?.run) chosen.run = (context) => loaded.run!(withDash(args) as never, context);
    });
  }
  return (
    parser
      .options(generalOptions)
      .env('WEFT')
      .completion('completion', 'Print a completion script for the shell')
      // Benches take lists of files; elsewhere the last of two equal options wins.
      .parserConfiguration({ 'duplicate-arguments-array': named.has('bench'), 'boolean-negation': false })
      .strict()
      .demandCommand(1, `Name a command: ${Object.keys(commandTable).join(', ')}.`)
      .recommendCommands()
      .epilogue('Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.')
      .version(weftVersion())
      .locale('en')
      .wrap(Math.min(110, process.stderr.columns ?? 100))
      .help()
      .exitProcess(false)
      .fail(false) as unknown as Argv
  );
}

/** @throws UsageError: nothing but parsing happens here, so whatever fails is the command line's fault. */
function parse(argv: string[], chosen: Chosen, named: Map<string, Loaded>): GeneralArguments {
  try {
    return withoutForeignVariables(() =>
      buildParser(withoutDash(argv), chosen, named).parseSync(),
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
    const parsed = parse(argv, chosen, await namedCommands(argv, chosen));
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

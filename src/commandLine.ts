import process from 'node:process';
import yargs, { type Argv } from 'yargs';
import { UsageError, WeftError } from '../runtime/errors.js';
import { weftVersion } from '../trainers/version.js';
import { type ChosenRun, commandTable, type Loaded } from './commandTable.js';
import {
  environmentValues,
  gatherRepeated,
  type OptionTable,
  type OptionTableOf,
  optionValues,
  parserOptions,
} from './optionTable.js';
import { PROGRESS_STYLES, type ProgressStyle, Reporter } from './reporter.js';

const group = 'General:';

/** Options of every command. */
interface GeneralOptions {
  overwrite?: boolean;
  keep?: boolean;
  progress: ProgressStyle;
  json: boolean;
  debug: boolean;
  ffmpeg?: string;
}

/** All of them, in the order that help and documentation show them. */
export const GENERAL_OPTIONS: OptionTableOf<GeneralOptions> = {
  overwrite: {
    ...{ flag: 'overwrite', alias: 'y', group, type: { kind: 'flag' }, oneOf: 'existing' },
    doc: 'Write over existing outputs',
  },
  keep: {
    ...{ flag: 'keep', alias: 'n', group, type: { kind: 'flag' }, oneOf: 'existing' },
    doc: 'Never write over existing outputs (the default)',
  },
  progress: {
    ...{ flag: 'progress', group, type: { kind: 'word', words: PROGRESS_STYLES }, fallback: 'auto' },
    variable: 'WEFT_PROGRESS',
    doc: 'How progress is shown',
  },
  json: {
    ...{ flag: 'json', group, type: { kind: 'flag' }, fallback: false },
    doc: 'Events as lines of JSON on standard output',
  },
  debug: { flag: 'debug', group, type: { kind: 'flag' }, fallback: false, doc: 'Stacks of errors' },
  ffmpeg: {
    ...{ flag: 'ffmpeg', group, type: { kind: 'text' }, fallbackDoc: 'from PATH, else the bundled one' },
    variable: 'WEFT_FFMPEG',
    doc: 'Path of ffmpeg',
  },
};

/**
 * Before a word that yargs would take for an option or drop: a lone dash, and what comes after `--`. No word of a command
 * line has this character.
 */
const literal = '\0';

function withLiterals(argv: readonly string[]): string[] {
  const end = argv.indexOf('--');
  const [words, names] = end < 0 ? [argv, []] : [argv.slice(0, end), argv.slice(end + 1)];
  return [
    ...words.map((word) => (word === '-' ? literal + word : word)),
    ...names.map((name) => (name.startsWith('-') ? literal + name : name)),
  ];
}

function withoutLiterals<T>(value: T): T {
  if (typeof value === 'string') return value.replaceAll(literal, '') as T;
  return Array.isArray(value) ? (value.map(withoutLiterals) as T) : value;
}

/** Turns parsed arguments back into what was written. */
function restoreWords(args: Record<string, unknown>): void {
  for (const [key, value] of Object.entries(args)) args[key] = withoutLiterals(value);
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

/** Adds options, and what the environment says of them: it counts where the command has such an option. */
function withOptions(cli: Argv, table: OptionTable): Argv {
  return cli.options(parserOptions(table)).config(environmentValues(table));
}

function buildParser(argv: string[], chosen: Chosen, named: Map<string, Loaded>): Argv {
  let parser: Argv = yargs(argv)
    .scriptName('weft')
    .usage('$0 <command>\n\nA film as the weights of a small network, decoded at any size and frame rate.');
  const takesLists = named.has('bench') || named.has('join');
  for (const [name, { usage, describe }] of Object.entries(commandTable)) {
    const loaded = named.get(name);
    const table = loaded?.options ?? {};
    const build = (cli: Argv): Argv => loaded?.build(withOptions(cli, table)) ?? cli;
    parser = parser.command(usage, describe, build, (args) => {
      const values = { ...optionValues(table, args), input: args.input };
      if (loaded?.run) chosen.run = (context) => loaded.run!(values as never, context);
    });
  }
  return (
    withOptions(parser, GENERAL_OPTIONS)
      .middleware(restoreWords)
      .completion('completion', 'Print a completion script for the shell')
      // Some commands take lists of files; elsewhere the last of two equal options wins.
      .parserConfiguration({ 'duplicate-arguments-array': takesLists, 'boolean-negation': false })
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
function parse(
  argv: string[],
  chosen: Chosen,
  named: Map<string, Loaded>,
): GeneralOptions & { input?: string } {
  try {
    const tables = [...named.values()].map(({ options }) => options ?? {});
    const words = tables.reduce<string[]>((known, table) => gatherRepeated(known, table), argv);
    const parsed = buildParser(withLiterals(words), chosen, named).parseSync();
    return { ...optionValues(GENERAL_OPTIONS, parsed), input: parsed.input } as never;
  } catch (cause) {
    if (cause instanceof WeftError) throw cause;
    const command = argv.find((word) => !word.startsWith('-'));
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError(withoutLiterals(message.replaceAll(JSON.stringify(literal).slice(1, -1), literal)), {
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
    input = typeof parsed.input === 'string' ? parsed.input : undefined;
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

/** Tables of options as the command line takes them: into the parser, out of the environment, out of parsed arguments. */
import process from 'node:process';
import type { Options } from 'yargs';
import { fallbackOf, type OptionField, type OptionType } from '../trainers/optionField.js';
import { parseRate } from './media/rational.js';
import { numberWithin, parseAmount, parseCrop, parseSeconds, parseSize } from './optionValues.js';
import { parseFreezes, parsePan, parseSpeeds } from './pointLists.js';

/** Legal values of an option of the command line. */
export type CommandOptionType =
  | OptionType
  | { readonly kind: 'flag' }
  | { readonly kind: 'text' }
  /** WIDTHxHEIGHT: least and largest side in pixels. */
  | { readonly kind: 'size'; readonly min: number; readonly max: number }
  /** Frames per second. */
  | { readonly kind: 'rate' }
  /** Seconds, or minutes:seconds. */
  | { readonly kind: 'time' }
  /** x,y,width,height in pixels of the film. */
  | { readonly kind: 'crop' }
  /** TIME:SPEED, several, or a file of them. */
  | { readonly kind: 'speeds' }
  /** TIME:SECONDS; may be given several times. */
  | { readonly kind: 'freezes' }
  /** TIME:x,y,width,height, several, or a file of them. */
  | { readonly kind: 'pan' };

/** One option of a command. */
export type CommandOption<Value = unknown> = OptionField<CommandOptionType, Value>;

/** Options of a command by the names that its code knows them by. */
export type OptionTable = Readonly<Record<string, CommandOption>>;

/** A table that has a row for every field of `Values`. */
export type OptionTableOf<Values> = {
  readonly [Name in keyof Values]-?: CommandOption<NonNullable<Values[Name]>>;
};

/** One option for yargs. Help shows its default; it has no value unless it is given. */
export function parserOption(field: CommandOption): Options {
  const { alias, group, doc, type } = field;
  return {
    ...(alias && { alias }),
    ...(group && { group }),
    ...(fallbackText(field) && { defaultDescription: fallbackText(field) }),
    ...reading(type, `--${field.flag}`),
    describe: doc,
  };
}

/** A table for yargs, by flag. */
export function parserOptions(table: OptionTable): Record<string, Options> {
  const fields = Object.values(table);
  const rivals = (field: CommandOption, index: number) =>
    fields.slice(index + 1).filter(({ oneOf }) => oneOf !== undefined && oneOf === field.oneOf);
  const entries = fields.map((field, index): [string, Options] => {
    const conflicts = rivals(field, index).map(({ flag }) => flag);
    return [field.flag, { ...parserOption(field), ...(conflicts.length > 0 && { conflicts }) }];
  });
  return Object.fromEntries(entries);
}

/** What help and documentation say of the value that an option has if it is not given. */
export function fallbackText({ fallback, fallbackDoc }: CommandOption): string | undefined {
  return fallbackDoc ?? (fallback === undefined || fallback === false ? undefined : String(fallback));
}

/** How yargs reads a value of this type. */
function reading(type: CommandOptionType, path: string): Options {
  switch (type.kind) {
    case 'flag':
      return { type: 'boolean' };
    case 'text':
      return { type: 'string' };
    case 'word':
      return { choices: type.words };
    case 'number': {
      const check = numberWithin(path, type.min, type.max, type.whole);
      if (!type.suffixes) return { type: 'number', coerce: check };
      return { type: 'string', coerce: (text?: string) => check(parseAmount(text, path)) };
    }
    case 'size':
      return { type: 'string', coerce: (text?: string) => parseSize(text, path, type) };
    case 'rate':
      return {
        type: 'string',
        coerce: (text?: string) => (text === undefined ? undefined : parseRate(text, path)),
      };
    case 'time':
      return { type: 'string', coerce: (text?: string) => parseSeconds(text, path) };
    case 'crop':
      return { type: 'string', coerce: (text?: string) => parseCrop(text, path) };
    case 'speeds':
      return { type: 'string', coerce: (text?: string) => parseSpeeds(text, path) };
    case 'freezes':
      return { type: 'string', coerce: (text?: string) => parseFreezes(text, path) };
    case 'pan':
      return { type: 'string', coerce: (text?: string) => parsePan(text, path) };
  }
}

/** Words of a command line in which each option that may be given several times is there once, with all that it was given. */
export function gatherRepeated(argv: readonly string[], table: OptionTable): string[] {
  const flags = Object.values(table).filter(({ type }) => type.kind === 'freezes');
  return flags.reduce((words, { flag }) => gatherFlag(words, `--${flag}`), [...argv]);
}

function gatherFlag(words: readonly string[], flag: string): string[] {
  const end = words.indexOf('--') < 0 ? words.length : words.indexOf('--');
  const [others, values]: [string[], string[]] = [[], []];
  for (let i = 0; i < end; i++) {
    const word = words[i]!;
    if (word.startsWith(`${flag}=`)) values.push(word.slice(flag.length + 1));
    else if (word === flag && i + 1 < end) values.push(words[++i]!);
    else others.push(word);
  }
  if (values.length === 0) return [...words];
  return [...others, `${flag}=${values.join(',')}`, ...words.slice(end)];
}

/** Values of the options that the environment sets, by flag; an empty variable sets nothing. */
export function environmentValues(
  table: OptionTable,
  environment: NodeJS.ProcessEnv = process.env,
): Record<string, string> {
  const entries = Object.values(table).map(({ flag, variable }) => [flag, variable && environment[variable]]);
  return Object.fromEntries(entries.filter(([, value]) => value));
}

/** Values of the options of a table by name: what was parsed, else the fallback. What has neither is not there. */
export function optionValues(
  table: OptionTable,
  parsed: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const entries = Object.entries(table).map(([name, field]) => {
    const fallback = field.oneOf === undefined ? fallbackOf(field) : undefined;
    return [name, parsed[field.flag] ?? fallback];
  });
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

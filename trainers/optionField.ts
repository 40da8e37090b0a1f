/** What an option is, as data. A table of these drives checking, the command line and docs/options.md. */

import { UsageError } from '../runtime/errors.js';

/** Legal values of an option that is a number or a word. */
export type OptionType =
  | {
      readonly kind: 'number';
      readonly min: number;
      readonly max: number;
      /** Integers only. */
      readonly whole?: boolean;
      /** The command line takes `500k` and `2M` too. */
      readonly suffixes?: boolean;
    }
  | { readonly kind: 'word'; readonly words: readonly string[] };

/** One row of a table of options; its key there is the name of the option in the library. */
export interface OptionField<Type = OptionType, Value = unknown> {
  /** Name on the command line, without dashes. */
  readonly flag: string;
  /** One letter for it. */
  readonly alias?: string;
  readonly type: Type;
  /** Value if none is given; undefined: there is none, or `fallbackDoc` says what it comes from. */
  readonly fallback?: Value | (() => Value);
  /** What is done if no value is given, where `fallback` is no constant. */
  readonly fallbackDoc?: string;
  /** Environment variable that sets it where the command line does not. */
  readonly variable?: string;
  /** Of all options with the same word here at most one may be given; a fallback counts only where none is. */
  readonly oneOf?: string;
  /** Heading that the help shows it under. */
  readonly group?: string;
  readonly doc: string;
}

/** Value of an option that was not given. */
export function fallbackOf({ fallback }: OptionField<unknown>): unknown {
  return typeof fallback === 'function' ? (fallback as () => unknown)() : fallback;
}

/**
 * Checks one value.
 *
 * @throws UsageError `OPTION_RANGE`
 */
export function checkOption(name: string, value: unknown, type: OptionType): void {
  if (isLegal(value, type)) return;
  const word = type.kind === 'word';
  const range = word ? type.words.join(', ') : `${type.min}..${type.max}`;
  const number = !word && type.whole ? 'a whole number' : 'a number';
  throw new UsageError(word ? `There is no ${name} ${value}.` : `${name} ${value} is out of range.`, {
    code: 'OPTION_RANGE',
    hint: word ? `Choose one of ${range}.` : `Give ${number} from ${type.min} to ${type.max}.`,
    path: `options.${name}`,
    value,
    range,
  });
}

function isLegal(value: unknown, type: OptionType): boolean {
  if (type.kind === 'word') return type.words.includes(value as string);
  if (typeof value !== 'number' || !(value >= type.min && value <= type.max)) return false;
  return !type.whole || Number.isInteger(value);
}

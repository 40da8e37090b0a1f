/** What is wrong with an option of `WeftFilm.frames`, or with the text that it is read from. */

import { UsageError } from '../errors.js';

/** @param legal names that there are */
export function unknownOption(name: string, legal: readonly string[]): UsageError {
  return optionError('OPTION_UNKNOWN', name, 'does not exist', legal.join(', '));
}

/** @param name the option, or the field of it: `retime[2].speed` */
export function outOfRange(name: string, value: unknown, range: string): UsageError {
  return optionError('OPTION_RANGE', name, 'is out of range', range, value);
}

/** Of two options that say the same in other words only one may be given. */
export function rivalOptions(name: string, value: unknown, rival: string): UsageError {
  return optionError('OPTION_CONFLICT', name, `excludes ${rival}`, `${name} or ${rival}, not both`, value);
}

/**
 * @param name of what was given: a flag, an attribute
 * @param hint what would be right, a sentence
 * @returns an error whose message says everything: the parser of the command line passes on no more than that
 */
export function badValue(name: string, value: unknown, hint: string, range?: string): UsageError {
  const said = typeof value === 'string' ? ` '${value}'` : '';
  return new UsageError(`${name}${said}: ${hint}`, {
    ...{ code: 'BAD_VALUE', hint, path: name, value },
    ...(range ? { range } : {}),
  });
}

function optionError(code: string, name: string, what: string, range: string, value?: unknown): UsageError {
  return new UsageError(`The option ${name} ${what}.`, {
    code,
    hint: `Legal: ${range}.`,
    path: `options.${name}`,
    value,
    range,
  });
}

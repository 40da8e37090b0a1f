/** What is wrong with an option of `WeftFilm.frames`. */

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

function optionError(code: string, name: string, what: string, range: string, value?: unknown): UsageError {
  return new UsageError(`The option ${name} ${what}.`, {
    code,
    hint: `Legal: ${range}.`,
    path: `options.${name}`,
    value,
    range,
  });
}

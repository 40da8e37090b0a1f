import { ENCODE_OPTIONS, type EncodeOptions } from '../../trainers/options.js';
import { given } from '../given.js';
import type { SoundOptions, SourceOptions } from './sourceOptions.js';

/** Arguments of a command that encodes a film or foretells what that takes. */
export interface EncodeSettings extends Partial<EncodeOptions>, SourceOptions, SoundOptions {
  input: string;
}

/** The options of the encoder among the arguments. */
export function encodeOptions(args: Partial<EncodeOptions>): Partial<EncodeOptions> {
  const names = Object.keys(ENCODE_OPTIONS) as (keyof EncodeOptions)[];
  return given(Object.fromEntries(names.map((name) => [name, args[name]])));
}

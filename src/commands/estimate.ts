import { streamed } from '../../runtime/format/chunks.js';
import { ENCODE_OPTIONS } from '../../trainers/options.js';
import { duration } from '../duration.js';
import { listenForInterrupts } from '../interrupts.js';
import type { OptionTable } from '../optionTable.js';
import type { CommandContext } from './context.js';
import { type EncodeSettings, encodeOptions } from './encodeSettings.js';
import { SOUND_OPTIONS, SOURCE_OPTIONS, withSource } from './sourceOptions.js';

/** Options of `weft estimate`: those of the encode in question. */
export const ESTIMATE_OPTIONS: OptionTable = { ...ENCODE_OPTIONS, ...SOURCE_OPTIONS, ...SOUND_OPTIONS };

/** Time, bytes and memory of an encode, from a few measured steps. */
export async function runEstimate(args: EncodeSettings, context: CommandContext): Promise<void> {
  const interrupts = listenForInterrupts();
  try {
    await withSource(args.input, args, context, interrupts.signal, async (film) => {
      const { estimate } = await import('../../trainers/estimate.js');
      const { signal } = interrupts;
      const {
        seconds,
        bytes: pictureBytes,
        memoryBytes,
      } = await estimate(film, encodeOptions(args), { signal });
      const tracks = ((await film.chunks?.(signal)) ?? []).map(streamed);
      const bytes = tracks.reduce((sum, { size }) => sum + size, pictureBytes);
      const { width, height, frames } = film.info;
      context.reporter.result(
        { input: args.input, seconds, bytes, memoryBytes, frames, width, height },
        `${args.input}: about ${duration(seconds)}, ${Math.round(bytes / 1000)} kB, ` +
          `${Math.round(memoryBytes / 1e6)} MB of memory`,
      );
    });
  } finally {
    interrupts.dispose();
  }
}

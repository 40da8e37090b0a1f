import type { CommandContext } from '../commands/context.js';
import { isOfWeft } from './rate/curves.js';
import { meanComparisonText } from './rate/figureText.js';
import { measureRateDistortion } from './rate/laboratory.js';
import type { RateDistortionArguments } from './rate/options.js';
import { prepareResultFolder, writeResults } from './rate/resultFolder.js';
import type { RateResults } from './rate/results.js';

/**
 * Encodes films with weft and with other encoders at several qualities, decodes what was written, and compares the
 * curves of rate and distortion. Points that were measured earlier are taken from the cache.
 *
 * @throws UsageError ANCHOR_UNKNOWN, FILM_SET; MediaError SAMPLE_MISSING, OUTPUT_EXISTS, CACHE_FOLDER; InterruptedError
 */
export async function benchRateDistortion(
  args: RateDistortionArguments,
  context: CommandContext,
): Promise<void> {
  const { output } = args;
  if (output !== undefined) await prepareResultFolder(output, context.overwrite);
  const results = await measureRateDistortion(args, context);
  const page = output === undefined ? undefined : await writeResults(output, results);
  const { films: _, machine: __, ...summary } = results;
  context.reporter.result({ ...summary, page }, resultText(results, page));
}

function resultText({ means, measured, cached }: RateResults, page?: string): string {
  return [
    ...means.filter(isOfWeft).map(meanComparisonText),
    `${measured} points measured, ${cached} taken from the cache`,
    ...(page === undefined ? [] : [page]),
  ].join('\n');
}

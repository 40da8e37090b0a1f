import path from 'node:path';
import type { EncodeOptions } from '../../trainers/encode.js';
import type { CommandContext } from '../commands/context.js';
import { bdRate, type RatePoint } from '../measure/bdRate.js';
import { type X264Result, x264AtCrf } from '../measure/x264.js';
import { type Film, openFilm } from '../media/filmReader.js';
import { withEncoder } from './benchFilm.js';
import { mean } from './decibelTable.js';

/** What the rate-distortion bench runs. */
export interface RateDistortionArguments {
  films: string[];
  frames: number;
  crfs: number[];
  preset: EncodeOptions['preset'];
}

/** crf of x264's curve, those of the usual anchors. */
const anchorCrfs = [22, 27, 32, 37];

/**
 * Encodes the first frames of films at several crf, writes, decodes and measures each, and compares with x264-medium
 * measured the same way. Prints one line a point and the BD-rate of each film.
 */
export async function benchRateDistortion(
  { films, frames, crfs, preset }: RateDistortionArguments,
  context: CommandContext,
): Promise<void> {
  const { reporter } = context;
  const rates: number[] = [];
  for (const name of films) {
    const film = await openFilm(name, { frames });
    const points = await weftPoints(film, path.parse(name).name, crfs, preset, context);
    const anchor: RatePoint[] = [];
    for (const crf of anchorCrfs) anchor.push(pointOf(await x264AtCrf(film, crf)));
    const rate = bdRate(anchor, points);
    rates.push(rate);
    reporter.event('film', { name, bdRate: rate, points, anchor });
    reporter.table(`${path.parse(name).name}: BD-rate against x264-medium ${percent(rate)}`);
    await film.close();
  }
  const meanBdRate = mean(rates);
  reporter.result({ meanBdRate, bdRates: rates }, `mean BD-rate against x264-medium ${percent(meanBdRate)}`);
}

async function weftPoints(
  film: Film,
  name: string,
  crfs: number[],
  preset: EncodeOptions['preset'],
  context: CommandContext,
): Promise<RatePoint[]> {
  return withEncoder(context, async (encode) => {
    const points: RatePoint[] = [];
    for (const crf of crfs) {
      const { report } = await encode(film, { crf, preset });
      const { bytes, estimatedBytes, psnrDb, seconds, frames, width, height } = report;
      const secondsPerMegapixel = (1e6 * seconds) / (frames * width * height);
      points.push({ rate: bytes, psnrDb: psnrDb.yuv });
      context.reporter.event('point', {
        name,
        crf,
        bytes,
        estimatedBytes,
        psnrDb,
        seconds,
        secondsPerMegapixel,
      });
      context.reporter.table(
        `${name} crf ${crf}: ${bytes} bytes (estimated ${estimatedBytes}), ${psnrDb.yuv.toFixed(2)} dB, ` +
          `${secondsPerMegapixel.toFixed(1)} s per million pixels`,
      );
    }
    return points;
  });
}

function pointOf({ bytes, psnrDb }: X264Result): RatePoint {
  return { rate: bytes, psnrDb: psnrDb.yuv };
}

function percent(fraction: number): string {
  return `${fraction >= 0 ? '+' : ''}${(100 * fraction).toFixed(1)}%`;
}

/** How figures are written, in the terminal and on the page. */
import {
  bytesPerDecibel,
  type Curve,
  type CurveComparison,
  type CurvePoint,
  type MeanComparison,
  type MeanDifference,
  type Measure,
  measures,
  type RateDifference,
} from './curves.js';
import { type FilmResult, pointRates } from './results.js';

/** What a measure is called. */
export const measureTitles: Record<Measure, string> = { psnr: 'PSNR yuv', ssim: 'SSIM', vmaf: 'VMAF' };

/** `-12.3%`. */
export function percent(fraction: number): string {
  return `${fraction >= 0 ? '+' : ''}${(100 * fraction).toFixed(1)}%`;
}

/** A BD-rate, or why there is none. */
export function differenceText(difference: RateDifference): string {
  return typeof difference === 'number' ? percent(difference) : difference;
}

/** A mean with the worst of several films, and the number of films where it is not that of all. */
export function meanText({ mean, worst, films, of }: MeanDifference): string {
  if (mean === undefined || worst === undefined) return 'none';
  const counted = films === of ? percent(mean) : `${percent(mean)} (${films} of ${of})`;
  return films === 1 ? counted : `${counted}, worst ${percent(worst.difference)} (${worst.film})`;
}

/** The BD-rates of one film in a line. */
export function comparisonText(row: CurveComparison): string {
  const taken = measures.filter((measure) => row[measure] !== 'not measured');
  const figures = taken.map((measure) => `${measureTitles[measure]} ${differenceText(row[measure])}`);
  return `BD-rate of ${row.codec} against ${row.anchor}: ${figures.join(', ')}`;
}

/** The mean BD-rates in a line. */
export function meanComparisonText(row: MeanComparison): string {
  const taken = measures.filter((measure) => row[measure].of > 0);
  const figures = taken.map((measure) => `${measureTitles[measure]} ${meanText(row[measure])}`);
  const over = row.set === undefined ? '' : ` over ${row.set}`;
  return `mean BD-rate${over} of ${row.codec} against ${row.anchor}: ${figures.join(', ')}`;
}

/** `416x240, 33 frames`. */
export function filmText({ info, frames }: Pick<FilmResult, 'info' | 'frames'>): string {
  return `${info.width}x${info.height}, ${frames} ${frames === 1 ? 'frame' : 'frames'}`;
}

/** Columns of a table of points. */
export const pointTitles = [
  ...['codec', 'setting', 'bytes', 'kbit/s', 'bits per pixel', 'PSNR Y', 'U', 'V', 'yuv'],
  ...['SSIM', 'SSIM dB', 'VMAF', 'bytes for 1 dB', 'seconds', 's per million pixels'],
] as const;

/** The cells of a point under `pointTitles`. */
export function pointCells({ info }: FilmResult, curve: Curve, point: CurvePoint): string[] {
  const { codec, setting } = curve;
  const slope = bytesPerDecibel(curve, curve.points.indexOf(point));
  const { psnrDb, ssim, ssimDb, vmaf, bytes, seconds } = point;
  const { kilobitsPerSecond, bitsPerPixel, secondsPerMegapixel } = pointRates(info, point);
  return [
    ...[codec, `${setting} ${point.setting}`, String(bytes)],
    ...[kilobitsPerSecond?.toFixed(1) ?? '-', bitsPerPixel.toFixed(4)],
    ...[psnrDb.y, psnrDb.u, psnrDb.v, psnrDb.yuv].map((db) => db.toFixed(2)),
    ...[ssim.toFixed(4), ssimDb.toFixed(2), vmaf?.toFixed(2) ?? '-'],
    slope === undefined ? '-' : `x${slope.toFixed(2)}`,
    ...[seconds.toFixed(1), secondsPerMegapixel.toFixed(2)],
  ];
}

/** A point in a line. */
export function pointText(film: FilmResult, curve: Curve, point: CurvePoint): string {
  const cells = pointCells(film, curve, point);
  const [codec, setting, bytes, kilobits, bitsPerPixel, y, u, v, yuv] = cells;
  const [ssim, ssimDb, vmaf, slope, seconds, pace] = cells.slice(9);
  const rate = kilobits === '-' ? `${bitsPerPixel} bits per pixel` : `${kilobits!.padStart(8)} kbit/s`;
  return (
    `  ${codec!.padEnd(14)} ${setting!.padEnd(10)} ${bytes!.padStart(8)} bytes ${rate}   ` +
    `PSNR Y ${y} U ${u} V ${v} yuv ${yuv}   SSIM ${ssim} (${ssimDb} dB)` +
    `${vmaf === '-' ? '' : `   VMAF ${vmaf}`}${slope === '-' ? '' : `   ${slope} bytes for 1 dB`}   ${seconds} s, ${pace} s per million pixels`
  );
}

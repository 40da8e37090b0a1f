import { anchors as knownAnchors } from '../../measure/anchors.js';
import { bdRate, type RatePoint } from '../../measure/bdRate.js';
import { mean } from '../benchFilm.js';
import type { RatePointFigures } from './ratePoint.js';

/** A measured point of a curve. */
export interface CurvePoint extends RatePointFigures {
  setting: number;
}

/** What one codec makes of one film. */
export interface Curve {
  codec: string;
  /** Name of the setting. */
  setting: string;
  points: CurvePoint[];
}

/** The measures that rates are compared at. */
export const measures = ['psnr', 'ssim', 'vmaf'] as const;
export type Measure = (typeof measures)[number];

/** BD-rate as a fraction, or why there is none. */
export type RateDifference = number | 'no overlap' | 'too few points' | 'not measured';

/** A codec against another on one film. */
export interface CurveComparison extends Record<Measure, RateDifference> {
  codec: string;
  anchor: string;
}

/** BD-rate over films: the mean of those that have one, and the worst of them. */
export interface MeanDifference {
  /** Missing where no film has one. */
  mean?: number;
  worst?: { film: string; difference: number };
  films: number;
  /** Films on which both were measured. */
  of: number;
}

/** A codec against another over the films that both took. */
export interface MeanComparison extends Record<Measure, MeanDifference> {
  /** Of the films of this set alone; missing: of all. */
  set?: string;
  codec: string;
  anchor: string;
}

/** What an anchor is compared by: all measures, or the one that it is tuned for. */
export function comparedMeasures(anchor: string): readonly Measure[] {
  const tune = knownAnchors.find(({ name }) => name === anchor)?.tune;
  return tune ? [tune] : measures;
}

/**
 * What a dB of PSNR yuv costs between a point of a curve and the one before it: the factor of the bytes. Missing for the first
 * point, and between points of equal quality.
 */
export function bytesPerDecibel({ points }: Curve, index: number): number | undefined {
  const [before, point] = [points[index - 1], points[index]];
  if (!before || !point || before.psnrDb.yuv === point.psnrDb.yuv) return undefined;
  return (before.bytes / point.bytes) ** (1 / (before.psnrDb.yuv - point.psnrDb.yuv));
}

/** Every codec against every anchor but itself. */
export function compareCurves(curves: readonly Curve[], anchors: readonly string[]): CurveComparison[] {
  const anchorCurves = anchors.flatMap((name) => curves.filter(({ codec }) => codec === name));
  return curves.flatMap((test) =>
    anchorCurves.filter((anchor) => anchor !== test).map((anchor) => comparison(anchor, test)),
  );
}

function comparison(anchor: Curve, test: Curve): CurveComparison {
  const compared = comparedMeasures(anchor.codec);
  const of = (measure: Measure): RateDifference =>
    compared.includes(measure)
      ? rateDifference(pointsOf(anchor, measure), pointsOf(test, measure))
      : 'not measured';
  return { codec: test.codec, anchor: anchor.codec, psnr: of('psnr'), ssim: of('ssim'), vmaf: of('vmaf') };
}

const qualities: Record<Measure, (figures: RatePointFigures) => number | null | undefined> = {
  psnr: ({ psnrDb }) => psnrDb.yuv,
  ssim: ({ ssimDb }) => ssimDb,
  vmaf: ({ vmaf }) => vmaf,
};

/** Of points of equal quality (all are lossless, or VMAF is at its end) the cheapest counts. */
function pointsOf({ points }: Curve, measure: Measure): RatePoint[] {
  const cheapest = new Map<number, number>();
  for (const point of points) {
    const quality = qualities[measure](point);
    if (quality === null || quality === undefined) continue;
    cheapest.set(quality, Math.min(point.bytes, cheapest.get(quality) ?? Number.POSITIVE_INFINITY));
  }
  return Array.from(cheapest, ([quality, rate]) => ({ rate, quality }));
}

function rateDifference(anchor: RatePoint[], test: RatePoint[]): RateDifference {
  if (anchor.length === 0 || test.length === 0) return 'not measured';
  if (Math.min(anchor.length, test.length) < 2) return 'too few points';
  return bdRate(anchor, test) ?? 'no overlap';
}

/** A film whose curves are compared. */
export interface ComparedFilm {
  name: string;
  set?: string;
  comparisons: readonly CurveComparison[];
}

/** The mean of each pair of codecs over the films of each set and over all, in the order in which pairs come up. */
export function meanComparisons(films: readonly ComparedFilm[]): MeanComparison[] {
  const sets = [...new Set(films.flatMap(({ set }) => set ?? []))];
  const ofSets = sets.flatMap((set) =>
    meansOver(films.filter((film) => film.set === set)).map((means) => ({ set, ...means })),
  );
  return [...ofSets, ...meansOver(films)];
}

function meansOver(films: readonly ComparedFilm[]): MeanComparison[] {
  const all = films.flatMap(({ name, comparisons }) => comparisons.map((row) => ({ film: name, ...row })));
  const same = (a: CurveComparison) => (b: CurveComparison) => a.codec === b.codec && a.anchor === b.anchor;
  const pairs = all.filter((row, index) => all.findIndex(same(row)) === index);
  return pairs.map((pair) => {
    const rows = all.filter(same(pair));
    const of = (measure: Measure) =>
      meanDifference(rows.map((row) => ({ film: row.film, difference: row[measure] })));
    return { codec: pair.codec, anchor: pair.anchor, psnr: of('psnr'), ssim: of('ssim'), vmaf: of('vmaf') };
  });
}

function meanDifference(rows: readonly { film: string; difference: RateDifference }[]): MeanDifference {
  const measured = rows.flatMap(({ film, difference }) =>
    typeof difference === 'number' ? [{ film, difference }] : [],
  );
  const counts = {
    films: measured.length,
    of: rows.filter(({ difference }) => difference !== 'not measured').length,
  };
  if (measured.length === 0) return counts;
  const worst = measured.reduce((a, b) => (b.difference > a.difference ? b : a));
  return { ...counts, mean: mean(measured.map(({ difference }) => difference)), worst };
}

/** Comparisons that the terminal shows; those of the other encoders with each other are for the page. */
export function isOfWeft({ codec }: { codec: string }): boolean {
  return codec.startsWith('weft-');
}

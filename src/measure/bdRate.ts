/** One point of a rate-distortion curve, in any unit of rate and any measure that grows with quality: PSNR, SSIM, VMAF. */
export interface RatePoint {
  rate: number;
  quality: number;
}

/** Slopes of the monotone piecewise cubic through (x, y) (Fritsch and Butland 1984, ends as in Moler 2004). */
function pchipSlopes(x: number[], y: number[]): number[] {
  const n = x.length;
  const h = x.slice(1).map((value, i) => value - x[i]!);
  const delta = h.map((step, i) => (y[i + 1]! - y[i]!) / step);
  if (n === 2) return [delta[0]!, delta[0]!];
  const slopes = new Array<number>(n).fill(0);
  for (let i = 1; i < n - 1; i++) {
    if (delta[i - 1]! * delta[i]! <= 0) continue;
    const w1 = 2 * h[i]! + h[i - 1]!;
    const w2 = h[i]! + 2 * h[i - 1]!;
    slopes[i] = (w1 + w2) / (w1 / delta[i - 1]! + w2 / delta[i]!);
  }
  slopes[0] = endSlope(h[0]!, h[1]!, delta[0]!, delta[1]!);
  slopes[n - 1] = endSlope(h[n - 2]!, h[n - 3]!, delta[n - 2]!, delta[n - 3]!);
  return slopes;
}

function endSlope(h0: number, h1: number, delta0: number, delta1: number): number {
  const slope = ((2 * h0 + h1) * delta0 - h0 * delta1) / (h0 + h1);
  if (slope * delta0 <= 0) return 0;
  if (delta0 * delta1 <= 0 && Math.abs(slope) > 3 * Math.abs(delta0)) return 3 * delta0;
  return slope;
}

/** Integral over [from, to] of the piecewise cubic through (x, y). */
function integrate(x: number[], y: number[], from: number, to: number): number {
  const slopes = pchipSlopes(x, y);
  let sum = 0;
  for (let i = 0; i + 1 < x.length; i++) {
    const h = x[i + 1]! - x[i]!;
    const antiderivative = (at: number) => {
      const s = (at - x[i]!) / h;
      const h00 = s - s ** 3 + s ** 4 / 2;
      const h10 = s ** 2 / 2 - (2 * s ** 3) / 3 + s ** 4 / 4;
      const h01 = s ** 3 - s ** 4 / 2;
      const h11 = s ** 4 / 4 - s ** 3 / 3;
      return h * (y[i]! * h00 + h * slopes[i]! * h10 + y[i + 1]! * h01 + h * slopes[i + 1]! * h11);
    };
    const a = Math.max(from, x[i]!);
    const b = Math.min(to, x[i + 1]!);
    if (b > a) sum += antiderivative(b) - antiderivative(a);
  }
  return sum;
}

function curve(points: readonly RatePoint[]): { quality: number[]; logRate: number[] } {
  const sorted = [...points].sort((a, b) => a.quality - b.quality);
  const quality = sorted.map((point) => point.quality);
  if (quality.length < 2 || quality.some((value, i) => i > 0 && !(value > quality[i - 1]!))) {
    throw new RangeError('A rate-distortion curve needs two points or more, each of another quality.');
  }
  return { quality, logRate: sorted.map((point) => Math.log(point.rate)) };
}

/**
 * Mean difference of rate at equal quality, as a fraction: -0.1 where `test` needs 10% less than `anchor`
 * (Bjontegaard 2001; piecewise cubic in the logarithm of the rate, over the quality that both curves cover).
 *
 * @returns undefined where the curves share no range of quality
 * @throws RangeError if a curve has fewer than two points, or two of the same quality
 */
export function bdRate(anchor: readonly RatePoint[], test: readonly RatePoint[]): number | undefined {
  const a = curve(anchor);
  const b = curve(test);
  const from = Math.max(a.quality[0]!, b.quality[0]!);
  const to = Math.min(a.quality.at(-1)!, b.quality.at(-1)!);
  if (!(to > from)) return undefined;
  const difference = integrate(b.quality, b.logRate, from, to) - integrate(a.quality, a.logRate, from, to);
  return Math.exp(difference / (to - from)) - 1;
}

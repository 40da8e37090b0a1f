/** One point of a rate-distortion curve. Any unit of rate will do, as long as both curves use it. */
export interface RatePoint {
  rate: number;
  psnrDb: number;
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

function curve(points: RatePoint[]): { db: number[]; logRate: number[] } {
  const sorted = [...points].sort((a, b) => a.psnrDb - b.psnrDb);
  const db = sorted.map((point) => point.psnrDb);
  if (db.length < 2 || db.some((value, i) => i > 0 && value <= db[i - 1]!)) {
    throw new RangeError('A rate-distortion curve needs two points or more, each of another PSNR.');
  }
  return { db, logRate: sorted.map((point) => Math.log(point.rate)) };
}

/**
 * Mean difference of rate at equal PSNR, as a fraction: -0.1 where `test` needs 10% less than `anchor`
 * (Bjontegaard 2001; piecewise cubic in the logarithm of the rate, over the PSNR that both curves cover).
 *
 * @throws RangeError if a curve has fewer than two points or the curves do not overlap.
 */
export function bdRate(anchor: RatePoint[], test: RatePoint[]): number {
  const a = curve(anchor);
  const b = curve(test);
  const from = Math.max(a.db[0]!, b.db[0]!);
  const to = Math.min(a.db.at(-1)!, b.db.at(-1)!);
  if (!(to > from)) throw new RangeError('The curves share no range of PSNR.');
  const difference = integrate(b.db, b.logRate, from, to) - integrate(a.db, a.logRate, from, to);
  return Math.exp(difference / (to - from)) - 1;
}

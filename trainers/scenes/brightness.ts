/** Changes of the light of a whole picture: a fade, a flash, a lamp that is switched on. */

/**
 * Maps the codes of one picture to the mean and the spread of another.
 *
 * @param flat standard deviation of a picture, in codes, that has no spread to speak of
 * @param most the largest factor
 */
export function lightFrom(
  own: Float32Array,
  other: Float32Array,
  flat: number,
  most = Number.POSITIVE_INFINITY,
): (code: number) => number {
  const from = spread(own);
  const to = spread(other);
  const factor = from.deviation > flat ? Math.min(to.deviation / from.deviation, most) : 1;
  return (code) => to.mean + factor * (code - from.mean);
}

/** The largest difference of a sample from the mean, in codes. */
export function contrast(luma: Float32Array): number {
  const mean = meanOf(luma);
  return luma.reduce((most, code) => Math.max(most, Math.abs(code - mean)), 0);
}

function meanOf(luma: Float32Array): number {
  return luma.reduce((sum, code) => sum + code, 0) / luma.length;
}

function spread(luma: Float32Array): { mean: number; deviation: number } {
  const mean = meanOf(luma);
  const variance = luma.reduce((sum, code) => sum + (code - mean) ** 2, 0) / luma.length;
  return { mean, deviation: Math.sqrt(variance) };
}

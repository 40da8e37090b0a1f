/** What the residuals of a cell would cost, with one or another prediction; twin of native/residualCosts.h. */

import { MOTION_GRID_PX as CELL, MOTION_LUMA_LEVEL } from '../../runtime/field/constants.js';

/** Octaves of frequencies, from the mean up. */
const BANDS = MOTION_LUMA_LEVEL + 1;

/** Half a turn. */
const HALF_TURN = Math.acos(-1);

/** Cosines of the transform, shape (frequency, sample). */
const COSINES = Float64Array.from({ length: CELL * CELL }, (_, i) => {
  const [frequency, sample] = [Math.floor(i / CELL), i % CELL];
  return Math.sqrt((frequency ? 2 : 1) / CELL) * Math.cos(((sample + 0.5) * frequency * HALF_TURN) / CELL);
});

/** The cosine transform of a cell of luma, rows one after the other. */
export type CellSpectrum = Float64Array;

/** @param sample the code at (x, y) of the cell */
export function cellSpectrum(sample: (x: number, y: number) => number): CellSpectrum {
  const down = new Float64Array(CELL * CELL);
  for (let y = 0; y < CELL; y++) {
    for (let x = 0; x < CELL; x++) {
      const code = sample(x, y);
      for (let k = 0; k < CELL; k++) down[k * CELL + x]! += COSINES[k * CELL + y]! * code;
    }
  }
  const spectrum = new Float64Array(CELL * CELL);
  for (let y = 0; y < CELL; y++) {
    for (let x = 0; x < CELL; x++) {
      for (let k = 0; k < CELL; k++) spectrum[y * CELL + k]! += COSINES[k * CELL + x]! * down[y * CELL + x]!;
    }
  }
  return spectrum;
}

export function meanAlone(spectrum: CellSpectrum): CellSpectrum {
  const mean = new Float64Array(CELL * CELL);
  mean[0] = spectrum[0]!;
  return mean;
}

/** Of the source of a cell and some predictions of it. */
export class CellCosts {
  /** By band: coefficients, and sums of products of the source (0) and the predictions (from 1). */
  readonly #bands: readonly { readonly count: number; readonly products: Float64Array }[];

  /**
   * @param weight of squared errors
   * @param water what a squared coefficient must exceed to be worth bits
   */
  constructor(
    source: CellSpectrum,
    predicted: readonly CellSpectrum[],
    readonly weight: number,
    readonly water: number,
  ) {
    const spectra = [source, ...predicted];
    this.#bands = Array.from({ length: BANDS }, (_, band) => {
      const places = [...source.keys()].filter((i) => bandOf(i) === band);
      const products = new Float64Array(spectra.length ** 2);
      for (const [a, first] of spectra.entries()) {
        for (const [b, second] of spectra.entries()) {
          for (const i of places) products[a * spectra.length + b]! += first[i]! * second[i]!;
        }
      }
      return { count: places.length, products };
    });
  }

  /**
   * With the predictions' weighted sum in the lowest bands alone, however many suit it best: what of a prediction is wrong is no
   * worse than nothing. Squared error where that is not worth bits; above, it grows with the logarithm, as bits do.
   */
  cost(weights: readonly number[]): number {
    const by = [1, ...weights.map((weight) => -weight)];
    let without = 0;
    let difference = 0;
    let least = 0;
    for (let band = 0; band < BANDS; band++) {
      const own = this.#costOf(band, [1]);
      without += own;
      difference += this.#costOf(band, by) - own;
      least = band === 0 ? difference : Math.min(least, difference);
    }
    return without + least;
  }

  /** @param by weights of the source and of the first predictions */
  #costOf(band: number, by: readonly number[]): number {
    const { count, products } = this.#bands[band]!;
    const size = Math.sqrt(products.length);
    let error = 0;
    for (const [a, first] of by.entries()) {
      for (const [b, second] of by.entries()) error += first * second * products[a * size + b]!;
    }
    const variance = (this.weight * Math.max(error, 0)) / count;
    const { water } = this;
    return count * (variance < water ? variance : water * (1 + Math.log(variance / water)));
  }
}

/** The octave that a coefficient lies in. */
function bandOf(place: number): number {
  const frequency = Math.max(Math.floor(place / CELL), place % CELL);
  return frequency ? Math.floor(Math.log2(frequency)) + 1 : 0;
}

/**
 * The value that costs least among zero, the largest, its halves down to one, and their negatives; and what a squared difference
 * from it costs.
 */
export function cellChoice(
  cost: (value: number) => number,
  largest: number,
): { value: number; weight: number } {
  const none = cost(0);
  let best = none;
  let value = 0;
  let weight = Number.POSITIVE_INFINITY;
  for (let size = largest; size >= 1; size /= 2) {
    for (const other of [-size, size]) {
      const c = cost(other);
      weight = Math.min(weight, (c - none) / other ** 2);
      if (c < best) [best, value] = [c, other];
    }
  }
  return { value, weight: value ? (none - best) / value ** 2 : weight };
}

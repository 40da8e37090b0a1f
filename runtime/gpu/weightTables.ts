/** The weights of rasters and views as textures: a pair (sample, weight) for each tap across and each output down. */

import { CODES_PER_UNIT, SPLINE_CENTRES, SPLINE_TAPS } from '../field/constants.js';
import type { Enlarger } from '../field/enlarger.js';
import { type Enlargement, enlargementTo, type SamplingKernels } from '../field/samplingKernels.js';
import type { FilmInfo } from '../picture/picture.js';
import type { AxisKernel } from '../picture/raster.js';
import { tabulatedWeights } from '../picture/weightTable.js';
import type { View } from './planeSampler.js';
import type { SamplingDevice, Texture } from './samplingDevice.js';
import type { TexturePool } from './texturePool.js';
import { type AxisPair, checkTaps, type ViewKernels, viewKernels } from './viewKernels.js';

/** The weights of one axis. */
export interface AxisWeights {
  readonly texture: Texture;
  readonly taps: number;
  readonly outputs: number;
  /** The lines of the source that are read: from this one on, so many. */
  readonly first: number;
  readonly count: number;
}

/** Across and down; undefined where lines stay as they are. */
export type PlaneWeights = readonly [across: AxisWeights | undefined, down: AxisWeights | undefined];

/** The splines of one axis: for each output, quads with what SPLINE_LINES lines weigh for each spline, then the first of them. */
export interface SplineWeights {
  readonly texture: Texture;
  readonly outputs: number;
  /** (outputs): those first lines, ascending. All that follow are of the film too. */
  readonly firsts: Int32Array;
}

/** How detail is added to luma. */
export interface DetailWeights {
  /** Codes that a unit counts for. */
  readonly scale: number;
  readonly across: SplineWeights;
  readonly down: SplineWeights;
}

/** For Y, and for Cb and Cr. */
export interface PictureWeights {
  readonly luma: PlaneWeights;
  readonly chroma: PlaneWeights;
  /** Where the enlarger adds something. */
  readonly detail?: DetailWeights | undefined;
}

/** Lines of a film that all splines around a place reach. */
export const SPLINE_LINES = 4;

/** Widths of the textures are multiples of this, so that views that change use the same ones. */
const TAPS_ALIGNMENT = 8;

/** Views whose weights are kept: pictures in turn with thumbnails, and the view before that. */
const KEPT_VIEWS = 4;

/** Makes weights, and keeps those of the last views. */
export class WeightTables {
  readonly #film: FilmInfo;
  readonly #enlarger: Enlarger | undefined;
  readonly #device: SamplingDevice;
  readonly #pool: TexturePool;
  readonly #weightOf = tabulatedWeights();
  /** The view that was drawn last is the last. */
  readonly #views = new Map<string, PictureWeights>();

  constructor(film: FilmInfo, enlarger: Enlarger | undefined, device: SamplingDevice, pool: TexturePool) {
    this.#film = film;
    this.#enlarger = enlarger;
    this.#device = device;
    this.#pool = pool;
  }

  /** Kept here; not to be released. */
  ofView(view: View): PictureWeights {
    const { crop, width, height, enlarge = true } = view;
    const key = [crop.x, crop.y, crop.width, crop.height, width, height, enlarge].join();
    const known = this.#views.get(key) ?? this.#makeOfView(view, enlarge);
    this.#views.delete(key);
    this.#views.set(key, known);
    if (this.#views.size > KEPT_VIEWS) this.#dropOldest();
    return known;
  }

  /** To be released. */
  ofRaster({ identity, luma, chromaPlanes, enlargement }: SamplingKernels): PictureWeights {
    const stays: AxisPair = [undefined, undefined];
    return this.#make(
      identity ? { luma: stays, chroma: stays } : { luma, chroma: chromaPlanes },
      enlargement,
    );
  }

  release({ luma, chroma, detail }: PictureWeights): void {
    for (const weights of new Set([...luma, ...chroma, detail?.across, detail?.down])) {
      if (weights) this.#pool.giveBack(weights.texture);
    }
  }

  #makeOfView(view: View, enlarge: boolean): PictureWeights {
    const { crop, width, height } = view;
    const enlarger = enlarge ? this.#enlarger : undefined;
    const enlargement = enlarger && enlargementTo(this.#film, crop, width, height, enlarger);
    return this.#make(viewKernels(this.#film, view, this.#weightOf), enlargement);
  }

  #make({ luma, chroma }: ViewKernels, enlargement: Enlargement | undefined): PictureWeights {
    const made: PlaneWeights = [this.#upload(luma[0]), this.#upload(luma[1])];
    return {
      luma: made,
      chroma: chroma === luma ? made : [this.#upload(chroma[0]), this.#upload(chroma[1])],
      detail: enlargement && {
        scale: CODES_PER_UNIT * enlargement.strength,
        across: this.#uploadSplines(enlargement.across, this.#film.width),
        down: this.#uploadSplines(enlargement.down, this.#film.height),
      },
    };
  }

  #uploadSplines({ outputs, taps, indexes, weights }: AxisKernel, inputs: number): SplineWeights {
    const width = SPLINE_CENTRES.length + 1;
    const texture = this.#pool.take(width, outputs, 'quads');
    const quads = new Float32Array(SPLINE_LINES * width * outputs);
    const firsts = new Int32Array(outputs);
    for (let u = 0, from = 0; u < outputs; u++) {
      const first = Math.min(...indexes.subarray(from, from + taps), inputs - SPLINE_LINES);
      const start = SPLINE_LINES * u * width;
      for (let tap = 0; tap < taps; tap++, from++) {
        const spline = Math.floor(tap / SPLINE_TAPS);
        quads[start + SPLINE_LINES * spline + indexes[from]! - first]! += weights[from]!;
      }
      quads[start + SPLINE_LINES * (width - 1)] = first;
      firsts[u] = first;
    }
    this.#device.upload(texture, quads, outputs);
    return { texture, outputs, firsts };
  }

  #upload(kernel: AxisKernel | undefined): AxisWeights | undefined {
    if (!kernel) return undefined;
    const { taps, outputs, indexes, weights } = kernel;
    const width = Math.ceil(taps / TAPS_ALIGNMENT) * TAPS_ALIGNMENT;
    checkTaps(width, this.#device.maxSide);
    const texture = this.#pool.take(width, outputs, 'pairs');
    const pairs = new Float32Array(2 * width * outputs);
    let [first, last] = [indexes[0]!, indexes[0]!];
    for (let from = 0, u = 0; u < outputs; u++) {
      for (let to = 2 * u * width, i = 0; i < taps; i++, from++) {
        const index = indexes[from]!;
        if (index < first) first = index;
        if (index > last) last = index;
        pairs[to++] = index;
        pairs[to++] = weights[from]!;
      }
    }
    this.#device.upload(texture, pairs, outputs);
    return { texture, taps, outputs, first, count: last - first + 1 };
  }

  #dropOldest(): void {
    const [key, weights] = this.#views.entries().next().value!;
    this.#views.delete(key);
    this.release(weights);
  }
}

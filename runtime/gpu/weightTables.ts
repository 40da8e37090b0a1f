/** The weights of rasters and views as textures: a pair (sample, weight) for each tap across and each output down. */

import type { SamplingKernels } from '../field/samplingKernels.js';
import type { FilmInfo } from '../picture/picture.js';
import type { AxisKernel } from '../picture/raster.js';
import { tabulatedWeights } from '../picture/weightTable.js';
import type { View } from './planeSampler.js';
import type { SamplingDevice, Texture } from './samplingDevice.js';
import type { TexturePool } from './texturePool.js';
import { type AxisPair, checkTaps, viewKernels } from './viewKernels.js';

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

/** For Y, and for Cb and Cr. */
export interface PictureWeights {
  readonly luma: PlaneWeights;
  readonly chroma: PlaneWeights;
}

/** Widths of the textures are multiples of this, so that views that change use the same ones. */
const TAPS_ALIGNMENT = 8;

/** Views whose weights are kept: pictures in turn with thumbnails, and the view before that. */
const KEPT_VIEWS = 4;

/** Makes weights, and keeps those of the last views. */
export class WeightTables {
  readonly #film: FilmInfo;
  readonly #device: SamplingDevice;
  readonly #pool: TexturePool;
  readonly #weightOf = tabulatedWeights();
  /** The view that was drawn last is the last. */
  readonly #views = new Map<string, PictureWeights>();

  constructor(film: FilmInfo, device: SamplingDevice, pool: TexturePool) {
    this.#film = film;
    this.#device = device;
    this.#pool = pool;
  }

  /** Kept here; not to be released. */
  ofView(view: View): PictureWeights {
    const { crop, width, height } = view;
    const key = [crop.x, crop.y, crop.width, crop.height, width, height].join();
    const known = this.#views.get(key) ?? this.#make(viewKernels(this.#film, view, this.#weightOf));
    this.#views.delete(key);
    this.#views.set(key, known);
    if (this.#views.size > KEPT_VIEWS) this.#dropOldest();
    return known;
  }

  /** To be released. */
  ofRaster({ identity, luma, chromaPlanes }: SamplingKernels): PictureWeights {
    const stays: AxisPair = [undefined, undefined];
    return this.#make(identity ? { luma: stays, chroma: stays } : { luma, chroma: chromaPlanes });
  }

  release({ luma, chroma }: PictureWeights): void {
    for (const weights of new Set([...luma, ...chroma])) {
      if (weights) this.#pool.giveBack(weights.texture);
    }
  }

  #make({ luma, chroma }: { readonly luma: AxisPair; readonly chroma: AxisPair }): PictureWeights {
    const made: PlaneWeights = [this.#upload(luma[0]), this.#upload(luma[1])];
    if (chroma === luma) return { luma: made, chroma: made };
    return { luma: made, chroma: [this.#upload(chroma[0]), this.#upload(chroma[1])] };
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

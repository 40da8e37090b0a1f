/** What pictures of one size are sampled with, of the parts of the film that were shown last. */

import type { Enlarger } from '../field/enlarger.js';
import { type SamplingKernels, samplingKernels } from '../field/samplingKernels.js';
import type { FieldShape } from '../field/shape.js';
import type { Crop, WeightOf } from '../picture/raster.js';
import { tabulatedWeights } from '../picture/weightTable.js';

/** A picture, and those that are asked for ahead of it. */
const KEPT_CROPS = 4;

export class CropKernels {
  readonly #shape: FieldShape;
  readonly #size: { width: number; height: number };
  readonly #enlarger: Enlarger | undefined;
  /** By a table where crops change with every picture: the definition is too slow for that. */
  readonly #weightOf: WeightOf | undefined;
  /** In the order of last use. */
  readonly #known = new Map<string, SamplingKernels>();

  /** @param changing whether every picture may be of another part */
  constructor(
    shape: FieldShape,
    size: { width: number; height: number },
    enlarger: Enlarger | undefined,
    changing: boolean,
  ) {
    this.#shape = shape;
    this.#size = size;
    this.#enlarger = enlarger;
    this.#weightOf = changing ? tabulatedWeights() : undefined;
  }

  /** The same ones for the same part, as long as it is among the last few. */
  of(crop: Crop): SamplingKernels {
    const key = [crop.x, crop.y, crop.width, crop.height].join();
    const { width, height } = this.#size;
    const kernels =
      this.#known.get(key) ??
      samplingKernels(this.#shape, crop, width, height, this.#enlarger, this.#weightOf);
    this.#known.delete(key);
    this.#known.set(key, kernels);
    const [oldest] = this.#known.keys();
    if (this.#known.size > KEPT_CROPS) this.#known.delete(oldest!);
    return kernels;
  }
}

/** Quantization of the trained nets: the step of each tensor, then each integer, by their cost in distortion and bits. */

import { countTensorBits } from '../../runtime/entropy/netCoder.js';
import {
  AT_PRIOR,
  maxK,
  netsFromQuantized,
  priorTensors,
  type QuantizedTensor,
  quantizeTensor,
} from '../../runtime/field/nets.js';
import type { AnchorGrid } from '../../runtime/field/structure.js';
import { NET_TENSORS, type NetTensor } from '../../runtime/field/tensors.js';
import type { Size } from '../../runtime/picture/picture.js';
import type { Preset } from '../presets.js';

/**
 * The part of the film's cost that tensors of a kind decide, in squared codes: lambda * bits of the latents for context
 * tensors, the distortion for synthesis tensors.
 */
export type FilmCost = (values: Float64Array, kind: NetTensor['kind']) => Promise<number>;

/**
 * How many of a segment's first frames in coding order the nets are quantized on: so many pixels, and at least an anchor interval.
 * The rest of the film is like them.
 */
export function measuredFrames(
  { width, height, frames, anchorDistance }: Size & AnchorGrid,
  { measuredPixels }: Pick<Preset, 'measuredPixels'>,
): number {
  return Math.min(Math.max(Math.ceil(measuredPixels / (width * height)), anchorDistance + 1), frames);
}

/** Step at which the sensitivity of a tensor is measured: coarse enough to be seen, fine enough to be quadratic. */
const PROBE_K = 4;

const AS_PRIOR: QuantizedTensor = { k: AT_PRIOR, q: new Int32Array(0) };

/** One way to code a tensor, and what it costs: its part of the film, and in all with its own bits. */
interface Choice {
  readonly quantized: QuantizedTensor;
  readonly film: number;
  readonly total: number;
}

/** Nets on their way to integers. `values` are always what the tensors that are done say. */
export class NetQuantizer {
  readonly tensors: QuantizedTensor[] = priorTensors();
  readonly #values: Float64Array;
  readonly #lambda: number;
  readonly #cost: FilmCost;
  /** What the film costs by the values that were tried for the tensor in work: small ones are the same at several steps. */
  readonly #tried = new Map<string, number>();

  /**
   * @param values trained values; left as they will be in the file
   * @param lambda squared codes per bit
   */
  constructor(values: Float64Array, lambda: number, cost: FilmCost) {
    this.#values = values;
    this.#lambda = lambda;
    this.#cost = cost;
  }

  /**
   * Chooses the step of tensor after tensor, each as the film costs least: a first guess from the sensitivity at one
   * step (loss grows with the square of the step), then measured steps to either side as long as they gain. Bits are
   * counted by the coder that writes them.
   */
  async chooseSteps(): Promise<void> {
    // With the values as they are, by kind: what the last choice was measured at.
    const film = new Map<NetTensor['kind'], number>();
    for (const [index, tensor] of NET_TENSORS.entries()) {
      const unquantized = film.get(tensor.kind) ?? (await this.#cost(this.#values, tensor.kind));
      const best = await this.#bestStep(tensor, unquantized);
      film.set(tensor.kind, best.film);
      this.#take(index, best);
    }
  }

  /** A greedy pass over the integers: each goes up or down by one where that costs less. Ends at a tensor if asked to. */
  async polish(ended: () => boolean = () => false): Promise<void> {
    for (const [index, tensor] of NET_TENSORS.entries()) {
      if (ended()) return;
      let best = await this.#measure(tensor, this.tensors[index]!);
      for (const i of best.quantized.q.keys()) {
        for (const step of [-1, 1]) {
          const { k, q } = best.quantized;
          const choice = await this.#measure(tensor, { k, q: moved(q, i, step) });
          if (choice.total >= best.total) continue;
          best = choice;
          break;
        }
      }
      this.#take(index, best);
    }
  }

  #take(index: number, { quantized }: Choice): void {
    const tensor = NET_TENSORS[index]!;
    this.tensors[index] = quantized;
    this.#values.set(this.#dequantized(tensor, quantized), tensor.offset);
    this.#tried.clear();
  }

  async #measure(tensor: NetTensor, quantized: QuantizedTensor): Promise<Choice> {
    const dequantized = this.#dequantized(tensor, quantized);
    const key = dequantized.join();
    const film = this.#tried.get(key) ?? (await this.#costWith(tensor, dequantized));
    this.#tried.set(key, film);
    return { quantized, film, total: film + this.#lambda * countTensorBits(quantized) };
  }

  #costWith(tensor: NetTensor, dequantized: Float32Array): Promise<number> {
    const values = this.#values.slice();
    values.set(dequantized, tensor.offset);
    return this.#cost(values, tensor.kind);
  }

  /** @param unquantized cost of the film with the trained values */
  async #bestStep(tensor: NetTensor, unquantized: number): Promise<Choice> {
    const trained = this.#values.slice(tensor.offset, tensor.offset + tensor.size);
    const probed = await this.#measure(tensor, quantizeTensor(tensor, trained, PROBE_K));
    const probeLoss = Math.max(probed.film - unquantized, 0);
    let best = await this.#measure(tensor, AS_PRIOR);
    if (probed.total < best.total) best = probed;
    const guess = this.#cheapestStep(tensor, trained, probeLoss);
    for (const direction of [1, -1]) {
      for (let k = direction > 0 ? guess : guess - 1; k >= 0 && k <= maxK(tensor); k += direction) {
        const choice =
          k === PROBE_K ? probed : await this.#measure(tensor, quantizeTensor(tensor, trained, k));
        if (choice.total > best.total) break;
        best = choice;
      }
    }
    return best;
  }

  /** The step exponent with the least expected loss + lambda * bits. */
  #cheapestStep(tensor: NetTensor, trained: Float64Array, probeLoss: number): number {
    let best = maxK(tensor);
    let least = Number.POSITIVE_INFINITY;
    for (let k = 0; k <= maxK(tensor); k++) {
      const bits = countTensorBits(quantizeTensor(tensor, trained, k));
      const total = probeLoss * 4 ** (PROBE_K - k) + this.#lambda * bits;
      if (total >= least) continue;
      least = total;
      best = k;
    }
    return best;
  }

  /** Values of one tensor as a decoder has them. */
  #dequantized(tensor: NetTensor, quantized: QuantizedTensor): Float32Array {
    const all = priorTensors();
    all[NET_TENSORS.indexOf(tensor)] = quantized;
    const { values } = netsFromQuantized(all);
    return values.slice(tensor.offset, tensor.offset + tensor.size);
  }
}

function moved(q: Int32Array, index: number, step: number): Int32Array {
  const out = q.slice();
  out[index]! += step;
  return out;
}

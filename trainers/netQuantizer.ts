/** Quantization of the trained nets: the step of each tensor by its cost in distortion and bits. */

import { countTensorBits } from '../runtime/entropy/netCoder.js';
import {
  AT_PRIOR,
  maxK,
  netsFromQuantized,
  priorTensors,
  type QuantizedTensor,
  quantizeTensor,
} from '../runtime/field/nets.js';
import { NET_TENSORS, type NetTensor } from '../runtime/field/tensors.js';

/** Cost of the film in squared codes with the given net values: distortion + lambda * bits of the latents. */
export type FilmCost = (values: Float64Array) => Promise<number>;

/** Step at which the sensitivity of a tensor is measured: coarse enough to be seen, fine enough to be quadratic. */
const PROBE_K = 4;

/** One way to code a tensor, and what the film costs with it: distortion + lambda * bits of latents and tensor. */
interface Choice {
  readonly quantized: QuantizedTensor;
  readonly total: number;
}

const PRIOR: QuantizedTensor = { k: AT_PRIOR, q: new Int32Array(0) };

/**
 * Quantizes tensor after tensor, each with the step at which the film costs least: a first guess from the sensitivity at
 * one step (loss grows with the square of the step), then measured steps to either side as long as they gain. Bits are
 * counted by the coder that writes them.
 *
 * @param values trained values; left as they will be in the file
 * @param lambda squared codes per bit
 */
export async function quantizeNets(
  values: Float64Array,
  lambda: number,
  cost: FilmCost,
): Promise<QuantizedTensor[]> {
  const tensors = priorTensors();
  let current = await cost(values);
  for (const [index, tensor] of NET_TENSORS.entries()) {
    const trained = values.slice(tensor.offset, tensor.offset + tensor.size);
    const measure = async (quantized: QuantizedTensor): Promise<Choice> => ({
      quantized,
      total: (await costWith(values, tensor, quantized, cost)) + lambda * countTensorBits(quantized),
    });
    const best = await bestChoice(tensor, trained, current, lambda, measure);
    tensors[index] = best.quantized;
    values.set(dequantized(tensor, best.quantized), tensor.offset);
    current = best.total - lambda * countTensorBits(best.quantized);
  }
  return tensors;
}

async function bestChoice(
  tensor: NetTensor,
  trained: Float64Array,
  current: number,
  lambda: number,
  measure: (quantized: QuantizedTensor) => Promise<Choice>,
): Promise<Choice> {
  const probe = quantizeTensor(tensor, trained, PROBE_K);
  const probed = await measure(probe);
  const probeLoss = Math.max(probed.total - lambda * countTensorBits(probe) - current, 0);
  let best = await measure(PRIOR);
  if (probed.total < best.total) best = probed;
  const guess = cheapestK(tensor, trained, probeLoss, lambda);
  for (const direction of [1, -1]) {
    for (let k = direction > 0 ? guess : guess - 1; k >= 0 && k <= maxK(tensor); k += direction) {
      const choice = k === PROBE_K ? probed : await measure(quantizeTensor(tensor, trained, k));
      if (choice.total > best.total) break;
      best = choice;
    }
  }
  return best;
}

/** The step exponent with the least expected loss + lambda * bits. */
function cheapestK(tensor: NetTensor, trained: Float64Array, probeLoss: number, lambda: number): number {
  let best = maxK(tensor);
  let least = Number.POSITIVE_INFINITY;
  for (let k = 0; k <= maxK(tensor); k++) {
    const total =
      probeLoss * 4 ** (PROBE_K - k) + lambda * countTensorBits(quantizeTensor(tensor, trained, k));
    if (total >= least) continue;
    least = total;
    best = k;
  }
  return best;
}

async function costWith(
  values: Float64Array,
  tensor: NetTensor,
  quantized: QuantizedTensor,
  cost: FilmCost,
): Promise<number> {
  const tried = values.slice();
  tried.set(dequantized(tensor, quantized), tensor.offset);
  return cost(tried);
}

/** Values of one tensor as a decoder has them. */
function dequantized(tensor: NetTensor, quantized: QuantizedTensor): Float32Array {
  const all = priorTensors();
  all[NET_TENSORS.indexOf(tensor)] = quantized;
  return netsFromQuantized(all).values.slice(tensor.offset, tensor.offset + tensor.size);
}

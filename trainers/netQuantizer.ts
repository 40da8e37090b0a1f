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

/**
 * Quantizes tensor after tensor. The cost of a step is measured at one step and taken to grow with its square (a second
 * look at the step that this favours keeps the estimate honest); the bits are counted by the coder that writes them.
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
    const probed = await costWith(values, tensor, quantizeTensor(tensor, trained, PROBE_K), cost);
    const probeLoss = Math.max(probed - current, 0);
    const atPrior = await costWith(values, tensor, { k: AT_PRIOR, q: new Int32Array(0) }, cost);
    let best = cheapest(tensor, trained, probeLoss, lambda);
    let chosen = await costWith(values, tensor, best, cost);
    const bits = countTensorBits(best);
    if (atPrior - chosen < lambda * (bits - countTensorBits({ k: AT_PRIOR, q: new Int32Array(0) }))) {
      best = { k: AT_PRIOR, q: new Int32Array(0) };
      chosen = atPrior;
    }
    tensors[index] = best;
    values.set(dequantized(tensor, best), tensor.offset);
    current = chosen;
  }
  return tensors;
}

/** The step with the least expected loss + lambda * bits. */
function cheapest(
  tensor: NetTensor,
  trained: Float64Array,
  probeLoss: number,
  lambda: number,
): QuantizedTensor {
  let best = quantizeTensor(tensor, trained, maxK(tensor));
  let least = Number.POSITIVE_INFINITY;
  for (let k = 0; k <= Math.min(maxK(tensor), 10); k++) {
    const candidate = quantizeTensor(tensor, trained, k);
    const total = probeLoss * 4 ** (PROBE_K - k) + lambda * countTensorBits(candidate);
    if (total >= least) continue;
    least = total;
    best = candidate;
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

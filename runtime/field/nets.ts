/** The nets of a film: as they are coded (integers and steps) and as they are used (Q8 integers and floats). */

import { UsageError } from '../errors.js';
import { CONTEXT_FRACTION_BITS, CONTEXT_NETS, LARGEST_VALUE, MAX_GAIN, SYNTHESIS_NETS } from './constants.js';
import { isGain, NET_TENSORS, NET_VALUE_COUNT, type NetTensor, priorValues, tensorNamed } from './tensors.js';

/** Value of `k` for a tensor that is as in the prior. */
export const AT_PRIOR = 15;
/** Finest steps: 2^-8 for context tensors, whose values are Q8, and 2^-14 for synthesis tensors. */
export const MAX_CONTEXT_K = CONTEXT_FRACTION_BITS;
export const MAX_SYNTHESIS_K = 14;

/** One tensor as it is coded: value = prior + q * 2^-k. With `k` = AT_PRIOR, `q` is empty. */
export interface QuantizedTensor {
  readonly k: number;
  readonly q: Int32Array;
}

/** Weights of a context net, all Q8 integers in int16 range. Shapes as in NET_TENSORS, row-major. */
export interface ContextWeights {
  /** (8, 12) */
  readonly w1: Int32Array;
  /** (8) */
  readonly b1: Int32Array;
  /** (2, 8) */
  readonly w2: Int32Array;
  /** (2, 12) */
  readonly lin: Int32Array;
  /** (rows, 2) */
  readonly bias: Int32Array;
  /** (5, 2); zeros for the intra net, which has none. */
  readonly depth: Int32Array;
}

/** Weights of a synthesis net, float32. */
export interface SynthesisWeights {
  readonly luma: { readonly w1: Float32Array; readonly b1: Float32Array; readonly conv: Float32Array };
  readonly chroma: {
    readonly w1: Float32Array;
    readonly b1: Float32Array;
    readonly w2: Float32Array;
    readonly lin: Float32Array;
  };
  /** (3, 7): exponents of the steps per component and level. */
  readonly gain: Float32Array;
}

/** All nets of a film, ready for use. */
export interface FilmNets {
  /** Every value in the order of NET_TENSORS as a real number (NET_VALUE_COUNT of them). */
  readonly values: Float32Array;
  /** In the order of `LatentPlane.net`: intra, inter, motion. */
  readonly contexts: readonly [ContextWeights, ContextWeights, ContextWeights];
  /** 0 intra, 1 inter. */
  readonly synthesis: readonly [SynthesisWeights, SynthesisWeights];
  /** (6, 4): exponents of the motion steps per component and level. */
  readonly motionGain: Float32Array;
  /** (7, 3, 3): weights of the filters of luma by depth, of Cb and of Cr, by ring of neighbours and clip. */
  readonly filters: Float32Array;
}

/** Every tensor as in the prior. */
export function priorTensors(): QuantizedTensor[] {
  return NET_TENSORS.map(() => ({ k: AT_PRIOR, q: new Int32Array(0) }));
}

/** Largest legal `k` of a tensor, AT_PRIOR aside. */
export function maxK(tensor: NetTensor): number {
  return tensor.kind === 'context' ? MAX_CONTEXT_K : MAX_SYNTHESIS_K;
}

/**
 * Nearest integers for the values of one tensor.
 *
 * @param values `tensor.size` real values
 */
export function quantizeTensor(tensor: NetTensor, values: ArrayLike<number>, k: number): QuantizedTensor {
  if (k === AT_PRIOR) return { k, q: new Int32Array(0) };
  const prior = priorValues();
  const q = Int32Array.from({ length: tensor.size }, (_, i) => {
    const integer = Math.round((values[i]! - prior[tensor.offset + i]!) * 2 ** k);
    return Math.min(Math.max(integer, -LARGEST_VALUE), LARGEST_VALUE);
  });
  return { k, q };
}

/**
 * Values of quantized nets. Context values saturate at int16 (Q8), gains at +-16.
 *
 * @param tensors one per entry of NET_TENSORS
 * @throws UsageError `NET_TENSOR` if a tensor has the wrong number of values or an illegal `k`.
 */
export function netsFromQuantized(tensors: readonly QuantizedTensor[]): FilmNets {
  const values = priorValues();
  for (const [index, tensor] of NET_TENSORS.entries()) {
    const coded = tensors[index];
    checkTensor(tensor, coded);
    if (coded.k === AT_PRIOR) continue;
    for (let i = 0; i < tensor.size; i++) {
      const at = tensor.offset + i;
      values[at] = saturate(tensor, values[at]! + coded.q[i]! * 2 ** -coded.k);
    }
  }
  return netsFromValues(values);
}

/** Nets from NET_VALUE_COUNT real values; context values are rounded to Q8. */
export function netsFromValues(values: Float32Array): FilmNets {
  if (values.length !== NET_VALUE_COUNT) throw new RangeError(`${values.length} net values`);
  return {
    values,
    contexts: [
      contextWeights(values, CONTEXT_NETS[0]),
      contextWeights(values, CONTEXT_NETS[1]),
      contextWeights(values, CONTEXT_NETS[2]),
    ],
    synthesis: [synthesisWeights(values, SYNTHESIS_NETS[0]), synthesisWeights(values, SYNTHESIS_NETS[1])],
    motionGain: slice(values, 'motion.gain'),
    filters: Float32Array.of(...slice(values, 'filter.y'), ...slice(values, 'filter.c')),
  };
}

function saturate(tensor: NetTensor, value: number): number {
  if (tensor.kind === 'context') return Math.min(Math.max(value, -128), 32767 / 256);
  return isGain(tensor) ? Math.min(Math.max(value, -MAX_GAIN), MAX_GAIN) : value;
}

function contextWeights(values: Float32Array, net: string): ContextWeights {
  const q8 = (part: string): Int32Array =>
    Int32Array.from(slice(values, `ctx.${net}.${part}`), (value) =>
      Math.min(Math.max(Math.round(value * 2 ** CONTEXT_FRACTION_BITS), -32768), 32767),
    );
  return {
    w1: q8('w1'),
    b1: q8('b1'),
    w2: q8('w2'),
    lin: q8('lin'),
    bias: q8('bias'),
    depth: net === 'intra' ? new Int32Array(10) : q8('depth'),
  };
}

function synthesisWeights(values: Float32Array, net: string): SynthesisWeights {
  const part = (name: string): Float32Array => slice(values, `syn.${net}.${name}`);
  return {
    luma: { w1: part('y.w1'), b1: part('y.b1'), conv: part('y.conv') },
    chroma: { w1: part('c.w1'), b1: part('c.b1'), w2: part('c.w2'), lin: part('c.lin') },
    gain: part('gain'),
  };
}

function slice(values: Float32Array, name: string): Float32Array {
  const tensor = tensorNamed(name);
  return values.slice(tensor.offset, tensor.offset + tensor.size);
}

function checkTensor(
  tensor: NetTensor,
  coded: QuantizedTensor | undefined,
): asserts coded is QuantizedTensor {
  const legal =
    coded &&
    (coded.k === AT_PRIOR
      ? coded.q.length === 0
      : Number.isInteger(coded.k) &&
        coded.k >= 0 &&
        coded.k <= maxK(tensor) &&
        coded.q.length === tensor.size);
  if (legal) return;
  throw new UsageError(`The net tensor ${tensor.name} does not fit its place.`, {
    code: 'NET_TENSOR',
    hint: 'Give one quantized tensor per entry of NET_TENSORS.',
    path: `nets.${tensor.name}`,
    value: coded?.k,
    range: `${tensor.size} values, k 0..${maxK(tensor)} or ${AT_PRIOR}`,
  });
}

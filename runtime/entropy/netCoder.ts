/** The nets of a film as one range-coded stream, its enlarger as another. */

import { FormatError } from '../errors.js';
import { MIN_SCALE_INDEX } from '../field/constants.js';
import { ENLARGER_TENSORS, type Enlarger, enlargerFromQuantized } from '../field/enlarger.js';
import { AT_PRIOR, type FilmNets, maxK, netsFromQuantized, type QuantizedTensor } from '../field/nets.js';
import { NET_TENSORS, type NetTensor } from '../field/tensors.js';
import { readLaplace, writeLaplace } from './laplaceCoder.js';
import { BitCounter, RangeDecoder, RangeEncoder, type SymbolSink } from './rangeCoder.js';

const K_BITS = 4;
const SCALE_BITS = 6;

/**
 * Bytes of the net stream.
 *
 * @param tensors one per entry of NET_TENSORS
 * @throws UsageError `NET_TENSOR` if a tensor does not fit its place.
 */
export function writeNets(tensors: readonly QuantizedTensor[]): Uint8Array {
  netsFromQuantized(tensors);
  return writeTensors(tensors);
}

/** Bytes of an enlarger; `tensors` one per entry of ENLARGER_TENSORS. */
export function writeEnlarger(tensors: readonly QuantizedTensor[]): Uint8Array {
  return writeTensors(tensors);
}

/** @throws FormatError `NETS_INVALID` or `LATENT_RANGE` if the bytes are damaged. */
export function readEnlarger(bytes: Uint8Array): Enlarger {
  return enlargerFromQuantized(readTensors(ENLARGER_TENSORS, bytes));
}

/** Exact length in bits of one tensor in the net stream. */
export function countTensorBits(tensor: QuantizedTensor): number {
  const counter = new BitCounter();
  encodeTensor(tensor, counter);
  return counter.total;
}

/** @throws FormatError `NETS_INVALID` or `LATENT_RANGE` if the stream is damaged. */
export function readNets(bytes: Uint8Array): QuantizedTensor[] {
  return readTensors(NET_TENSORS, bytes);
}

/**
 * The nets of a file, ready for use: context nets as Q8 integers, synthesis nets as floats.
 *
 * @throws FormatError as `readNets`
 */
export function netsFromFile(bytes: Uint8Array): FilmNets {
  return netsFromQuantized(readNets(bytes));
}

function writeTensors(tensors: readonly QuantizedTensor[]): Uint8Array {
  const encoder = new RangeEncoder();
  for (const tensor of tensors) encodeTensor(tensor, encoder);
  return encoder.finish();
}

function readTensors(table: readonly NetTensor[], bytes: Uint8Array): QuantizedTensor[] {
  const decoder = new RangeDecoder(bytes);
  return table.map((tensor) => decodeTensor(tensor, decoder));
}

function encodeTensor(tensor: QuantizedTensor, sink: SymbolSink): void {
  sink.bits(tensor.k, K_BITS);
  if (tensor.k === AT_PRIOR) return;
  const scaleIndex = cheapestScale(tensor.q);
  sink.bits(scaleIndex - MIN_SCALE_INDEX, SCALE_BITS);
  encodeValues(tensor.q, scaleIndex, sink);
}

function encodeValues(q: Int32Array, scaleIndex: number, sink: SymbolSink): void {
  for (let i = 0; i < q.length; i++) writeLaplace(sink, q[i]!, 0, scaleIndex);
}

function cheapestScale(q: Int32Array): number {
  let best = MIN_SCALE_INDEX;
  let bestBits = Number.POSITIVE_INFINITY;
  for (let scale = MIN_SCALE_INDEX; scale < MIN_SCALE_INDEX + (1 << SCALE_BITS); scale++) {
    const counter = new BitCounter();
    encodeValues(q, scale, counter);
    if (counter.total >= bestBits) continue;
    best = scale;
    bestBits = counter.total;
  }
  return best;
}

function decodeTensor(tensor: NetTensor, decoder: RangeDecoder): QuantizedTensor {
  const k = decoder.bits(K_BITS);
  if (k === AT_PRIOR) return { k, q: new Int32Array(0) };
  if (k > maxK(tensor)) {
    throw new FormatError(`The step of the net tensor ${tensor.name} is out of range.`, {
      code: 'NETS_INVALID',
      hint: 'The file is damaged or was written by a broken encoder; fetch it again.',
      path: `nets.${tensor.name}`,
      value: k,
      range: `0..${maxK(tensor)} or ${AT_PRIOR}`,
    });
  }
  const scaleIndex = decoder.bits(SCALE_BITS) + MIN_SCALE_INDEX;
  const q = new Int32Array(tensor.size);
  for (let i = 0; i < q.length; i++) q[i] = readLaplace(decoder, 0, scaleIndex);
  return { k, q };
}

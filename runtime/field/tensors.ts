/** The one table of net tensors: names, shapes, order in the file and prior values. */

import {
  CHROMA_INPUTS,
  CONTEXT_INPUTS,
  CONTEXT_NETS,
  CONV_PLANES,
  CONV_TAPS,
  DEPTH_ROWS,
  FILTER_CLIPS,
  FILTER_RINGS,
  HIDDEN_UNITS,
  LUMA_INPUTS,
  MAX_INNOVATION_LEVELS,
  MAX_MOTION_LEVELS,
  MOTION_COMPONENTS,
  SYNTHESIS_NETS,
} from './constants.js';
import { CONTEXT_PRIOR } from './prior.js';

/** One tensor of the nets, row-major. */
export interface NetTensor {
  readonly name: string;
  /** `context` tensors are Q8 integers, `synthesis` tensors are float32. */
  readonly kind: 'context' | 'synthesis';
  readonly shape: readonly number[];
  /** Number of values and place of the first one among the values of all tensors. */
  readonly size: number;
  readonly offset: number;
}

/** Every tensor in coding order. */
export const NET_TENSORS: readonly NetTensor[] = listTensors(addNetTensors);

/** Number of values in all tensors. */
export const NET_VALUE_COUNT = NET_TENSORS.reduce((sum, tensor) => sum + tensor.size, 0);

/** @throws RangeError if there is no such tensor, which is a mistake in the caller. */
export function tensorNamed(name: string): NetTensor {
  const tensor = NET_TENSORS.find((t) => t.name === name);
  if (!tensor) throw new RangeError(`no tensor ${name}`);
  return tensor;
}

/**
 * Values that ship with the decoder and that the file is coded against, all tensors in order (NET_VALUE_COUNT values):
 * learnt ones for the context nets, pseudo-random first layers, and zero everywhere else: at the prior a node is the
 * plain sum of its upsampled latents.
 */
export function priorValues(): Float32Array {
  const values = new Float32Array(NET_VALUE_COUNT);
  const random = linearCongruential(12345);
  for (const tensor of NET_TENSORS) {
    const slice = values.subarray(tensor.offset, tensor.offset + tensor.size);
    if (tensor.name.endsWith('.w1')) fillFirstLayer(slice, tensor, random);
    else if (tensor.kind === 'context') slice.set(CONTEXT_PRIOR[tensor.name]!.map((q) => q / 256));
  }
  return values;
}

/** True for the tensors of exponents, which saturate at MAX_GAIN. */
export function isGain(tensor: NetTensor): boolean {
  return tensor.name.endsWith('.gain');
}

function fillFirstLayer(slice: Float32Array, tensor: NetTensor, random: () => number): void {
  for (let i = 0; i < slice.length; i++) {
    const centred = random() - 128;
    slice[i] = tensor.kind === 'context' ? (centred >> 1) / 256 : centred / 256;
  }
}

/** Top byte of the generator of Numerical Recipes. */
function linearCongruential(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  };
}

type AddTensor = (kind: NetTensor['kind'], name: string, ...shape: number[]) => void;

/** A table of tensors in the order in which `list` adds them. */
export function listTensors(list: (add: AddTensor) => void): NetTensor[] {
  const tensors: NetTensor[] = [];
  let offset = 0;
  list((kind, name, ...shape) => {
    const size = shape.reduce((product, n) => product * n, 1);
    tensors.push({ name, kind, shape, size, offset });
    offset += size;
  });
  return tensors;
}

function addNetTensors(add: AddTensor): void {
  for (const net of CONTEXT_NETS) {
    const rows = net === 'motion' ? MOTION_COMPONENTS.length * MAX_MOTION_LEVELS : 3 * MAX_INNOVATION_LEVELS;
    add('context', `ctx.${net}.w1`, HIDDEN_UNITS, CONTEXT_INPUTS);
    add('context', `ctx.${net}.b1`, HIDDEN_UNITS);
    add('context', `ctx.${net}.w2`, 2, HIDDEN_UNITS);
    add('context', `ctx.${net}.lin`, 2, CONTEXT_INPUTS);
    add('context', `ctx.${net}.bias`, rows, 2);
    if (net !== 'intra') add('context', `ctx.${net}.depth`, DEPTH_ROWS, 2);
  }
  for (const net of SYNTHESIS_NETS) {
    add('synthesis', `syn.${net}.y.w1`, HIDDEN_UNITS, LUMA_INPUTS);
    add('synthesis', `syn.${net}.y.b1`, HIDDEN_UNITS);
    add('synthesis', `syn.${net}.y.conv`, CONV_PLANES, CONV_TAPS);
    add('synthesis', `syn.${net}.c.w1`, HIDDEN_UNITS, CHROMA_INPUTS);
    add('synthesis', `syn.${net}.c.b1`, HIDDEN_UNITS);
    add('synthesis', `syn.${net}.c.w2`, 2, HIDDEN_UNITS);
    add('synthesis', `syn.${net}.c.lin`, 2, CHROMA_INPUTS);
    add('synthesis', `syn.${net}.gain`, 3, MAX_INNOVATION_LEVELS);
  }
  add('synthesis', 'motion.gain', MOTION_COMPONENTS.length, MAX_MOTION_LEVELS);
  add('synthesis', 'filter.y', DEPTH_ROWS, FILTER_RINGS, FILTER_CLIPS.length);
  add('synthesis', 'filter.c', 2, FILTER_RINGS, FILTER_CLIPS.length);
}

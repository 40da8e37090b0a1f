/** Records for the decoder as words of 32 bits: what decoder.cc reads, in the same order. */

import type { DecodedSegmentConfig } from '../engine/segmentConfig.js';
import type { SamplingKernels } from '../field/samplingKernels.js';
import type { LatentPlane } from '../field/shape.js';
import type { FieldNode } from '../field/structure.js';
import type { AxisKernel } from '../picture/raster.js';

/** Words in the making. */
class WordWriter {
  #words = new Int32Array(1024);
  #length = 0;

  integer(value: number): void {
    this.#space(1)[0] = value;
  }

  /** Two words, of a double. */
  real(value: number): void {
    this.#space(2).set(new Int32Array(Float64Array.of(value).buffer));
  }

  /** Their number, then a word each. */
  integers(values: ArrayLike<number>): void {
    this.integer(values.length);
    this.#space(values.length).set(values);
  }

  /** Their number, then a word each, of single precision. */
  reals(values: ArrayLike<number>): void {
    this.integer(values.length);
    this.#space(values.length).set(new Int32Array(Float32Array.from(values).buffer));
  }

  /** Bytes in whole words; their number is the caller's to write. */
  bytes(values: Uint8Array): void {
    const words = this.#space(Math.ceil(values.length / 4));
    new Uint8Array(words.buffer, words.byteOffset, words.byteLength).set(values);
  }

  finish(): Int32Array {
    return this.#words.subarray(0, this.#length);
  }

  /** Room for so many words. */
  #space(count: number): Int32Array {
    const start = this.#length;
    this.#length += count;
    if (this.#length > this.#words.length) {
      const larger = new Int32Array(2 * this.#length);
      larger.set(this.#words);
      this.#words = larger;
    }
    return this.#words.subarray(start, this.#length);
  }
}

/** Tables of the entropy coder: logarithms in Q4, cumulative frequencies. */
export function tableWords(logarithm: Uint8Array, cumulative: Int32Array): Int32Array {
  const out = new WordWriter();
  out.integers(logarithm);
  out.integers(cumulative);
  return out.finish();
}

/** Weights of one output size. */
export function rasterWords({ identity, luma, chromaPlanes, enlargement }: SamplingKernels): Int32Array {
  const out = new WordWriter();
  out.integer(Number(identity));
  for (const axis of [...luma, ...chromaPlanes]) writeAxis(out, axis);
  out.integer(Number(enlargement !== undefined));
  if (!enlargement) return out.finish();
  out.reals(enlargement.enlarger.values);
  out.real(enlargement.strength);
  writeAxis(out, enlargement.across);
  writeAxis(out, enlargement.down);
  return out.finish();
}

function writeAxis(out: WordWriter, { outputs, taps, indexes, weights }: AxisKernel): void {
  out.integer(outputs);
  out.integer(taps);
  out.integers(indexes);
  out.reals(weights);
}

/** A segment, its streams at the end. */
export function segmentWords(config: DecodedSegmentConfig): Int32Array {
  const out = new WordWriter();
  out.integer(config.width);
  out.integer(config.height);
  out.integer(Number(config.halvedChroma));
  out.integer(config.nodes.length);
  for (const node of config.nodes) writeNode(out, node);
  for (const planes of config.planes) {
    out.integer(planes.length);
    for (const plane of planes) writePlane(out, plane);
  }
  for (const { carrier, other, field, carrierIsLater } of config.links)
    for (const value of [carrier, other, field, Number(carrierIsLater)]) out.integer(value);
  for (const steps of config.steps) out.reals(steps);
  for (const { w1, b1, w2, lin, bias, depth } of config.contexts)
    for (const weights of [w1, b1, w2, lin, bias, depth]) out.integers(weights);
  for (const { luma, chroma } of config.synthesis) {
    const { w1, b1, conv } = luma;
    for (const weights of [w1, b1, conv, chroma.w1, chroma.b1, chroma.w2, chroma.lin]) out.reals(weights);
  }
  out.reals(config.filters);
  out.integer(config.streams.length);
  for (const { nodes, bytes } of config.streams) {
    out.integer(nodes);
    out.integer(bytes.length);
    out.bytes(bytes);
  }
  return out.finish();
}

function writeNode(out: WordWriter, { frame, depth, refs, motion }: FieldNode): void {
  for (const value of [frame, depth, refs.length]) out.integer(value);
  for (const r of [0, 1]) {
    const prediction = motion[r];
    out.integer(refs[r] ?? -1);
    out.integer(prediction?.node ?? -1);
    out.integer(prediction?.field ?? -1);
    out.real(prediction?.scale ?? 0);
  }
}

function writePlane(out: WordWriter, plane: LatentPlane): void {
  const { component, level, width, height, net, biasRow, parent, grandparent, companion1, companion2 } =
    plane;
  out.integer(plane.kind === 'motion' ? 0 : 1);
  const fields = [component, level, width, height, net, biasRow, parent, grandparent, companion1, companion2];
  for (const field of fields) out.integer(field);
}

/** The latents of a segment as range-coded streams. */

import { UsageError } from '../errors.js';
import type { FilmNets } from '../field/nets.js';
import { type FieldShape, latentPlanes } from '../field/shape.js';
import { type AnchorGrid, type FieldNode, segmentStructure } from '../field/structure.js';
import { packSegment, type SegmentData, type SegmentStream } from '../format/segmentHead.js';
import { countNodeBits, decodeNode, encodeNode, StreamStates } from './latentCoder.js';
import { RangeDecoder, RangeEncoder } from './rangeCoder.js';

/** A segment as the encoder knows it. */
export interface SegmentInput extends AnchorGrid {
  readonly shape: FieldShape;
  readonly nets: FilmNets;
  /** The base step is 2^(baseExponent / 8) codes. */
  readonly baseExponent: number;
  /** Finer first depths, 0..7. Default 0. */
  readonly refinement?: number;
  /** Per node in coding order: the planes of `latentPlanes`, concatenated. */
  readonly latents: readonly Int32Array[];
  /** Streams that can be decoded at the same time, 1..16; never more than nodes. Default 1. */
  readonly streams?: number;
}

/**
 * Bytes of a segment, ready for `writeWeft`.
 *
 * @throws UsageError if a field is out of range or the latents do not fit the shape.
 */
export function writeSegment(input: SegmentInput): Uint8Array {
  const { latents } = input;
  const nodes = segmentStructure(input);
  checkNodeCount(latents, nodes.length);
  const streams: SegmentStream[] = [];
  let first = 0;
  for (const count of streamRuns(latents, input.streams ?? 1)) {
    const encoder = new RangeEncoder();
    const states = new StreamStates();
    for (let i = first; i < first + count; i++) {
      const node = nodes[i]!;
      const planes = latentPlanes(input.shape, node.refs.length);
      encodeNode(latents[i]!, planes, node.depth, input.nets, states, encoder);
    }
    streams.push({ nodes: count, bytes: encoder.finish() });
    first += count;
  }
  return packSegment({ ...input, streams });
}

/** Exact length in bits of every node, in coding order, as `writeSegment` would write it. */
export function countSegmentBits(input: SegmentInput): number[] {
  const nodes = segmentStructure(input);
  checkNodeCount(input.latents, nodes.length);
  const bits: number[] = [];
  for (const count of streamRuns(input.latents, input.streams ?? 1)) {
    const states = new StreamStates();
    for (let left = count; left > 0; left--) {
      const node = nodes[bits.length]!;
      const planes = latentPlanes(input.shape, node.refs.length);
      const latents = input.latents[bits.length]!;
      const { motion, innovation } = countNodeBits(latents, planes, node.depth, input.nets, states);
      bits.push(motion + innovation);
    }
  }
  return bits;
}

/**
 * Latents of a segment, node by node in coding order. A generator, so that a decoder may bake and forget each node.
 *
 * @throws FormatError `LATENT_RANGE` if a stream is damaged.
 */
export function* readSegmentNodes(
  segment: SegmentData,
  shape: FieldShape,
  nets: FilmNets,
  nodes: readonly FieldNode[],
): Generator<Int32Array> {
  const planesOf = [0, 1, 2].map((refs) => latentPlanes(shape, refs));
  let index = 0;
  for (const stream of segment.streams) {
    const decoder = new RangeDecoder(stream.bytes);
    const states = new StreamStates();
    for (let left = stream.nodes; left > 0; left--, index++) {
      const node = nodes[index]!;
      yield decodeNode(planesOf[node.refs.length]!, node.depth, nets, states, decoder);
    }
  }
}

/** Latents of a whole segment, per node in coding order. */
export function readSegmentLatents(segment: SegmentData, shape: FieldShape, nets: FilmNets): Int32Array[] {
  const nodes = segmentStructure(segment);
  return [...readSegmentNodes(segment, shape, nets, nodes)];
}

/** Splits the nodes into runs with about the same number of nonzero latents: reading those is the work. */
function streamRuns(latents: readonly Int32Array[], streams: number): number[] {
  const work = latents.map((node) => 1 + node.reduce((count, q) => count + (q === 0 ? 0 : 1), 0));
  const wanted = Math.min(streams, latents.length);
  let left = work.reduce((sum, n) => sum + n, 0);
  const runs: number[] = [];
  let at = 0;
  for (let stream = wanted; stream > 0; stream--) {
    const share = left / stream;
    const last = latents.length - (stream - 1);
    const start = at;
    let sum = 0;
    do sum += work[at++]!;
    while (at < last && (stream === 1 || sum + work[at]! / 2 <= share));
    left -= sum;
    runs.push(at - start);
  }
  return runs;
}

function checkNodeCount(latents: readonly Int32Array[], nodes: number): void {
  if (latents.length === nodes) return;
  throw new UsageError(`A segment of ${nodes} frames has ${nodes} nodes, not ${latents.length}.`, {
    code: 'NODE_COUNT',
    hint: 'Give the latents of every node in coding order.',
    path: 'latents.length',
    value: latents.length,
    range: String(nodes),
  });
}

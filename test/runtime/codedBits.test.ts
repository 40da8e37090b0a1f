/** Whatever latents and nets are: what is counted is what is written, and what is read is what was meant. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeNode, encodeNode, StreamStates } from '../../runtime/entropy/latentCoder.js';
import { countTensorBits, readNets, writeNets } from '../../runtime/entropy/netCoder.js';
import { BitCounter, RangeDecoder, RangeEncoder, type SymbolSink } from '../../runtime/entropy/rangeCoder.js';
import { countSegmentBits, readSegmentLatents, writeSegment } from '../../runtime/entropy/segmentCoder.js';
import { AT_PRIOR, maxK, netsFromQuantized, type QuantizedTensor } from '../../runtime/field/nets.js';
import { type FieldShape, latentCount, latentPlanes, pyramidSizes } from '../../runtime/field/shape.js';
import { segmentStructure } from '../../runtime/field/structure.js';
import { NET_TENSORS, NET_VALUE_COUNT } from '../../runtime/field/tensors.js';
import { unpackSegment } from '../../runtime/format/segmentHead.js';
import { chromaSize } from '../../runtime/picture/picture.js';
import { anchorGrids } from './anchorGrids.js';
import { randomNumbers, uniforms } from './randomNumbers.js';
import { type Drawing, drawLatents, randomTensors } from './sampleSegments.js';

/** The coder's range has at least 256 whole parts of 1/65536: rounding them down loses so many bits a symbol at most. */
const LOST_BITS = Math.log2(257 / 256);
/** A stream ends on a whole byte. */
const END_BITS = 8;
/** Zeros at the end of a stream are not written: by so many bits it is shorter than counted once in 2^40 times. */
const LUCKY_BITS = 40;

/** @param zeros bits that are known to leave zeros at the end */
function expectWritten(bytes: number, counted: number, symbols: number, zeros = 0): void {
  expect(8 * bytes).toBeLessThanOrEqual(counted + LOST_BITS * symbols + END_BITS);
  expect(8 * bytes).toBeGreaterThanOrEqual(counted - zeros - LUCKY_BITS);
}

/** Writes symbols and counts them. */
class CountedEncoder implements SymbolSink {
  readonly #encoder = new RangeEncoder();
  readonly counter = new BitCounter();
  symbols = 0;

  encode(cumulative: number, frequency: number): void {
    this.symbols++;
    for (const sink of [this.#encoder, this.counter]) sink.encode(cumulative, frequency);
  }

  bits(value: number, count: number): void {
    this.symbols += count;
    for (const sink of [this.#encoder, this.counter]) sink.bits(value, count);
  }

  /** The bytes, as many as were counted. */
  finish(): Uint8Array {
    const bytes = this.#encoder.finish();
    expectWritten(bytes.length, this.counter.total, this.symbols);
    return bytes;
  }
}

const seeds = fc.integer({ min: 1, max: 2 ** 31 });
const drawings = fc.constantFrom<Drawing>('empty', 'sparse', 'dense', 'huge');

/**
 * Pyramids of any size, often one sample wide or high, with levels beyond the one that is a single sample: no film has
 * those, but the coder knows nothing of films.
 */
function shapes(longest: number): fc.Arbitrary<FieldShape> {
  const lengths = fc.oneof(fc.constant(1), fc.integer({ min: 1, max: longest }));
  const sizes = fc.record({
    ...{ width: lengths, height: lengths, chroma: fc.constantFrom('420' as const, '444' as const) },
    ...{ levels: fc.integer({ min: 2, max: 7 }), motionLevels: fc.integer({ min: 1, max: 7 }) },
  });
  return sizes.map(({ width, height, chroma, levels, motionLevels }) => ({
    ...{ width, height, chroma },
    luma: pyramidSizes({ width, height }, levels),
    chromaLevels: pyramidSizes(chromaSize(width, height, chroma), chroma === '420' ? levels - 1 : levels),
    motion: pyramidSizes({ width, height }, 3 + motionLevels).slice(3),
  }));
}

describe('a node', () => {
  const nodes = fc.record({
    ...{ shape: shapes(48), drawing: drawings, seed: seeds },
    ...{ refs: fc.integer({ min: 0, max: 2 }), depth: fc.integer({ min: 0, max: 9 }) },
  });

  it('is read as it was written, in as many bits as were counted', () => {
    fc.assert(
      fc.property(nodes, ({ shape, drawing, seed, refs, depth }) => {
        const planes = latentPlanes(shape, refs);
        const nets = netsFromQuantized(randomTensors(seed));
        const latents = drawLatents(latentCount(planes), drawing, seed);
        const encoder = new CountedEncoder();
        encodeNode(latents, planes, depth, nets, new StreamStates(), encoder);
        // Behind a number that ends on few zeros, what the node takes cannot hide.
        const tail = randomNumbers(seed)();
        encoder.bits(tail, 32);
        const decoder = new RangeDecoder(encoder.finish());
        expect(decodeNode(planes, depth, nets, new StreamStates(), decoder)).toEqual(latents);
        expect(decoder.bits(32)).toBe(tail);
      }),
      { numRuns: 100 },
    );
  });
});

describe('a segment', () => {
  const segments = fc.record({
    ...{ shape: shapes(20), drawing: drawings, seed: seeds, grid: anchorGrids({ longest: 40 }) },
    ...{ streams: fc.integer({ min: 1, max: 16 }), refinement: fc.integer({ min: 0, max: 7 }) },
    baseExponent: fc.integer({ min: -96, max: 96 }),
  });

  it('is read as it was written, in as many bits as were counted', () => {
    fc.assert(
      fc.property(segments, ({ shape, drawing, seed, grid, ...head }) => {
        const nets = netsFromQuantized(randomTensors(seed));
        const nodes = segmentStructure(grid);
        const planes = nodes.map((node) => latentPlanes(shape, node.refs.length));
        const latents = planes.map((list, i) => drawLatents(latentCount(list), drawing, seed + i));
        const input = { ...grid, ...head, shape, nets, latents };
        const segment = unpackSegment(writeSegment(input), grid.frames);
        expect(segment).toMatchObject({ baseExponent: head.baseExponent, refinement: head.refinement });
        expect(segmentStructure(segment)).toEqual(nodes);
        expect(readSegmentLatents(segment, shape, nets)).toEqual(latents);
        const counted = countSegmentBits(input);
        let next = 0;
        for (const stream of segment.streams) {
          const first = next;
          const again = new CountedEncoder();
          const states = new StreamStates();
          for (; next < first + stream.nodes; next++) {
            encodeNode(latents[next]!, planes[next]!, nodes[next]!.depth, nets, states, again);
          }
          expect(again.finish()).toEqual(stream.bytes.slice());
          const sum = counted.slice(first, next).reduce((bits, node) => bits + node, 0);
          expect(sum).toBeCloseTo(again.counter.total, 6);
        }
        expect(next).toBe(nodes.length);
      }),
      { numRuns: 30 },
    );
  });
});

describe('nets', () => {
  const steps = fc.oneof(fc.constant(AT_PRIOR), fc.integer({ min: 0, max: 14 }));
  const nets = fc.record({
    steps: fc.array(steps, { minLength: NET_TENSORS.length, maxLength: NET_TENSORS.length }),
    reach: fc.constantFrom(0, 1, 20, 3000, 32767),
    seed: seeds,
  });

  it('are read as they were written, in as many bits as were counted', () => {
    fc.assert(
      fc.property(nets, ({ steps, reach, seed }) => {
        const random = uniforms(seed);
        const tensors = NET_TENSORS.map((tensor, i): QuantizedTensor => {
          if (steps[i] === AT_PRIOR) return { k: AT_PRIOR, q: new Int32Array(0) };
          const q = Int32Array.from({ length: tensor.size }, () => Math.round((2 * random() - 1) * reach));
          return { k: Math.min(steps[i]!, maxK(tensor)), q };
        });
        const bytes = writeNets(tensors);
        expect(readNets(bytes)).toEqual(tensors);
        const counted = tensors.reduce((sum, tensor) => sum + countTensorBits(tensor), 0);
        // The four bits of a tensor at its prior are ones, which leave zeros at the end of a stream.
        const last = tensors.findLastIndex(({ k }) => k !== AT_PRIOR);
        const zeros = 4 * (NET_TENSORS.length - 1 - last);
        // A value is one symbol, and bits that are counted as one each.
        expectWritten(bytes.length, counted, counted + NET_VALUE_COUNT, zeros);
      }),
      { numRuns: 60 },
    );
  });
});

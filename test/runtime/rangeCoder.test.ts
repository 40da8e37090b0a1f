import { describe, expect, it } from 'vitest';
import { AdaptiveBits } from '../../runtime/entropy/adaptiveBit.js';
import { BitCounter, RangeDecoder, RangeEncoder, type SymbolSink } from '../../runtime/entropy/rangeCoder.js';
import { randomNumbers } from './randomNumbers.js';

interface Interval {
  cumulative: number;
  frequency: number;
}

function roundTrip(intervals: readonly Interval[]): number {
  const encoder = new RangeEncoder();
  const counter = new BitCounter();
  for (const sink of [encoder, counter] as SymbolSink[]) {
    for (const { cumulative, frequency } of intervals) sink.encode(cumulative, frequency);
  }
  const bytes = encoder.finish();
  const decoder = new RangeDecoder(bytes);
  for (const [i, { cumulative, frequency }] of intervals.entries()) {
    const target = decoder.peek();
    if (target < cumulative || target >= cumulative + frequency) throw new Error(`symbol ${i} is lost`);
    decoder.consume(cumulative, frequency);
  }
  // The range loses up to 2^-8 of its value in the 16-bit division, on average far less.
  expect(8 * bytes.length).toBeLessThanOrEqual(counter.total * 1.01 + 40);
  return bytes.length;
}

describe('range coder', () => {
  it('returns random symbols of every frequency', () => {
    const next = randomNumbers(7);
    for (let run = 0; run < 40; run++) {
      const intervals = Array.from({ length: 500 }, () => {
        const frequency = 1 + (next() % 2 ** (1 + (next() % 16)));
        return { cumulative: next() % (65536 - Math.min(frequency, 65535) + 1), frequency };
      });
      const legal = intervals.filter((i) => i.cumulative + i.frequency <= 65536);
      roundTrip(legal);
    }
  });

  it.each([
    ['always the first of 65536', { cumulative: 0, frequency: 1 }],
    ['always the last of 65536', { cumulative: 65535, frequency: 1 }],
    ['always all but the last', { cumulative: 0, frequency: 65535 }],
    ['always all but the first', { cumulative: 1, frequency: 65535 }],
    ['certain symbols', { cumulative: 0, frequency: 65536 }],
    ['just below the middle', { cumulative: 32767, frequency: 1 }],
    ['upper half', { cumulative: 32768, frequency: 32768 }],
  ])('survives %s', (_name, interval) => {
    roundTrip(new Array(3000).fill(interval));
  });

  it('carries through runs of 0xff', () => {
    const next = randomNumbers(3);
    const high = { cumulative: 65535, frequency: 1 };
    for (let run = 0; run < 200; run++) {
      const intervals: Interval[] = [];
      for (let i = 0; i < 30; i++) {
        intervals.push(next() % 8 ? high : { cumulative: next() % 65536, frequency: 1 });
      }
      roundTrip(intervals);
    }
  });

  it('spends nothing on an empty stream and on zeros at the end', () => {
    expect(new RangeEncoder().finish()).toHaveLength(0);
    expect(roundTrip(new Array(10000).fill({ cumulative: 0, frequency: 65535 }))).toBeLessThanOrEqual(1);
  });

  it('returns plain bits', () => {
    const next = randomNumbers(11);
    const values = Array.from({ length: 500 }, () => ({ count: 1 + (next() % 20), value: next() }));
    const encoder = new RangeEncoder();
    for (const { value, count } of values) encoder.bits(value, count);
    const decoder = new RangeDecoder(encoder.finish());
    for (const { value, count } of values) expect(decoder.bits(count)).toBe(value & (2 ** count - 1));
  });

  it('reads zeros for ever past the end', () => {
    const decoder = new RangeDecoder(new Uint8Array(0));
    for (let i = 0; i < 100; i++) {
      expect(decoder.peek()).toBe(0);
      decoder.consume(0, 1);
    }
  });
});

describe('adaptive bits', () => {
  it('return what was written and learn a bias', () => {
    const next = randomNumbers(5);
    const bits = Array.from({ length: 4000 }, () => (next() % 100 < 3 ? 1 : 0));
    const encoder = new RangeEncoder();
    const writing = new AdaptiveBits(2);
    for (const [i, bit] of bits.entries()) writing.write(i % 2, bit, encoder);
    const bytes = encoder.finish();
    const decoder = new RangeDecoder(bytes);
    const reading = new AdaptiveBits(2);
    for (const [i, bit] of bits.entries()) expect(reading.read(i % 2, decoder)).toBe(bit);
    // Entropy of 3% is 0.194 bits.
    expect((8 * bytes.length) / bits.length).toBeLessThan(0.24);
  });

  it('moves to 54613 after a first one', () => {
    // 32768 + trunc(2 * 32768 / 3) = 54613: a second one costs log2(65536 / 54613) bits.
    const counter = new BitCounter();
    const states = new AdaptiveBits(1);
    states.write(0, 1, counter);
    expect(counter.total).toBe(1);
    states.write(0, 1, counter);
    expect(counter.total - 1).toBeCloseTo(Math.log2(65536 / 54613), 10);
  });
});

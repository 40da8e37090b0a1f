import { describe, expect, it } from 'vitest';
import { LOGARITHM_Q4, magnitudeInput } from '../../runtime/entropy/contextNet.js';
import { readLaplace, writeLaplace } from '../../runtime/entropy/laplaceCoder.js';
import { LAPLACE_CUMULATIVE, tableOffset } from '../../runtime/entropy/laplaceTables.js';
import { BitCounter, RangeDecoder, RangeEncoder } from '../../runtime/entropy/rangeCoder.js';
import { LARGEST_VALUE, MAX_SCALE_INDEX } from '../../runtime/field/constants.js';
import { crc32c } from '../../runtime/format/crc32c.js';
import { randomNumbers } from './randomNumbers.js';

describe('Laplace tables', () => {
  it('rise from 0 to 65536 with no empty symbol', () => {
    for (let scale = -32; scale <= 12; scale++) {
      for (let fraction = -8; fraction < 8; fraction++) {
        const at = tableOffset(scale, fraction);
        expect(LAPLACE_CUMULATIVE[at]).toBe(0);
        expect(LAPLACE_CUMULATIVE[at + 33]).toBe(65536);
        for (let j = 0; j < 33; j++) {
          expect(LAPLACE_CUMULATIVE[at + j + 1]! - LAPLACE_CUMULATIVE[at + j]!).toBeGreaterThan(0);
        }
      }
    }
  });

  it('follow the Laplace distribution', () => {
    for (const scale of [-20, -8, 0, 8, 12]) {
      const b = 2 ** (scale / 8);
      const tail = Math.exp(-0.5 / b) / 2;
      const at = tableOffset(scale, 0) + 16;
      const zero = LAPLACE_CUMULATIVE[at + 1]! - LAPLACE_CUMULATIVE[at]!;
      expect(zero / 65536).toBeCloseTo(1 - 2 * tail, 2);
    }
  });

  it('have not changed', () => {
    const words = new Uint8Array(Uint32Array.from(LAPLACE_CUMULATIVE).buffer);
    expect(LAPLACE_CUMULATIVE).toHaveLength(45 * 16 * 34);
    expect(crc32c(words).toString(16)).toBe('9073cdc0');
  });

  it('go with a logarithm table that is right', () => {
    for (let n = 0; n < 256; n++) expect(LOGARITHM_Q4[n]).toBe(Math.round(8 * Math.log2(1 + n)));
    expect(magnitudeInput(100000)).toBe(64);
  });
});

describe('Laplace coder', () => {
  it('returns every value at every scale, near and far from the location', () => {
    const next = randomNumbers(9);
    const symbols = Array.from({ length: 30000 }, () => {
      const location = (next() % 65537) - 32768;
      const reach = 2 ** (next() % 16);
      const near = (location >> 4) + (next() % (2 * reach + 1)) - reach;
      const value = Math.min(Math.max(near, -LARGEST_VALUE), LARGEST_VALUE);
      return { value, location, scale: (next() % 125) - 32 };
    });
    for (const value of [LARGEST_VALUE, -LARGEST_VALUE]) {
      for (const location of [-32768, 0, 32768]) {
        for (let scale = -32; scale <= MAX_SCALE_INDEX; scale++) symbols.push({ value, location, scale });
      }
    }
    const encoder = new RangeEncoder();
    const counter = new BitCounter();
    for (const { value, location, scale } of symbols) {
      writeLaplace(encoder, value, location, scale);
      writeLaplace(counter, value, location, scale);
    }
    const bytes = encoder.finish();
    expect(8 * bytes.length).toBeLessThan(counter.total * 1.01 + 32);
    expect(8 * bytes.length).toBeGreaterThan(counter.total * 0.999 - 32);
    const decoder = new RangeDecoder(bytes);
    for (const { value, location, scale } of symbols) {
      if (readLaplace(decoder, location, scale) !== value) throw new Error(`${value} ${location} ${scale}`);
    }
  });

  it('spends about the entropy of a wide distribution', () => {
    // Scale 92 is b = 2^11.5; the entropy of a Laplace variable is log2(2 e b).
    const next = randomNumbers(21);
    const counter = new BitCounter();
    const b = 2 ** 11.5;
    for (let i = 0; i < 20000; i++) {
      const u = next() / 2 ** 32 - 0.5;
      const value = Math.round(-b * Math.sign(u) * Math.log(1 - 2 * Math.abs(u)));
      writeLaplace(counter, Math.min(Math.max(value, -LARGEST_VALUE), LARGEST_VALUE), 0, 92);
    }
    expect(counter.total / 20000).toBeCloseTo(Math.log2(2 * Math.E * b), 1);
  });

  it('refuses values out of range and prefixes without end', () => {
    const encoder = new RangeEncoder();
    writeLaplace(encoder, 40000, 0, 0);
    expect(() => readLaplace(new RangeDecoder(encoder.finish()), 0, 0)).toThrow(
      expect.objectContaining({ code: 'LATENT_RANGE' }),
    );
    // Zero bytes read as the low escape followed by an endless prefix of ones.
    expect(() => readLaplace(new RangeDecoder(new Uint8Array(0)), 0, -32)).toThrow(
      expect.objectContaining({ code: 'LATENT_RANGE' }),
    );
  });
});

/** Integers under a Laplace distribution with location in sixteenths and scale in eighths of an octave. */

import { FormatError } from '../errors.js';
import {
  ESCAPE_MAGNITUDE,
  LAPLACE_SYMBOLS,
  LARGEST_VALUE,
  MAX_ESCAPE_PREFIX,
  MAX_TABLE_SCALE,
} from '../field/constants.js';
import { LAPLACE_CUMULATIVE, tableOffset } from './laplaceTables.js';
import type { RangeDecoder, SymbolSink } from './rangeCoder.js';

/**
 * @param value integer, |value| <= 32767 (the caller checks)
 * @param location16 location in sixteenths, |location16| <= 32768
 * @param scaleIndex -32..92
 */
export function writeLaplace(sink: SymbolSink, value: number, location16: number, scaleIndex: number): void {
  const centre = (location16 + 8) >> 4;
  const k = value - centre;
  if (scaleIndex <= MAX_TABLE_SCALE) {
    writeCoefficient(sink, k, tableOffset(scaleIndex, location16 - 16 * centre));
    return;
  }
  const shift = plainBits(scaleIndex);
  const biased = k + (1 << (shift - 1));
  writeCoefficient(sink, biased >> shift, tableOffset(scaleIndex - 8 * shift, 0));
  sink.bits(biased & ((1 << shift) - 1), shift);
}

/** @throws FormatError `LATENT_RANGE` if the stream holds a value outside -32767..32767. */
export function readLaplace(decoder: RangeDecoder, location16: number, scaleIndex: number): number {
  const centre = (location16 + 8) >> 4;
  let value: number;
  if (scaleIndex <= MAX_TABLE_SCALE) {
    value = centre + readCoefficient(decoder, tableOffset(scaleIndex, location16 - 16 * centre));
  } else {
    const shift = plainBits(scaleIndex);
    const high = readCoefficient(decoder, tableOffset(scaleIndex - 8 * shift, 0));
    value = centre + high * 2 ** shift + decoder.bits(shift) - (1 << (shift - 1));
  }
  if (value > LARGEST_VALUE || value < -LARGEST_VALUE) throw latentOutOfRange();
  return value;
}

/** Low bits that a distribution too wide for the tables sends plainly. */
function plainBits(scaleIndex: number): number {
  return (scaleIndex - MAX_TABLE_SCALE + 7) >> 3;
}

function writeCoefficient(sink: SymbolSink, k: number, table: number): void {
  let symbol = k + ESCAPE_MAGNITUDE;
  if (k <= -ESCAPE_MAGNITUDE) symbol = 0;
  else if (k >= ESCAPE_MAGNITUDE) symbol = LAPLACE_SYMBOLS - 1;
  const cumulative = LAPLACE_CUMULATIVE[table + symbol]!;
  sink.encode(cumulative, LAPLACE_CUMULATIVE[table + symbol + 1]! - cumulative);
  if (symbol === 0) writeEscape(sink, -k - ESCAPE_MAGNITUDE);
  else if (symbol === LAPLACE_SYMBOLS - 1) writeEscape(sink, k - ESCAPE_MAGNITUDE);
}

function readCoefficient(decoder: RangeDecoder, table: number): number {
  const target = decoder.peek();
  let low = 0;
  let high = LAPLACE_SYMBOLS;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (LAPLACE_CUMULATIVE[table + middle]! <= target) low = middle;
    else high = middle;
  }
  const cumulative = LAPLACE_CUMULATIVE[table + low]!;
  decoder.consume(cumulative, LAPLACE_CUMULATIVE[table + low + 1]! - cumulative);
  if (low === 0) return -ESCAPE_MAGNITUDE - readEscape(decoder);
  if (low === LAPLACE_SYMBOLS - 1) return ESCAPE_MAGNITUDE + readEscape(decoder);
  return low - ESCAPE_MAGNITUDE;
}

/** Exp-Golomb code of order 1: with n = floor(log2(excess + 2)), n - 1 ones, a zero, then the n low bits. */
function writeEscape(sink: SymbolSink, excess: number): void {
  const value = excess + 2;
  const count = 31 - Math.clz32(value);
  for (let i = 1; i < count; i++) sink.bits(1, 1);
  sink.bits(0, 1);
  sink.bits(value - (1 << count), count);
}

function readEscape(decoder: RangeDecoder): number {
  let count = 1;
  while (decoder.bits(1) === 1) {
    if (++count > MAX_ESCAPE_PREFIX) throw latentOutOfRange();
  }
  return (1 << count) + decoder.bits(count) - 2;
}

/** The error for a stream that no encoder writes. */
export function latentOutOfRange(): FormatError {
  return new FormatError('A stream holds a value out of range.', {
    code: 'LATENT_RANGE',
    hint: 'The file is damaged or was written by a broken encoder; fetch it again.',
    range: `-${LARGEST_VALUE}..${LARGEST_VALUE}`,
  });
}

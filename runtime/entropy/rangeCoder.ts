/**
 * A 32-bit range coder with carry propagation, after G. N. N. Martin (1979) in the byte-wise form of E. Shelwien and
 * I. Pavlov. Frequencies are out of 65536.
 */

import { FREQUENCY_BITS, FREQUENCY_TOTAL } from '../field/constants.js';
import { ByteWriter } from '../format/byteWriter.js';

const TOP = 2 ** 32;
const RENORMALIZE_BELOW = 2 ** 24;

/** Where symbols go: to a file, or to a sum of their lengths. */
export interface SymbolSink {
  /** A symbol that owns the frequencies `cumulative` up to `cumulative + frequency` (at least 1) of 65536. */
  encode(cumulative: number, frequency: number): void;
  /** The low `count` bits of `value` at one bit each, most significant first. */
  bits(value: number, count: number): void;
}

/** Writes symbols. Call `finish` once at the end. */
export class RangeEncoder implements SymbolSink {
  readonly #writer = new ByteWriter();
  /** Low end of the interval: 32 bits and a carry, hence a double. */
  #low = 0;
  #range = TOP - 1;
  /** The last byte that a carry can still change, and the run of 0xff bytes behind it. */
  #cache = 0;
  #pending = 0;
  /** The first byte out of the cache is always zero and is not written. */
  #started = false;

  encode(cumulative: number, frequency: number): void {
    const unit = this.#range >>> FREQUENCY_BITS;
    this.#low += unit * cumulative;
    this.#range = unit * frequency;
    while (this.#range < RENORMALIZE_BELOW) {
      this.#range *= 256;
      this.#shift();
    }
  }

  bits(value: number, count: number): void {
    for (let bit = count - 1; bit >= 0; bit--) {
      this.encode((value >>> bit) & 1 ? 0 : FREQUENCY_TOTAL / 2, FREQUENCY_TOTAL / 2);
    }
  }

  /** Ends the stream on the value with the most trailing zero bytes and returns all bytes without them. */
  finish(): Uint8Array {
    this.#low = roundestValue(this.#low, this.#range);
    for (let i = 0; i < 5; i++) this.#shift();
    const bytes = this.#writer.finish();
    let end = bytes.length;
    while (end > 0 && bytes[end - 1] === 0) end--;
    return bytes.slice(0, end);
  }

  #shift(): void {
    if (this.#low < 0xff000000 || this.#low >= TOP) {
      const carry = this.#low >= TOP ? 1 : 0;
      this.#flush(carry);
      this.#cache = (this.#low >>> 24) & 255;
    } else {
      this.#pending++;
    }
    this.#low = (this.#low & 0xffffff) * 256;
  }

  #flush(carry: number): void {
    if (this.#started) this.#writer.byte((this.#cache + carry) & 255);
    this.#started = true;
    for (; this.#pending > 0; this.#pending--) this.#writer.byte((255 + carry) & 255);
  }
}

function roundestValue(low: number, range: number): number {
  for (let bits = 32; bits > 0; bits -= 8) {
    const unit = 2 ** bits;
    const value = Math.ceil(low / unit) * unit;
    if (value < low + range) return value;
  }
  return low;
}

/** Sums the exact lengths that the writer would spend: -log2(frequency / 65536) each. */
export class BitCounter implements SymbolSink {
  /** Bits so far. */
  total = 0;

  encode(_cumulative: number, frequency: number): void {
    this.total += SYMBOL_BITS[frequency]!;
  }

  bits(_value: number, count: number): void {
    this.total += count;
  }
}

const SYMBOL_BITS = Float64Array.from({ length: FREQUENCY_TOTAL + 1 }, (_, frequency) =>
  frequency === 0 ? Number.POSITIVE_INFINITY : FREQUENCY_BITS - Math.log2(frequency),
);

/** Reads symbols. Past its end a stream goes on with zero bytes, so reading never fails; it only stops making sense. */
export class RangeDecoder {
  readonly #bytes: Uint8Array;
  #position = 0;
  #code = 0;
  #range = TOP - 1;
  #unit = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    for (let i = 0; i < 4; i++) this.#code = this.#code * 256 + this.#next();
  }

  /** The frequency (0..65535) at which the next symbol lies. Follow with `consume` of the symbol that owns it. */
  peek(): number {
    this.#unit = this.#range >>> FREQUENCY_BITS;
    const target = Math.floor(this.#code / this.#unit);
    return target < FREQUENCY_TOTAL ? target : FREQUENCY_TOTAL - 1;
  }

  consume(cumulative: number, frequency: number): void {
    this.#code -= this.#unit * cumulative;
    this.#range = this.#unit * frequency;
    while (this.#range < RENORMALIZE_BELOW) {
      this.#code = ((this.#code << 8) | this.#next()) >>> 0;
      this.#range *= 256;
    }
  }

  bits(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++) {
      const one = this.peek() < FREQUENCY_TOTAL / 2;
      this.consume(one ? 0 : FREQUENCY_TOTAL / 2, FREQUENCY_TOTAL / 2);
      value = value * 2 + (one ? 1 : 0);
    }
    return value;
  }

  #next(): number {
    return this.#position < this.#bytes.length ? this.#bytes[this.#position++]! : 0;
  }
}

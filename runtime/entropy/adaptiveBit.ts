/** Probabilities of flags that adapt quickly at first and slowly later. */

import { FREQUENCY_TOTAL } from '../field/constants.js';
import type { RangeDecoder, SymbolSink } from './rangeCoder.js';

const MIN_FREQUENCY = 32;
const MAX_COUNT = 30;

/** A set of adaptive probabilities, addressed by context number. */
export class AdaptiveBits {
  /** Probability of a 1 in 1/65536. */
  readonly #ones: Int32Array;
  readonly #counts: Uint8Array;

  constructor(contexts: number) {
    this.#ones = new Int32Array(contexts).fill(FREQUENCY_TOTAL / 2);
    this.#counts = new Uint8Array(contexts);
  }

  /** Back to the state of a new stream. */
  reset(): void {
    this.#ones.fill(FREQUENCY_TOTAL / 2);
    this.#counts.fill(0);
  }

  write(context: number, bit: number, sink: SymbolSink): void {
    const ones = this.#frequency(context);
    if (bit) sink.encode(0, ones);
    else sink.encode(ones, FREQUENCY_TOTAL - ones);
    this.#update(context, bit);
  }

  read(context: number, decoder: RangeDecoder): number {
    const ones = this.#frequency(context);
    const bit = decoder.peek() < ones ? 1 : 0;
    if (bit) decoder.consume(0, ones);
    else decoder.consume(ones, FREQUENCY_TOTAL - ones);
    this.#update(context, bit);
    return bit;
  }

  #frequency(context: number): number {
    return Math.min(Math.max(this.#ones[context]!, MIN_FREQUENCY), FREQUENCY_TOTAL - MIN_FREQUENCY);
  }

  #update(context: number, bit: number): void {
    const count = this.#counts[context]!;
    const target = bit ? FREQUENCY_TOTAL : 0;
    this.#ones[context]! += Math.trunc((2 * (target - this.#ones[context]!)) / (2 * count + 3));
    if (count < MAX_COUNT) this.#counts[context] = count + 1;
  }
}

/** Random choices that a seed repeats. */

import { randomNumbers } from '../runtime/randomNumbers.js';

/** The choices of one mutation; the same for the same seed and index. */
export class Dice {
  readonly #next: () => number;

  constructor(seed: number, index: number) {
    this.#next = randomNumbers(mix(mix(seed) ^ Math.imul(index, 0x9e3779b1)));
    this.#next();
  }

  /** 0 .. `count` - 1; 0 if there is nothing to choose from. */
  below(count: number): number {
    return count > 0 ? this.#next() % count : 0;
  }

  /** True once in `count`. */
  oneIn(count: number): boolean {
    return this.below(count) === 0;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  byte(): number {
    return this.#next() >>> 24;
  }

  bytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => this.byte());
  }

  /** Small numbers often, large ones sometimes: 1 .. `most`. */
  small(most: number): number {
    return 1 + this.below(1 + this.below(most));
  }
}

/** Finalizer of MurmurHash3, so that neighbouring seeds have nothing in common. */
function mix(value: number): number {
  let h = value >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

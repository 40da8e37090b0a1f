/** Reproducible random numbers for tests. */

/** Generator of 32-bit unsigned integers (xorshift, G. Marsaglia). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state;
  };
}

/** Uniform numbers in 0..1. */
export function uniforms(seed: number): () => number {
  const next = randomNumbers(seed);
  return () => next() / 2 ** 32;
}

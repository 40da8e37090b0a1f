/** An engine that fails as no engine may: with an error that has no code. */
export function createDecoderEngine() {
  return {
    name: 'reference',
    lookahead: 0,
    latents: async () => undefined.length,
    bits: async () => [],
    bake: async () => undefined.length,
    close() {},
  };
}

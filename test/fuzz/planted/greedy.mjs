/** An engine that takes far more memory than a small picture needs. */
async function take() {
  new Uint8Array(2 ** 28).fill(1);
  throw new Error('no memory left');
}

export function createDecoderEngine() {
  return { name: 'reference', lookahead: 0, latents: take, bits: take, bake: take, close() {} };
}

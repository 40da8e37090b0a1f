/** An engine that never comes back. */
function hang() {
  for (;;);
}

export function createDecoderEngine() {
  return { name: 'reference', lookahead: 0, latents: hang, bits: hang, bake: hang, close() {} };
}
